"""The reports as the server asks them."""

from __future__ import annotations

import os
import sys

import pytest

from authorizer.followers.reports.client import NoReports, ReportsProcess, ReportsUnavailableError
from authorizer.followers.wire import NoAnswer
from tests.support.waiting import in_time

REFUSING = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    if "query" in said:
        answer = {"error": said["params"]["error"]} if said["query"] == "refuse" else {"result": 1}
        print(json.dumps({"id": said["id"]} | answer), flush=True)
    else:
        print(json.dumps({"position": said["durable"]}), flush=True)
"""
"""Answers every query with 1, or refuses it as asked, and is wherever it is told to go."""

DETAILS = {
    "behind": "the reports have not caught up yet",
    "unavailable": "the reports' database can't be used now",
    "bug": "this report can't be made",
    "busy": "too many reports are being made",
    "slow": "the reports take too long",
    "restarted": "the reports are being restarted",
}
"""What clients read in an answer 503."""


def test_a_query_that_has_no_answer_says_why() -> None:
    async def test() -> None:
        process = ReportsProcess([sys.executable, "-c", REFUSING], os.environ, lambda: 7, 30.0)
        async with process.at_work() as reports:
            for error, detail in DETAILS.items():
                with pytest.raises(ReportsUnavailableError) as refused:
                    await reports.query("refuse", error=error)
                assert str(refused.value) == detail
            assert await reports.query("count") == 1
            assert (reports.running, reports.position) == (True, 7)
        assert not reports.running

    assert {reason.value for reason in NoAnswer} == DETAILS.keys()
    in_time(test())


def test_nobody_answers_where_reports_are_switched_off() -> None:
    async def test() -> None:
        async with NoReports().at_work() as nobody:
            with pytest.raises(ReportsUnavailableError, match="switched off"):
                await nobody.query("statement")
            assert (nobody.running, nobody.position) == (False, 0)

    in_time(test())
