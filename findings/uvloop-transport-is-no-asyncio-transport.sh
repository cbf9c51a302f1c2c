#!/usr/bin/env bash
# uvloop 0.23.0: what a protocol's connection_made gets is no asyncio.Transport.
# asyncio documents Transport, with write, abort and the rest, as the class of what connections get,
# and one would expect `isinstance(transport, asyncio.Transport)` to tell such transports apart (type
# checkers ask for it, for connection_made is declared with BaseTransport). Seen: it is False on
# uvloop, though all methods are there; an `assert isinstance` in connection_made is raised inside
# of the loop, which logs it and goes on, and who waits for the connection waits for good.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvloop==0.23.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio

import uvloop

seen = []


class Seen(asyncio.Protocol):
    def connection_made(self, transport):
        seen.append(transport)
        transport.write(b"x")
        transport.abort()


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Seen, "127.0.0.1", 0)
    await loop.create_connection(Seen, *server.sockets[0].getsockname())
    return isinstance(seen[0], asyncio.Transport), isinstance(seen[0], asyncio.BaseTransport)


print("asyncio:", asyncio.run(main()))
assert isinstance(seen[0], asyncio.Transport)
seen.clear()
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    found = runner.run(main())
print("uvloop:", found, type(seen[0]).__mro__[:3])
assert found == (False, False)
PYTHON
