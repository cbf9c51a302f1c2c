"""Make .venv hold what constraints.txt pins, or leave it alone when it already does.

Usage: python tools/environment.py run|dev

`run` is what the server needs, `dev` is all of constraints.txt. Every file that pip fetches is
checked against its hash there; the project itself is linked in place ("editable").

A finished environment carries a stamp. Without one, with one from other pins or from another
folder, with an installed file gone or cut short, or with an interpreter that no longer starts,
.venv is made anew from nothing. Standard library only: this runs before anything is installed.
"""

import csv
import fcntl
import hashlib
import json
import shlex
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
PINS: Final = ROOT / "constraints.txt"
ENVIRONMENT: Final = ROOT / ".venv"
PYTHON: Final = ENVIRONMENT / "bin" / "python"
STAMP: Final = ENVIRONMENT / "complete.json"
DEVELOPMENT: Final = "# Development only, from here on.\n"
"""The line of constraints.txt that ends what the server needs."""
SETS: Final = ("run", "dev")


class Stamp(NamedTuple):
    """What was installed: the set, what it was made from, and pip's records of its files."""

    installed: str
    made_from: str
    records: list[str]


def main(arguments: list[str]) -> int:
    """Bring .venv to the set that is asked for and give the exit status."""
    if len(arguments) != 1 or arguments[0] not in SETS:
        print(__doc__, file=sys.stderr)
        return 2
    with PINS.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            ensure(arguments[0])
        except subprocess.CalledProcessError as error:
            failed = shlex.join(map(str, error.cmd))
            print(f"{failed} failed: see above. The next try starts over.", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
    return 0


def ensure(wanted: str) -> None:
    """Do the least that makes .venv right: nothing, add what is missing, or start over."""
    stamp = read_stamp()
    if stamp is None or stamp.made_from != fingerprint() or not is_whole(stamp):
        create()
    elif SETS.index(stamp.installed) >= SETS.index(wanted):
        return
    install(wanted)


def read_stamp() -> Stamp | None:
    """The stamp, or None where there is none that can be read."""
    try:
        return Stamp(**json.loads(STAMP.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def fingerprint() -> str:
    """A digest of what .venv is made from: its folder, the pins, the project's metadata."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    metadata = [project["build-system"], project["project"]]
    parts = [str(ROOT), PINS.read_text(), json.dumps(metadata, sort_keys=True)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def is_whole(stamp: Stamp) -> bool:
    """Whether the interpreter starts and every file that pip recorded is there in its size."""
    try:
        subprocess.run([PYTHON, "-I", "-c", "import ssl"], check=True, capture_output=True)
        return all(sizes_match(ENVIRONMENT / record) for record in stamp.records)
    except (OSError, subprocess.CalledProcessError):
        return False


def sizes_match(record: Path) -> bool:
    """Whether all files of one RECORD have the size in it. Compiled files have none and may go."""
    site_packages = record.parent.parent
    with record.open(newline="") as lines:
        return all(
            (site_packages / name).stat().st_size == int(size)
            for name, _digest, size in csv.reader(lines)
            if size
        )


def create() -> None:
    """Make an empty .venv in place of whatever is there."""
    print(f"Making {ENVIRONMENT.name} …", flush=True)
    if ENVIRONMENT.is_symlink() or ENVIRONMENT.is_file():
        ENVIRONMENT.unlink()
    venv.create(ENVIRONMENT, clear=True, with_pip=True, symlinks=True)


def install(wanted: str) -> None:
    """Install one set and the project; the stamp is there only if everything went well."""
    print(f"Installing what constraints.txt pins ({wanted}) …", flush=True)
    STAMP.unlink(missing_ok=True)
    chosen = ENVIRONMENT / "pins.txt"
    chosen.write_text(pins(wanted))
    pip("install", "--require-hashes", "--no-deps", "--requirement", chosen)
    pip("install", "--no-build-isolation", "--no-deps", "--editable", ROOT)
    pip("check")
    found = ENVIRONMENT.glob("lib/python*/site-packages/*.dist-info/RECORD")
    records = [str(record.relative_to(ENVIRONMENT)) for record in found]
    unfinished = STAMP.with_suffix(".partial")
    unfinished.write_text(json.dumps(Stamp(wanted, fingerprint(), records)._asdict()))
    unfinished.replace(STAMP)


def pins(wanted: str) -> str:
    """The lines of constraints.txt that belong to a set."""
    text = PINS.read_text()
    return text if wanted == "dev" else text.partition(DEVELOPMENT)[0]


def pip(command: str, *arguments: str | Path) -> None:
    """Run the environment's pip, deaf to PYTHONPATH and the user's own packages."""
    options = ("--quiet", "--disable-pip-version-check", "--no-input")
    subprocess.run([PYTHON, "-I", "-m", "pip", command, *options, *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
