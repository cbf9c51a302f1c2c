"""Settings: which place wins, and what is shown of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from authorizer.settings.model import Settings
from tests.support.command_line import done, refused, run


def test_the_old_name_of_the_time_zone_is_taken(tmp_path: Path) -> None:
    """A TOML file or an environment of before goes on working."""
    file = tmp_path / "authorizer.toml"
    file.write_text('business_time_zone = "Europe/Lisbon"\n')
    found = shown("--config", file)
    assert found["time_zone"] == {"value": "Europe/Lisbon", "from": "file"}
    file.write_text(done("settings", "--toml", "--config", file))
    assert shown("--config", file)["time_zone"]["value"] == "Europe/Lisbon"
    told = refused("settings", "--config", file, "--time-zone", "UTC", status=2)
    assert "its old name" in told
    assert "IANA" in refused("settings", "--business-time-zone", "Lisbon", status=2)


def shown(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done("settings", "--json", *arguments))
    return found


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "authorizer.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_setting_is_shown_with_its_default() -> None:
    settings = shown()
    assert list(settings) == list(Settings.model_fields)
    assert {setting["from"] for setting in settings.values()} == {"default"}
    assert settings["deadline_ms"]["value"] == 80
    assert settings["data"]["value"] == "data"
    assert settings["wallet_by_mcc"]["value"]["5812"] == "MEAL"


@pytest.mark.parametrize("flag", [True, False])
@pytest.mark.parametrize("environment", [True, False])
@pytest.mark.parametrize("in_file", [True, False])
def test_flag_then_environment_then_file_then_default(
    flag: bool,
    environment: bool,
    in_file: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments: list[object] = []
    if in_file:
        arguments += ["--config", file(tmp_path, "port = 1")]
    if environment:
        monkeypatch.setenv("AUTHORIZER_PORT", "2")
    if flag:
        arguments += ["--port", "3"]
    expected = {"value": 8080, "from": "default"}
    if in_file:
        expected = {"value": 1, "from": "file"}
    if environment:
        expected = {"value": 2, "from": "environment"}
    if flag:
        expected = {"value": 3, "from": "flag"}
    assert shown(*arguments)["port"] == expected
    assert shown(*arguments)["host"] == {"value": "127.0.0.1", "from": "default"}


def test_a_flag_that_says_the_default_is_still_a_flag() -> None:
    assert shown("--port", "8080")["port"] == {"value": 8080, "from": "flag"}


@pytest.mark.parametrize("place", ["flag", "environment", "file"])
def test_a_mapping_can_be_given_everywhere(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments: list[object] = []
    if place == "flag":
        arguments = ["--wallet-by-mcc", "5411=FOOD,5912=HEALTH"]
    elif place == "environment":
        monkeypatch.setenv("AUTHORIZER_WALLET_BY_MCC", '{"5411": "FOOD", "5912": "HEALTH"}')
    else:
        text = 'wallet_by_mcc = {5411 = "FOOD", 5912 = "HEALTH"}'
        arguments = ["--config", file(tmp_path, text)]
    expected = {"value": {"5411": "FOOD", "5912": "HEALTH"}, "from": place}
    assert shown(*arguments)["wallet_by_mcc"] == expected


def test_the_table_has_a_line_for_each_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHORIZER_DEADLINE_MS", "50")
    header, *rows = done("settings").splitlines()
    assert header.split() == ["setting", "value", "from"]
    assert [row.split()[0] for row in rows] == list(Settings.model_fields)
    assert ["deadline_ms", "50", "environment"] in [row.split() for row in rows]


def test_the_toml_is_a_file_that_gives_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [
        "--data", 'a "quoted" folder, ação', "--snapshot-minutes", "0.5", "--log-level", "debug",
        "--wallet-by-mcc", "5912=HEALTH", "--fallback-wallet", "DINHEIRO",
    ]  # fmt: skip
    monkeypatch.setenv("AUTHORIZER_PORT", "9000")
    before = shown(*given)
    text = done("settings", "--toml", *given)
    monkeypatch.delenv("AUTHORIZER_PORT")
    after = shown("--config", file(tmp_path, text))
    assert {name: setting["value"] for name, setting in after.items()} == {
        name: setting["value"] for name, setting in before.items()
    }
    written = (setting for setting in after.values() if setting["value"] is not None)
    assert {setting["from"] for setting in written} == {"file"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "setting prot: "),
        ("port = 70000", "setting port: "),
        ("port = [1]", "setting port: "),
        ("port = ", "authorizer.toml: "),
        ("snapshots_kept = 0", "setting snapshots_kept: "),
        ('host = "example.com"', "setting host: "),
        ("sla_resolution_minutes = {alta = 0}", "setting sla_resolution_minutes"),
        ("sla_resolution_minutes = {alta = 10000000000}", "setting sla_resolution_minutes"),
        ("sla_first_response_minutes = {hoje = 1}", "setting sla_first_response_minutes"),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_by_name(text: str, said: str, tmp_path: Path) -> None:
    result = run("settings", "--config", file(tmp_path, text))
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_file_that_is_no_text_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "authorizer.toml"
    path.write_bytes(b'host = "\xff"')
    assert f"{path}: " in refused("settings", "--config", path, status=2)


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert run("settings", "--config", tmp_path / "missing.toml").exit_code == 2


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "many", "setting port: "),
        ("WALLET_BY_MCC", "{5411", 'Error: the environment: error parsing value for field "wallet'),
    ],
)
def test_an_environment_that_cannot_be_taken_is_told_by_name(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"AUTHORIZER_{name}", value)
    assert said in refused("settings", status=2)


@pytest.mark.parametrize("value", ["5411", "5411=", "=FOOD", "5411=FOOD,5812"])
def test_a_mapping_flag_that_is_none_is_wrong_usage(value: str) -> None:
    assert "is not MCC=WALLET" in refused("settings", "--wallet-by-mcc", value, status=2)


@pytest.mark.parametrize("place", ["flag", "environment", "file"])
@pytest.mark.parametrize("name", ["wallet_by_mcc", "sla_resolution_minutes"])
def test_a_mapping_names_nothing_twice(
    place: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "alta" if name == "sla_resolution_minutes" else "5411"
    arguments: list[object] = []
    if place == "flag":
        arguments = [f"--{name.replace('_', '-')}", f"{key}=1,{key}=2"]
    elif place == "environment":
        monkeypatch.setenv(f"AUTHORIZER_{name.upper()}", f'{{"{key}": "1", "{key}": "2"}}')
    else:
        arguments = ["--config", file(tmp_path, f'{name} = {{{key} = "1", {key} = "2"}}')]
    said = refused("settings", *arguments, status=2)
    if place == "flag":
        assert f"{key!r} is there more than once" in said


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--fallback-wallet", " "),
        ("--fallback-wallet", "credit_limit"),
        ("--wallet-by-mcc", "5411=FOOD,5811=credit_limit"),
    ],
)
def test_a_wallet_has_a_name_of_its_own(flag: str, value: str) -> None:
    said = refused("settings", flag, value, status=2)
    assert ("must not be blank" if value == " " else "no wallet may be named credit_limit") in said


@pytest.mark.parametrize("place", ["flag", "environment", "file"])
@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("fallback_of", {"MAEL": "none"}, "no MCC names a wallet 'MAEL', only CASH, FOOD, MEAL"),
        ("fallback_of", {"MEAL": " "}, "must not be blank"),
        ("fallback_of", {"MEAL": "credit_limit"}, "no wallet may be named credit_limit"),
        ("wallet_by_product", {"06": "MEAL"}, "'06' is none of 01, 02, 03, 04, 05"),
        ("wallet_by_product", {"1": "MEAL"}, "'1' is none of 01"),
        ("wallet_by_product", {"01": "X"}, "no MCC names a wallet 'X'"),
        ("wallet_by_product", {"01": "credit_limit"}, "no wallet may be named credit_limit"),
        ("hold_hours", {"12": 5}, "'12' is neither an MCC of four digits nor a range like"),
        ("hold_hours", {"7011": 745}, "less than or equal to 744"),
        ("hold_hours", {"other": 0}, "greater than or equal to 1"),
        ("hold_hours", {"3351-3999": 1, "3500": 2}, "3351-3999 and 3500 overlap"),
        ("hold_hours", {"4000-3999": 1}, "4000-3999 ends before it begins"),
        ("over_capture_percent", {"other": 3}, "'other' is neither an MCC"),
        ("over_capture_percent", {"5812": 10_001}, "less than or equal to 10000"),
        ("over_capture_percent", {"5812": -1}, "greater than or equal to 0"),
        ("late_capture_days", 361, "less than or equal to 360"),
        ("preset", "pat", "'pat-br'"),
    ],
)
def test_a_rule_of_purchases_that_cannot_be_taken_is_told_with_its_place(
    name: str,
    given: Any,
    said: str,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments: list[object] = []
    if place == "flag":
        pairs = given.items() if isinstance(given, dict) else ()
        value = ",".join(f"{key}={of}" for key, of in pairs) or given
        arguments = [f"--{name.replace('_', '-')}", value]
        where = f"--{name.replace('_', '-')}"
    elif place == "environment":
        text = json.dumps(given) if isinstance(given, dict) else str(given)
        monkeypatch.setenv(f"AUTHORIZER_{name.upper()}", text)
        where = f"(the variable AUTHORIZER_{name.upper()})"
    else:
        pairs = given.items() if isinstance(given, dict) else ()
        table = ", ".join(f'"{key}" = {json.dumps(of)}' for key, of in pairs)
        made = file(tmp_path, f"{name} = {{{table}}}" if table else f"{name} = {given!r}")
        arguments, where = ["--config", made], f"({name} in {made})"
    told = refused("settings", *arguments, status=2)
    assert said in told
    assert where in told


def test_a_table_of_hold_hours_has_the_usual_time_for_other_codes() -> None:
    usual = {"other": 168, "3351-3999": 744, "7011": 744, "7512": 744}
    assert shown()["hold_hours"] == {"value": usual, "from": "default"}
    given = shown("--hold-hours", "4111=24")["hold_hours"]
    assert given == {"value": {"other": 168, "4111": 24}, "from": "flag"}
    given = shown("--hold-hours", "other=24")["hold_hours"]
    assert given == {"value": {"other": 24}, "from": "flag"}


def test_a_preset_sets_what_goes_together_and_own_members_win(tmp_path: Path) -> None:
    found = shown("--preset", "pat-br")
    assert found["preset"] == {"value": "pat-br", "from": "flag"}
    assert found["fallback_of"] == {"value": {"FOOD": "none", "MEAL": "none"}, "from": "preset"}
    products = {"01": "MEAL", "02": "FOOD", "03": "none", "04": "MEAL", "05": "FOOD"}
    assert found["wallet_by_product"] == {"value": products, "from": "preset"}
    assert set(found["wallet_by_mcc"]["value"].values()) == {"FOOD", "MEAL"}
    assert found["wallet_by_mcc"]["from"] == "preset"
    assert found["fallback_wallet"]["from"] == found["hold_hours"]["from"] == "default"

    made = file(tmp_path, 'preset = "pat-br"\nfallback_of = {FOOD = "CASH"}')
    found = shown("--config", made, "--wallet-by-mcc", "5462=MEAL,5912=HEALTH")
    assert found["fallback_of"] == {
        "value": {"FOOD": "CASH", "MEAL": "none"}, "from": "file and preset"
    }  # fmt: skip
    table = found["wallet_by_mcc"]
    assert (table["value"]["5462"], table["value"]["5812"]) == ("MEAL", "MEAL")
    assert (table["value"]["5912"], table["from"]) == ("HEALTH", "flag and preset")


def test_a_preset_is_taken_from_everywhere_and_can_be_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = file(tmp_path, 'preset = "pat-br"')
    assert shown("--config", made)["fallback_of"]["from"] == "preset"
    assert shown("--config", made, "--preset", "none")["fallback_of"]["from"] == "default"
    monkeypatch.setenv("AUTHORIZER_PRESET", "none")
    assert shown("--config", made)["wallet_by_mcc"]["from"] == "default"
    monkeypatch.setenv("AUTHORIZER_PRESET", "pat-br")
    assert shown()["wallet_by_mcc"]["from"] == "preset"


def test_the_toml_of_a_preset_gives_the_same_settings(tmp_path: Path) -> None:
    """Its tables are a beginning of one's own, once the line of the preset is out of it."""
    before = shown("--preset", "pat-br", "--hold-hours", "3351-3500=100")
    text = done("settings", "--toml", "--preset", "pat-br", "--hold-hours", "3351-3500=100")
    for written in (text, text.replace('preset = "pat-br"', "")):
        after = shown("--config", file(tmp_path, written))
        for name in ("wallet_by_mcc", "wallet_by_product", "fallback_of", "hold_hours"):
            assert after[name]["value"] == before[name]["value"]


@pytest.mark.parametrize("value", ["5411= ", " =FOOD"])
def test_an_mcc_and_a_wallet_are_not_blank(value: str) -> None:
    assert "must not be blank" in refused("settings", "--wallet-by-mcc", value, status=2)


@pytest.mark.parametrize(
    ("url", "shown_as"),
    [
        ("postgresql+psycopg://me:s3cret@db/reports", "postgresql+psycopg://me:***@db/reports"),
        ("postgresql://me:p@s3cret@db/r", "postgresql://me:***@db/r"),
        ("postgresql://db/r?user=me&password=s3cret", "postgresql://db/r?user=me&password=***"),
        ("postgresql+psycopg://me@db/reports", "postgresql+psycopg://me@db/reports"),
        ("sqlite:////tmp/r.sqlite", "sqlite:////tmp/r.sqlite"),
    ],
)
def test_a_password_is_not_shown(url: str, shown_as: str) -> None:
    for form in ([], ["--json"], ["--toml"]):
        told = done("settings", *form, "--reports-url", url)
        assert shown_as in told
        assert "s3cret" not in told


def test_a_file_made_of_a_masked_url_does_not_hold_the_mask(tmp_path: Path) -> None:
    made = file(tmp_path, done("settings", "--toml", "--reports-url", "postgresql://me:x@db/r"))
    assert shown("--config", made)["reports_url"]["value"] is None


def test_a_misspelt_variable_is_told_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHORIZER_DEADLINE_MSEC", "50")
    told = run("settings", "--json")
    assert told.exit_code == 0
    assert "AUTHORIZER_DEADLINE_MSEC is no setting" in told.stderr
    assert "did you mean AUTHORIZER_DEADLINE_MS?" in told.stderr


def test_a_wrong_setting_is_told_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = file(tmp_path, "max_inbox = 0\n")
    told = refused("settings", "--config", made, status=2)
    assert told.endswith(f"(max_inbox in {made})")
    assert refused("settings", "--max-inbox", 0, status=2).endswith("(--max-inbox)")
    monkeypatch.setenv("AUTHORIZER_MAX_INBOX", "0")
    told = refused("settings", "--config", made, status=2)
    assert told.endswith("(the variable AUTHORIZER_MAX_INBOX)")
