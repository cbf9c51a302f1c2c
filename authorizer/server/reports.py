"""The reports' process beside the server: its command line, its environment, its gauges."""

import sys

from authorizer.followers.reports.client import NoReports, ReportsProcess
from authorizer.http.metrics import Metrics
from authorizer.runtime.running import Running
from authorizer.settings.loading import environment_without_settings
from authorizer.settings.model import Settings


def reports_process(
    settings: Settings, running: Running, metrics: Metrics
) -> ReportsProcess | NoReports:
    """The process that keeps the reports' tables, not yet started; or none, if switched off."""
    if not settings.reports:
        return NoReports()
    command = [sys.executable, "-m", "authorizer", "reports", "follow"]
    command += ["--data", str(settings.data)]
    if settings.archived is not None:
        command += ["--archived", settings.archived]
    command += ["--time-zone", settings.time_zone]
    command += ["--log-format", settings.log_format, "--log-level", settings.log_level]
    environment = environment_without_settings()
    if settings.reports_url is not None:  # it may hold a password, and command lines are public
        environment["AUTHORIZER_REPORTS_URL"] = settings.reports_url
    commit = running.commit
    reports = ReportsProcess(
        command, environment, lambda: commit.durable, settings.reports_wait_ms / 1000
    )
    metrics.gauge(
        "authorizer_reports_lag_records",
        "Durable records that are not yet in the reports' tables.",
        lambda: max(0, commit.durable - reports.position),
    )
    metrics.gauge(
        "authorizer_reports_lag_seconds",
        "How long the oldest durable record has not been in the reports' tables.",
        lambda: reports.lag_seconds,
    )
    metrics.gauge(
        "authorizer_reports_running",
        "Whether the reports' process runs.",
        lambda: float(reports.running),
    )
    return reports
