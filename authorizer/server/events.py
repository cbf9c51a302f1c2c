"""The events' process beside the server: its command line, its environment; the streams of it."""

import sys
from typing import Final

from authorizer.followers.events.client import Events, EventsProcess
from authorizer.followers.process import FollowerProcess
from authorizer.http.event_streams import EventStreams
from authorizer.http.metrics import Metrics
from authorizer.runtime.running import Running
from authorizer.server.health import Health
from authorizer.settings.loading import environment_without_settings
from authorizer.settings.model import Settings

WAIT_SECONDS: Final = 3.0
"""How long the process may take to hear how far the journal is."""


def events_process(settings: Settings, running: Running) -> EventsProcess:
    """The process that reads events for others. It starts when they are asked for first."""
    command = [sys.executable, "-m", "authorizer", "events", "answer"]
    command += ["--data", str(settings.data)]
    if settings.archived is not None:
        command += ["--archived", settings.archived]
    command += ["--log-format", settings.log_format, "--log-level", settings.log_level]
    commit = running.commit
    return EventsProcess(
        FollowerProcess(
            "events",
            command,
            environment_without_settings(),
            lambda: commit.durable,
            WAIT_SECONDS,
            start_seconds=None,
        )
    )


def event_streams(
    events: Events, running: Running, health: Health, metrics: Metrics
) -> EventStreams:
    """The live streams of events, which are none yet."""
    streams = EventStreams(events, running.commit, lambda: health.draining)
    metrics.gauge(
        "authorizer_event_streams", "Live streams of events that are open.", lambda: len(streams)
    )
    return streams
