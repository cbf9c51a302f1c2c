"""The signals of the server: SIGTERM and SIGINT drain, SIGUSR1 and SIGUSR2 are for operators."""

import asyncio
import signal

import structlog
import uvicorn

from authorizer.server.health import Health
from authorizer.server.housekeeping import Housekeeping

log = structlog.get_logger()


def handle_signals(server: uvicorn.Server, health: Health, housekeeping: Housekeeping) -> None:
    """Set the running loop's handlers of all four signals."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain, server, health)
    loop.add_signal_handler(signal.SIGUSR1, housekeeping.request_snapshot)
    loop.add_signal_handler(signal.SIGUSR2, housekeeping.confirm_clock)


def drain(server: uvicorn.Server, health: Health) -> None:
    """Stop accepting, answer what was received, then end. A second call ends at once."""
    if health.draining:
        log.warning("ending without waiting for the requests under way")
        server.force_exit = True
        return
    log.info("draining")
    health.draining = True
    server.should_exit = True
