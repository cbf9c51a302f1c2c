"""Make clients of the OpenAPI document with the generators that people use, and try them out.

Usage: python -m tools.generate_clients

The document is that of a real server, of which each client opens an account, takes a customer in,
makes a purchase, blocks a card and opens a ticket. All that is installed goes into a temporary
folder. A generator whose program is missing (npm and node; Java 17) is passed over, in words.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.support.server import Server, running

PROGRAMS: Final = Path(__file__).resolve().parent / "clients"
PYTHON_CLIENT: Final = "openapi-python-client==0.29.1"
GENERATOR: Final = "openapi-generator-cli==7.26.0"
TYPESCRIPT: Final = ("openapi-typescript@7.13.0", "typescript@5.9.3")
JAVA: Final = 17
GENERATOR_NEEDS: Final = (
    "urllib3>=2.7,<3",
    "python-dateutil>=2.8.2",
    "pydantic>=2.11",
    "typing-extensions>=4.7.1",
)
"""What its clients say that they need."""


class Failed(Exception):
    """A program did not end well; the message holds what it printed."""


def run(*command: str | Path, folder: Path) -> str:
    """What a program prints, on both outputs. Failed if it does not end well."""
    done = subprocess.run(
        command,
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def python_of(folder: Path, *packages: str) -> Path:
    """The interpreter of a new environment with these packages."""
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", *packages, folder=folder)
    return python


def openapi_python_client(folder: Path, document: Path, url: str) -> str:
    """A client with httpx and attrs."""
    python = python_of(folder, PYTHON_CLIENT)
    told = run(
        *(python.parent / "openapi-python-client", "generate", "--path", document),
        *("--meta", "none", "--output-path", folder / "authorizer_client"),
        folder=folder,
    )
    if "will not be generated" in told:
        raise Failed(told)
    shutil.copy(PROGRAMS / "openapi_python_client.py", folder)
    run(python, "openapi_python_client.py", url, folder=folder)
    return PYTHON_CLIENT


def openapi_typescript(folder: Path, document: Path, url: str) -> str:
    """Types that a program is compiled with."""
    if not (shutil.which("npm") and shutil.which("node")):
        return "openapi-typescript is passed over: there is no npm, or no node"
    run("npm", "install", "--silent", "--no-audit", "--no-fund", *TYPESCRIPT, folder=folder)
    programs = folder / "node_modules" / ".bin"
    run(programs / "openapi-typescript", document, "-o", "api.ts", folder=folder)
    shutil.copy(PROGRAMS / "openapi_typescript.ts", folder)
    options = ("--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "commonjs")
    run(programs / "tsc", *options, "--outDir", "out", "openapi_typescript.ts", folder=folder)
    run("node", "out/openapi_typescript.js", url, folder=folder)
    return ", ".join(TYPESCRIPT)


def openapi_generator(folder: Path, document: Path, url: str) -> str:
    """A client with urllib3 and pydantic."""
    if java_version(folder) < JAVA:
        return f"openapi-generator is passed over: there is no Java {JAVA}"
    python = python_of(folder, GENERATOR, *GENERATOR_NEEDS)
    run(
        *(python.parent / "openapi-generator-cli", "generate", "-g", "python"),
        *("-i", document, "-o", folder / "made"),
        folder=folder,
    )
    shutil.copy(PROGRAMS / "openapi_generator.py", folder / "made")
    run(python, "openapi_generator.py", url, folder=folder / "made")
    return GENERATOR


def java_version(folder: Path) -> int:
    """The major version of the Java on the path; 0 if there is none."""
    if shutil.which("java") is None:
        return 0
    found = re.search(r'version "(\d+)', run("java", "-version", folder=folder))
    return int(found[1]) if found else 0


GENERATORS: Final[tuple[Callable[[Path, Path, str], str], ...]] = (
    openapi_python_client,
    openapi_typescript,
    openapi_generator,
)


def main() -> int:
    """0 if every client that could be made did it all."""
    failed = 0
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "server") as server:
        document = Path(name) / "openapi.json"
        document.write_bytes(server.client.get("/openapi.json").body)
        for generator in GENERATORS:
            failed += not _tried(generator, Path(name), document, server)
    return 1 if failed else 0


def _tried(
    generator: Callable[[Path, Path, str], str], above: Path, document: Path, server: Server
) -> bool:
    folder = above / generator.__name__
    folder.mkdir()
    try:
        told = generator(folder, document, f"http://127.0.0.1:{server.port}")
    except Failed as error:
        print(f"{generator.__name__} failed: {error}", file=sys.stderr)
        return False
    print(told, flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
