"""The build that is measured, and one of another commit to compare it with."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import PROJECT, environment, python
from tools.environment import DEVELOPMENT

PINS = "constraints.txt"


class BuildError(Exception):
    """The other build could not be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Build:
    """A tree with the package in it, and the interpreter that has what the package needs."""

    name: str
    root: Path
    python: str

    def serve_command(self, *flags: str) -> list[str]:
        """The command line of its server; ``{port}`` and ``{data}`` are to be filled in.

        The package is found in the working directory, before any that is installed.
        """
        words = [
            "-m",
            "authorizer",
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
            "--data",
            "{data}",
        ]
        return ["env", f"--chdir={self.root}", self.python, *words, *flags]


def present() -> Build:
    """The tree that this file is in, uncommitted changes and all."""
    return Build("new", PROJECT, python())


@contextmanager
def of_commit(commit: str, parent: Path | None = None) -> Iterator[Build]:
    """The tree of another commit in a temporary folder, which is removed at the end.

    It uses this project's environment if that has what the commit's server needs, at the same
    versions. Otherwise it makes one of its own.

    Raises:
        BuildError: there is no such commit, its environment can't be made, or its package would
            not be the one that runs.
    """
    with tempfile.TemporaryDirectory(prefix="build-", dir=parent) as folder:
        root = Path(folder).resolve()
        _export(commit, root)
        build = Build("old", root, python() if _same_pins(root) else _own_environment(root))
        _check(build)
        yield build


def _export(commit: str, root: Path) -> None:
    tree = _run(["git", "-C", str(PROJECT), "archive", "--format=tar", f"{commit}^{{tree}}"])
    _run(["tar", "--extract", f"--directory={root}"], tree)


def _same_pins(root: Path) -> bool:
    pins = [(tree / PINS).read_text().partition(DEVELOPMENT)[0] for tree in (PROJECT, root)]
    return pins[0] == pins[1]


def _own_environment(root: Path) -> str:
    print("  its pins are others: making its environment ...", flush=True)
    _run([python(), str(root / "tools" / "environment.py"), "run"])
    return str(root / ".venv" / "bin" / "python")


def _check(build: Build) -> None:
    where = "import authorizer; print(authorizer.__file__)"
    found = _run(["env", f"--chdir={build.root}", build.python, "-c", where]).decode().strip()
    if not Path(found).is_relative_to(build.root):
        raise BuildError(f"{build.name} would run {found}")


def _run(command: list[str], given: bytes = b"") -> bytes:
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(given)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode != 0:
        raise BuildError(f"{' '.join(command)}: {errors.decode(errors='replace').strip()}")
    return output
