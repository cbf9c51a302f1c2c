"""`doctor`: what it says of machines, disks, clocks, keys and folders as they can be."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from authorizer.cli.diagnosis import disks, folder, machine
from authorizer.cli.diagnosis.disks import Room
from authorizer.cli.diagnosis.file_systems import check_file_system, mount_of
from authorizer.cli.diagnosis.finding import Finding, Standing
from authorizer.domain.moments import HOUR_US, SECOND_US
from tests.support.command_line import done, everything, flip, refused, run, take_snapshot
from tests.support.server import MakeServer

OK, WARNING, ERROR = Standing.OK, Standing.WARNING, Standing.ERROR
NOW_US = 1_800_000_000_000_000
MIB = 1 << 20
MOUNTS = r"""
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /srv/with\040space rw - xfs /dev/sdb rw
23 21 0:6 / /mem rw - tmpfs tmpfs rw,size=1g
24 21 0:7 / /net rw,relatime - nfs4 host:/x rw,vers=4.2
25 21 0:8 / /cow rw - btrfs /dev/sdc rw
26 21 0:9 / /fast rw - ext4 /dev/sdd rw,nobarrier
27 21 0:10 / /old ro - ext4 /dev/sde ro
28 21 0:11 / /layer rw - overlay overlay rw
29 21 0:12 / /strange rw - fuse.thing x rw
30 21 0:13 / /mem rw - ext4 /dev/sdf rw
""".strip()


def of(data: Path, *flags: object) -> dict[str, dict[str, Any]]:
    """The findings on a folder, by what was checked."""
    result = run("doctor", "--data", data, "--json", *flags)
    told = json.loads(result.stdout)
    failed = any(each["standing"] == "error" for each in told["findings"])
    assert (told["ok"], result.exit_code) == (not failed, int(failed))
    return {each["check"]: each for each in told["findings"]}


def only(found: Finding) -> tuple[Standing, bool]:
    return found.standing, bool(found.advice)


# --- the machine ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hard", "standing", "said"),
    [(64, ERROR, "0 connections"), (1024, WARNING, "960"), (1 << 20, OK, "50,000 connections")],
)
def test_open_files(hard: int, standing: Standing, said: str) -> None:
    found = machine.check_open_files(hard)
    assert only(found) == (standing, standing is not OK)
    assert said in found.found


@pytest.mark.parametrize(("soft", "standing"), [(0, OK), (-1, WARNING), (1 << 20, WARNING)])
def test_core_dumps(soft: int, standing: Standing) -> None:
    assert machine.check_core_dumps(soft).standing is standing


@pytest.mark.parametrize(
    ("device", "standing"), [("", OK), ("/dev/sda2", WARNING), ("/dev/zram0", OK), ("/f", WARNING)]
)
def test_swap(device: str, standing: Standing) -> None:
    text = f"Filename Type Size Used Priority\n{device and device + ' partition 9 0 -2'}\n"
    assert machine.check_swap(text).standing is standing


@pytest.mark.parametrize(
    ("kib", "snapshot", "standing"),
    [(1 << 20, 0, OK), (1 << 20, 256 * MIB, OK), (1 << 20, 257 * MIB, WARNING), (99, 0, WARNING)],
)
def test_memory_by_the_snapshot_that_a_start_reads(
    kib: int, snapshot: int, standing: Standing
) -> None:
    text = f"MemTotal: 9 kB\nMemAvailable:   {kib} kB\n"
    assert machine.check_memory(text, snapshot).standing is standing
    assert machine.check_memory("", snapshot).standing is WARNING


@pytest.mark.parametrize(("state", "standing"), [(0, OK), (5, WARNING), (-1, WARNING)])
def test_the_clock_by_itself(state: int, standing: Standing) -> None:
    assert machine.check_clock_kept(state).standing is standing


def test_the_system_tells_of_its_clock() -> None:
    assert machine.clock_state() in range(-1, 6)


@pytest.mark.parametrize(
    ("newest_us", "standing", "advice"),
    [
        (0, OK, ""),
        (NOW_US - 72 * HOUR_US, OK, ""),
        (NOW_US - 72 * HOUR_US - 1, WARNING, "--trust-clock"),
        (NOW_US + 60 * SECOND_US, OK, ""),
        (NOW_US + 60 * SECOND_US + 1, ERROR, "set it right"),
    ],
)
def test_the_clock_beside_the_journal(newest_us: int, standing: Standing, advice: str) -> None:
    found = machine.check_clock_and_journal(NOW_US, newest_us, 60, 72)
    assert found.standing is standing
    assert advice in found.advice


# --- disks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind", "standing"),
    [
        ("/data", "ext4", OK),
        ("/srv/with space/data", "xfs", OK),
        ("/srv/without", "ext4", OK),
        ("/mem/data", "ext4", OK),
        ("/net", "nfs4", ERROR),
        ("/fast/data", "ext4", ERROR),
        ("/old/data", "ext4", ERROR),
        ("/layer/data", "overlay", WARNING),
        ("/strange/data", "fuse.thing", WARNING),
        ("/cow/data", "btrfs", OK),
    ],
)
def test_file_systems(path: str, kind: str, standing: Standing) -> None:
    mount = mount_of(Path(path), MOUNTS)
    assert mount is not None
    assert mount.kind == kind
    found = check_file_system("data folder", Path(path), mount, holds_keys=False)
    assert only(found) == (standing, standing is not OK)


def test_the_order_of_the_mounts_does_not_matter() -> None:
    later = f"{MOUNTS}\n31 1 0:14 / / rw - overlay overlay rw"
    mount = mount_of(Path("/srv/with space/data"), later)
    assert mount is not None
    assert mount.kind == "xfs"


def test_a_file_system_in_memory_keeps_nothing() -> None:
    mount = mount_of(Path("/mem/data"), MOUNTS.rpartition("\n")[0])
    assert check_file_system("data folder", Path("/mem"), mount, False).standing is ERROR


def test_keys_are_not_for_a_file_system_that_copies_on_write() -> None:
    mount = mount_of(Path("/cow/data"), MOUNTS)
    assert check_file_system("keys", Path("/cow"), mount, holds_keys=True).standing is WARNING


def test_a_file_system_that_is_not_told_is_a_warning() -> None:
    assert mount_of(Path("/x"), "") is None
    assert check_file_system("keys", Path("/x"), None, True).standing is WARNING


@pytest.mark.parametrize(
    ("free", "total", "inodes", "standing"),
    [
        (335 * MIB, 1 << 40, -1, ERROR),
        (336 * MIB, 1 << 30, -1, WARNING),
        (1680 * MIB, 1 << 33, -1, OK),
        (1679 * MIB, 1 << 33, -1, WARNING),
        (1 << 35, 1 << 40, -1, WARNING),
        (1 << 38, 1 << 40, 999, WARNING),
        (1 << 38, 1 << 40, 1000, OK),
    ],
)
def test_room(free: int, total: int, inodes: int, standing: Standing) -> None:
    found = disks.check_room(Room(free, total, inodes), 64 * MIB, 104 * MIB)
    assert found.standing is standing


@pytest.mark.parametrize(
    ("milliseconds", "standing"),
    [(0.03, OK), (9.9, OK), (10, WARNING), (39.9, WARNING), (40, ERROR)],
)
def test_speed(milliseconds: float, standing: Standing) -> None:
    usual = [milliseconds / 1000] * 5
    assert disks.check_speed([*usual, 9.0], 80).standing is standing


# --- the folder ----------------------------------------------------------------------------------


def test_a_sound_folder_has_no_error_and_is_left_as_it_was(demo: Path) -> None:
    take_snapshot(demo)
    demo.chmod(0o700)
    before = everything(demo)
    found = of(demo)
    assert everything(demo) == before
    for check in ("settings", "owner of the data folder", "clock and journal", "in use", "start"):
        assert found[check]["standing"] == "ok", found[check]
    assert re.match("1 keys, 0 destroyed", found["keys of personal data"]["found"])
    assert "speed of the disk" in found
    text = (
        done("doctor", "--data", demo)
        if all(each["standing"] != "error" for each in found.values())
        else run("doctor", "--data", demo).stdout
    )
    assert text.splitlines()[-1].startswith("result")


def test_a_folder_that_others_may_look_into(demo: Path) -> None:
    demo.chmod(0o755)
    found = of(demo)["owner of the data folder"]
    assert (found["standing"], found["advice"]) == (
        "warning",
        f"others may look into it: chmod 700 {demo}",
    )
    assert folder.check_ownership("data folder", demo, user=12345).standing is ERROR


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    found = of(tmp_path / "none" / "such")
    assert found["data folder"]["standing"] == "warning"
    assert not (tmp_path / "none").exists()


def test_whoever_has_the_folder_is_named(make_server: MakeServer) -> None:
    server = make_server().start()
    found = of(server.data)
    assert found["in use"]["found"] == f"by process {server.process.pid}"
    assert server.client.get("/health").status == 200


def test_damaged_keys(demo: Path) -> None:
    flip(demo / "keys" / "customers.keys", 80)
    assert of(demo)["keys of personal data"]["standing"] == "error"
    (demo / "keys" / "customers.keys").write_bytes(b"x" * 200)
    assert of(demo)["keys of personal data"]["standing"] == "error"
    (demo / "keys" / "customers.keys").unlink()
    assert of(demo)["keys of personal data"]["found"].startswith("there are none")


def test_api_keys(demo: Path) -> None:
    assert of(demo)["API keys"]["standing"] == "warning"
    assert of(demo, "--host", "10.0.0.1")["API keys"]["standing"] == "error"
    done("keys", "create", "--role", "operador", "--name", "a", "--data", demo)
    assert of(demo, "--host", "10.0.0.1")["API keys"]["standing"] == "ok"
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    done("keys", "create", "--role", "operador", "--name", "b", "--expires", soon, "--data", demo)
    found = of(demo)["API keys"]
    assert found["standing"] == "warning"
    assert found["found"].startswith("2 active; ")
    (demo / "access" / "api-keys.json").write_bytes(b"x")
    assert of(demo)["API keys"]["standing"] == "error"


def test_a_restore_that_was_broken_off(demo: Path) -> None:
    assert "restore" not in of(demo)
    (demo / "restoring").write_bytes(b"")
    assert of(demo)["restore"]["standing"] == "error"


def test_a_url_that_no_database_has(demo: Path) -> None:
    found = of(demo, "--reports-url", "mysql://host/x")["settings"]
    assert found["standing"] == "error"
    assert "reports_url" in found["found"]


def test_a_long_journal_without_a_snapshot() -> None:
    assert folder.check_start(65 * MIB, 0, has_snapshot=False).standing is WARNING
    assert folder.check_start(65 * MIB, 1, has_snapshot=True).standing is OK
    assert folder.check_start(63 * MIB, 0, has_snapshot=False).standing is OK


def test_a_setting_that_can_not_be_taken_is_wrong_usage(demo: Path) -> None:
    assert "port" in run("doctor", "--port", "99999", "--data", demo).stderr
    refused("doctor", "--port", "99999", "--data", demo, status=2)
