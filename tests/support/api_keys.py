"""API keys for tests over HTTP, made by the command that operators use."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from authorizer.domain.access import Role
from tests.support.command_line import done
from tests.support.server import Server

ROLES: Final = tuple(role.value for role in Role)


def new_key(data: Path, role: str, *arguments: str) -> str:
    """A key of a role; a server at work goes by it."""
    return done("keys", "create", "--role", role, *arguments, "--yes", "--data", data).strip()


def revoke(data: Path, key: str) -> None:
    """Revoke a key; a server at work goes by that."""
    done("keys", "revoke", id_of(key), "--data", data)


def key_per_role(server: Server) -> dict[str, str]:
    """One key for each role."""
    return {role: new_key(server.data, role) for role in ROLES}


def id_of(key: str) -> str:
    """The id that is in a key."""
    return key.split("_")[1]
