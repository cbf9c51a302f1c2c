"""Templates are compiled once, beside the loop, when somebody first comes."""

from __future__ import annotations

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from authorizer.console.rendering import Rendering
from tests.support.waiting import in_time


class Beside:
    """What is done beside the loop: it begins when it is let go on."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.begun = 0

    async def __call__(self, function: Any, *arguments: Any) -> Any:
        self.begun += 1
        await self.go_on.wait()
        return function(*arguments)


def asked(rendering: Rendering, language: str) -> asyncio.Task[Response]:
    """Somebody who asks for a page, and has begun to wait."""
    headers = [(b"host", b"localhost"), (b"cookie", f"console-lang={language}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/console", "headers": headers}
    request = Request({**scope, "query_string": b"", "server": ("localhost", 80)})
    return asyncio.create_task(rendering.page(request, "nobody.html"))


def test_who_comes_first_has_them_compiled_for_all_and_may_go_meanwhile() -> None:
    async def job() -> None:
        beside = Beside()
        rendering = Rendering(ZoneInfo("UTC"), beside)
        assert beside.begun == 0, "a start does not wait for it"
        impatient, patient, english = (asked(rendering, to) for to in ("pt-BR", "pt-BR", "en"))
        for _ in range(3):
            await asyncio.sleep(0)
        assert not any(task.done() for task in (impatient, patient, english))
        impatient.cancel()
        await asyncio.sleep(0)
        beside.go_on.set()
        pages = [bytes((await task).body) for task in (patient, english)]
        assert all(b"authorizer users create" in page for page in pages)
        assert pages[0] != pages[1]
        assert (await asked(rendering, "en")).body == pages[1]
        assert beside.begun == 1

    in_time(job())
