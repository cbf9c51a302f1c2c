"""Take the files of Swagger UI that `/docs` needs from its npm package.

Usage: python tools/swagger_ui.py [VERSION]

Without a version the recorded one is taken again, which must give the same bytes. Needs npm.
What was taken is recorded beside the files, and a test holds them to it.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "authorizer" / "http" / "api" / "swagger_ui"
RECORD: Final = FOLDER / "source.json"
PACKAGE: Final = "swagger-ui-dist"
LICENCE: Final = "Apache-2.0"
FILES: Final = (
    "LICENSE",
    "NOTICE",
    "swagger-ui-bundle.js",
    "swagger-ui-bundle.js.LICENSE.txt",
    "swagger-ui.css",
)


def main(arguments: list[str]) -> int:
    """Replace the files and the record."""
    if len(arguments) > 1:
        print(__doc__, file=sys.stderr)
        return 2
    recorded: dict[str, Any] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    version = arguments[0] if arguments else recorded["version"]
    with tempfile.TemporaryDirectory() as folder:
        archive = fetched(version, Path(folder))
        integrity = integrity_of(archive)
        if version == recorded.get("version") and integrity != recorded["integrity"]:
            print(f"{PACKAGE} {version} is not what it was: {integrity}", file=sys.stderr)
            return 1
        found = contents(archive)
    licence = json.loads(found.pop("package.json"))["license"]
    if licence != LICENCE:
        print(f"{PACKAGE} {version} is under {licence}, not {LICENCE}", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    for name, content in found.items():
        (FOLDER / name).write_bytes(content)
    record = {
        "package": PACKAGE,
        "version": version,
        "licence": licence,
        "integrity": integrity,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in found.items()},
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    print(f"{FOLDER.relative_to(ROOT)}: {PACKAGE} {version}")
    return 0


def fetched(version: str, folder: Path) -> Path:
    """The package as npm gives it, which has checked it against the registry's own digest."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", folder, f"{PACKAGE}@{version}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return folder / packed.stdout.split()[-1]


def integrity_of(archive: Path) -> str:
    """The digest as npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()


def contents(archive: Path) -> dict[str, bytes]:
    """What is needed of the package, by name, and its package.json."""
    found = {}
    with tarfile.open(archive) as files:
        for name in (*FILES, "package.json"):
            member = files.extractfile(f"package/{name}")
            assert member is not None
            found[name] = member.read()
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
