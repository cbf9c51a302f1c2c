#!/usr/bin/env bash
# starlette 1.10.0: HEAD of a streamed answer makes the whole answer, and sends nothing of it.
# One would expect HEAD, which a route for GET takes without being asked to, to end once the headers
# are known. Seen: a `StreamingResponse` goes through all its pieces before HEAD is answered to the
# end. So a HEAD takes as long as the GET, costs as much, and of a stream without an end it lasts as long
# as one waits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check starlette==1.10.0 httpx==0.28.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio

import httpx
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

made = []


async def pieces():
    for number in range(3):
        made.append(number)
        yield b"piece"


async def stream(_):
    return StreamingResponse(pieces())


async def ask():
    transport = httpx.ASGITransport(Starlette(routes=[Route("/", stream, methods=["GET"])]))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.head("/")


answer = asyncio.run(ask())
print("status", answer.status_code, "body", answer.content, "pieces made:", made)
assert (answer.status_code, answer.content, made) == (200, b"", [0, 1, 2])
PYTHON
