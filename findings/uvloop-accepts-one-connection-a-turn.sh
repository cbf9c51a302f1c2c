#!/usr/bin/env bash
# uvloop 0.23.0 accepts one waiting connection a turn of the loop.
# asyncio's own loop takes all that wait, as far as the backlog says, in one turn, and one would expect a
# faster loop to do the same. Seen: of 20 clients that are connected before the loop turns, asyncio has
# 20 after three turns and uvloop has fewer than ten after eight. Who waits a few turns and then closes
# the listening socket resets clients that the system had accepted; a burst of new clients waits for
# as many turns as it has connections.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvloop==0.23.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import socket

import uvloop


class Count(asyncio.Protocol):
    made = 0

    def connection_made(self, transport):
        Count.made += 1


async def after_turns(turns):
    Count.made = 0
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Count, "127.0.0.1", 0, backlog=128)
    address = server.sockets[0].getsockname()
    clients = [socket.create_connection(address, timeout=10) for _ in range(20)]
    made = []
    for _ in range(turns):
        await asyncio.sleep(0)
        made.append(Count.made)
    server.close()
    for client in clients:
        client.close()
    return made


plain, fast = asyncio.run(after_turns(8)), uvloop.run(after_turns(8))
print("asyncio:", plain)
print("uvloop:", fast)
assert plain[-1] == 20
assert fast[-1] < 10
PYTHON
