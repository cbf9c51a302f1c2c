#!/usr/bin/env bash
# uvicorn 0.54.0: whether an application hears of a method that it does not know depends on the parser.
# One would expect a router to answer 405, or an application to serve a method of its own, for any
# token is a method (RFC 9110, 9.1). Seen: with h11 0.16.0 the method PURCHASE reaches the application.
# With httptools 0.9.0, which is taken where it is installed, it does not: 400.
# QUERY and COPY reach it with both, for they are on httptools' list.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0 \
    h11==0.16.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import socket

import uvicorn


async def app(scope, receive, send):
    heads = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 405, "headers": heads})
    await send({"type": "http.response.body", "body": b""})


async def status(address, method):
    reader, writer = await asyncio.open_connection(*address)
    writer.write(f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1])


async def main():
    seen = {}
    for parser in ("h11", "httptools"):
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, http=parser, lifespan="off", log_level="critical")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        methods = ("COPY", "QUERY", "PURCHASE")
        address = listening.getsockname()
        seen[parser] = {method: await status(address, method) for method in methods}
        server.should_exit = True
        await serving
    print(seen)
    assert seen["h11"] == {"COPY": 405, "QUERY": 405, "PURCHASE": 405}
    assert seen["httptools"] == {"COPY": 405, "QUERY": 405, "PURCHASE": 400}


asyncio.run(main())
PYTHON
