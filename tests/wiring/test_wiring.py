"""For every setting there is: the authorizer shows that it goes by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from authorizer.settings.model import Settings
from tests.wiring import by_server, in_process


def test_every_setting_there_is_has_a_case() -> None:
    """A new one needs one too: in process where that is enough, else on a real server."""
    cases = [*in_process.CASES, *by_server.CASES]
    assert sorted(cases) == sorted(Settings.model_fields)


@pytest.mark.parametrize("name", list(in_process.CASES))
def test_a_setting_is_wired(name: str, tmp_path: Path) -> None:
    """Set to another value it is seen. By default it is not, so the case can tell."""
    case = in_process.CASES[name]
    for folder, settings, seen in (
        ("usual", {}, case.by_default),
        ("set", {name: case.value}, case.seen),
    ):
        own = tmp_path / folder
        own.mkdir()
        assert case.observe(own, settings) == seen, settings
    assert case.seen != case.by_default


def test_the_reports_process_logs_as_the_server_does(tmp_path: Path) -> None:
    given = in_process.told(tmp_path, {"log_format": "console", "log_level": "error"})
    assert (given["--log-format"], given["--log-level"]) == ("console", "error")
    usual = in_process.told(tmp_path, {})
    assert (usual["--log-format"], usual["--log-level"]) == ("auto", "info")


@pytest.mark.parametrize("is_set", [True, False])
def test_settings_are_wired_in_a_real_server(
    is_set: bool, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """The one with the settings shows them, the one without does not."""
    with by_server.house(tmp_path, is_set) as house:
        for name, case in by_server.CASES.items():
            seen = case.seen if is_set else case.by_default
            if seen is not by_server.UNSEEN:
                with subtests.test(name):
                    assert case.observe(house) == seen
                    assert case.seen != case.by_default


def test_a_setting_in_the_environment_reaches_the_reports_process_as_a_flag_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that a flag overrules may be one that can't be taken."""
    monkeypatch.setenv("AUTHORIZER_TIME_ZONE", "Nowhere")
    monkeypatch.setenv("AUTHORIZER_REPORTS_URL", "sqlite:////a")
    told = in_process.told(tmp_path, {"time_zone": "UTC", "reports_url": "sqlite:////b"})
    assert (told["--time-zone"], told["url"]) == ("UTC", "sqlite:////b")
    assert told["settings"] == ["AUTHORIZER_REPORTS_URL"]
