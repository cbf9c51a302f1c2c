"""People of the console for tests, and a client that goes about as their browser does."""

from __future__ import annotations

import re
import time
from itertools import count
from pathlib import Path
from typing import Any, Final

import pyotp
import requests

from authorizer.console.access.passwords import hasher
from authorizer.domain.access import Role
from authorizer.domain.people import User
from authorizer.persistence.api_keys import changing
from authorizer.persistence.keys_in_force import USERS_IN_FORCE, said
from authorizer.persistence.local_disk import LocalDisk
from authorizer.persistence.users import digest_of_users, read_users, write_users
from tests.support.server import Server
from tests.support.waiting import PATIENCE_S, until

PASSWORD: Final = "uma senha comprida de teste"
SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HASH: Final = hasher().hash(PASSWORD)
_SERIAL: Final = count(1)


def person(user_id: str, role: str = "atendente", **more: Any) -> User:
    """Somebody who has chosen a password and paired the second factor."""
    name = more.pop("name", user_id.capitalize())
    return User(user_id, name, Role(role), HASH, SECRET, 0, None, None)._replace(**more)


def put_people(data: Path, *people: User) -> None:
    """Add people, or put them in the place of those with their ids; a server goes by it then."""
    disk = LocalDisk(data)
    ids = {user.user_id for user in people}
    with changing(disk):
        known = [user for user in read_users(disk) if user.user_id not in ids]
        write_users(disk, [*known, *people])
    until(lambda: said(disk, USERS_IN_FORCE) in (None, digest_of_users(disk)))


def somebody(server: Server, role: str = "atendente", **more: Any) -> User:
    """A new person of a role on a server at work."""
    user = person(f"pessoa{next(_SERIAL)}", role, **more)
    put_people(server.data, user)
    return user


def code_in(seconds: int) -> str:
    """The code that everybody's phone shows so many seconds from now: none is good twice."""
    return pyotp.TOTP(SECRET).at(int(time.time()) + seconds)


def early_in_a_step() -> None:
    """Wait until the codes of now are good for 20 seconds: then the one before still is, too."""
    until(lambda: time.time() % 30 < 10)


def code_now() -> str:
    """The code that everybody's phone shows."""
    return code_in(0)


class Desk:
    """Somebody's browser: it keeps cookies, follows redirects and sends what forms hold."""

    def __init__(self, server: Server) -> None:
        self.home = f"http://127.0.0.1:{server.port}"
        self.browser = requests.Session()
        self.page = ""

    def get(self, path: str, **headers: str) -> requests.Response:
        """Go to a page."""
        answer = self.browser.get(self.home + path, headers=headers, timeout=PATIENCE_S)
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.page = answer.text
        return answer

    def post(
        self, path: str, fields: dict[str, str] | None = None, **headers: str
    ) -> requests.Response:
        """Send a form, with the token of the page that was seen last, and stay where it leads."""
        return self.browser.post(
            self.home + path,
            data={"csrf": self.token("csrf"), **(fields or {})},
            headers={"Origin": self.home, **headers},
            allow_redirects=False,
            timeout=PATIENCE_S,
        )

    def do(self, path: str, **fields: str) -> requests.Response:
        """Send a form that must be taken, and go where it leads."""
        answer = self.post(path, fields)
        assert answer.status_code == 303, (answer.status_code, words_of(answer.text))
        return self.get(answer.headers["location"])

    def token(self, name: str) -> str:
        """A hidden field of the page that was seen last."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        return found[1] if found else ""

    def log_in(
        self, user_id: str, password: str = PASSWORD, code: str | None = None
    ) -> requests.Response:
        """Fill in the log-in form."""
        self.get("/console/entrar")
        fields = {
            "nome": user_id,
            "senha": password,
            "codigo": code_now() if code is None else code,
        }
        return self.post("/console/entrar", {"token": self.token("token"), **fields})


def desk_of(server: Server, role: str = "atendente", **more: Any) -> Desk:
    """The browser of somebody new who is logged in."""
    desk = Desk(server)
    assert desk.log_in(somebody(server, role, **more).user_id).status_code == 303
    desk.get("/console/senha")  # every page has the token of forms; this one all may see
    return desk


def words_of(page: str) -> str:
    """The text of a page."""
    without = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", without).split())
