"""Run a command in a Debian of its own, over a copy of what is in this folder.

Usage: python tools/debian.py SUITE [COMMAND ...]

`trixie` is Debian 13, whose own Python is 3.13; `make test` is what runs if no command is given.
The tree lies in CARD_AUTHORIZER_DEBIAN, by default in the user's cache, and is used again; remove
it to start over. What the tests need (.ci/run) is installed in it. Needs root and debootstrap.

Nothing of the machine is changed: the tree's mounts are in a namespace that ends with the command.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("ca-certificates", "git", "make", "python3", "python3-venv")
NEEDED_BY_TESTS: Final = ("chromium", "nginx-light", "postgresql", "prometheus", "systemd")
INSIDE: Final = "build/card-authorizer"
"""Where the copy is; its .venv stays from one run to the next."""
CERTIFICATES: Final = "etc/ssl/certs/ca-certificates.crt"
ENTER: Final = """\
set -e
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/dev/shm"
mount -t tmpfs tmpfs "$1/tmp"
exec chroot "$1" /bin/sh -c "$2"
"""


def main(arguments: list[str]) -> int:
    """Make the tree if it is missing, bring the copy up to date, and run the command there."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    suite, command = arguments[0], arguments[1:] or ["make", "test"]
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        print("This needs root and debootstrap: apt-get install debootstrap", file=sys.stderr)
        return 1
    try:
        tree = tree_of(suite)
        if not (tree / "complete").exists():
            make_tree(suite, tree)
        copy_into(tree / INSIDE)
    except subprocess.CalledProcessError as error:
        print(f"{shlex.join(map(str, error.cmd))} failed: see above", file=sys.stderr)
        return 1
    return enter(tree, f"cd /{INSIDE} && exec {shlex.join(command)}").returncode


def tree_of(suite: str) -> Path:
    """Where the tree of a suite is."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    trees = os.environ.get("CARD_AUTHORIZER_DEBIAN") or cache / "card-authorizer" / "debian"
    return Path(trees, suite).absolute()


def make_tree(suite: str, tree: Path) -> None:
    """Install the suite and what the tests need. One that was interrupted is made anew."""
    if tree.exists():
        shutil.rmtree(tree)
    tree.mkdir(parents=True)
    include = f"--include={','.join(PACKAGES)}"
    subprocess.run(["debootstrap", "--variant=minbase", include, suite, tree], check=True)
    trusted = Path("/", CERTIFICATES)
    if trusted.exists():  # a proxy between here and the registries is known to this machine alone
        shutil.copyfile(trusted, tree / CERTIFICATES)
    (tree / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")  # no service is started
    (tree / "usr/sbin/policy-rc.d").chmod(0o755)
    install = "apt-get install -q -y --no-install-recommends"
    enter(tree, f"{install} {' '.join(NEEDED_BY_TESTS)}").check_returncode()
    (tree / "complete").touch()


def copy_into(folder: Path) -> None:
    """Have the folder hold the files of this one that git knows or would, and .venv as it was."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.is_symlink() or old.is_file():
            old.unlink()
        elif old.name != ".venv":
            shutil.rmtree(old)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def enter(tree: Path, command: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a shell command in the tree, with its own mounts and processes."""
    for name in ("resolv.conf", "hosts"):
        if Path("/etc", name).exists():
            shutil.copyfile(Path("/etc", name), tree / "etc" / name)
    kept = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    environment = kept | {
        "CI": os.environ.get("CI", ""),
        "DEBIAN_FRONTEND": "noninteractive",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PIP_CERT": f"/{CERTIFICATES}",
    }
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    return subprocess.run(
        [*unshare, "sh", "-c", ENTER, "sh", tree, command], check=False, env=environment
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
