"""Take files that are served or tested with from their npm package.

Usage: python tools/npm_files.py PACKAGE [VERSION]

PACKAGE is one of those below. Without a version the recorded one is taken again, which must give
the same bytes. Needs npm. What was taken is recorded beside the files, and a test holds them to it.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent


class Taken(NamedTuple):
    """What is taken of a package."""

    folder: Path
    licence: str
    files: tuple[str, ...]
    """Their paths in the package; here they are all in one folder."""


PACKAGES: Final = {
    "swagger-ui-dist": Taken(
        ROOT / "authorizer" / "http" / "api" / "swagger_ui",
        "Apache-2.0",
        (
            "LICENSE",
            "NOTICE",
            "swagger-ui-bundle.js",
            "swagger-ui-bundle.js.LICENSE.txt",
            "swagger-ui.css",
        ),
    ),
    "htmx.org": Taken(
        ROOT / "authorizer" / "console" / "assets" / "htmx",
        "0BSD",
        ("LICENSE", "dist/htmx.min.js"),
    ),
    "axe-core": Taken(
        ROOT / "tests" / "support" / "axe_core",
        "MPL-2.0",
        ("LICENSE", "LICENSE-3RD-PARTY.txt", "axe.min.js"),
    ),
}


def main(arguments: list[str]) -> int:
    """Replace the files and the record."""
    if len(arguments) not in (1, 2) or arguments[0] not in PACKAGES:
        print(__doc__, *PACKAGES, file=sys.stderr)
        return 2
    package = arguments[0]
    taken = PACKAGES[package]
    recorded_in = taken.folder / "source.json"
    recorded: dict[str, Any] = json.loads(recorded_in.read_text()) if recorded_in.exists() else {}
    version = arguments[1] if len(arguments) > 1 else recorded["version"]
    with tempfile.TemporaryDirectory() as folder:
        archive = fetched(package, version, Path(folder))
        integrity = integrity_of(archive)
        if version == recorded.get("version") and integrity != recorded["integrity"]:
            print(f"{package} {version} is not what it was: {integrity}", file=sys.stderr)
            return 1
        found = contents(archive, taken.files)
    licence = json.loads(found.pop("package.json"))["license"]
    if licence != taken.licence:
        print(f"{package} {version} is under {licence}, not {taken.licence}", file=sys.stderr)
        return 1
    taken.folder.mkdir(parents=True, exist_ok=True)
    for name, content in found.items():
        (taken.folder / name).write_bytes(content)
    record = {
        "package": package,
        "version": version,
        "licence": licence,
        "integrity": integrity,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in found.items()},
    }
    recorded_in.write_text(json.dumps(record, indent=2) + "\n")
    print(f"{taken.folder.relative_to(ROOT)}: {package} {version}")
    return 0


def fetched(package: str, version: str, folder: Path) -> Path:
    """The package as npm gives it, which has checked it against the registry's own digest."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", folder, f"{package}@{version}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return folder / packed.stdout.split()[-1]


def integrity_of(archive: Path) -> str:
    """The digest as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()


def contents(archive: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """What is needed of the package, by name, and its package.json."""
    found = {}
    with tarfile.open(archive) as files:
        for name in (*names, "package.json"):
            member = files.extractfile(f"package/{name}")
            assert member is not None
            found[Path(name).name] = member.read()
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
