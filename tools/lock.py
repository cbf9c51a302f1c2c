"""Write constraints.txt: every version that may be installed, with the hashes of all its files.

Usage: python tools/lock.py [--upgrade] [REQUIREMENT ...]

Reads what pyproject.toml asks for. Pins that still fit stay as they are; `--upgrade` takes the
newest of everything. Requirements on the command line are pinned too, as development ones.
The result holds for every platform and every Python that the project supports.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.environment import DEVELOPMENT, PINS, ROOT

HEADER: Final = "# What `make` installs, with the hashes of all files. Written by `make lock`.\n"
START_OF_PIN: Final = re.compile(r"^(?=[a-z0-9])", re.MULTILINE)


def main(arguments: list[str]) -> int:
    """Lock in a temporary folder, then replace constraints.txt."""
    upgrade = [argument for argument in arguments if argument == "--upgrade"]
    more = [argument for argument in arguments if argument != "--upgrade"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = project["build-system"]["requires"] + project["project"]["dependencies"]
    supported = project["project"]["requires-python"].removeprefix(">=")
    options = ["--python-version", supported]
    group = ["--group", f"{ROOT / 'pyproject.toml'}:dev"]
    with tempfile.TemporaryDirectory() as folder:
        uv = install_uv(Path(folder, "venv"))
        pinned = Path(folder, "pinned.txt")
        pinned.write_text(PINS.read_text() if PINS.exists() else "")
        everything = resolve(uv, pinned, needed + more, [*options, *group, *upgrade])
        server = resolve(uv, pinned, needed, options)
    development = [pin for pin in everything if pin not in server]
    PINS.write_text(HEADER + "".join(server) + DEVELOPMENT + "".join(development))
    print(f"{PINS.name}: {len(server)} for the server, {len(development)} more for development")
    return 0


def install_uv(folder: Path) -> Path:
    """Install the resolver into an environment of its own, and give its path."""
    venv.create(folder, with_pip=True, symlinks=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "uv"], check=True)
    return folder / "bin" / "uv"


def resolve(uv: Path, pinned: Path, requirements: list[str], options: list[str]) -> list[str]:
    """The pins that satisfy all requirements, each with its hashes.

    Versions in the file `pinned` are kept where they fit, and the result replaces it.
    """
    fixed = ["--universal", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    subprocess.run(
        [uv, "pip", "compile", *fixed, *options, "--output-file", pinned, "-"],
        input="\n".join(requirements),
        text=True,
        check=True,
    )
    return [pin for pin in START_OF_PIN.split(pinned.read_text()) if pin]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
