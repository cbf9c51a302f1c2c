#!/usr/bin/env bash
# uvicorn 0.54.0 on uvloop 0.23.0: after a pause of the process, requests that came in time are not read.
# The keep-alive timeout is for idle connections, so one would expect a request that arrives within it
# to be answered, if late. Seen: twenty clients send a second request at once after their first answer,
# well within the timeout of 1 s; the process is paused for 2 s (a busy host does the same); where the timers,
# due by then, run before the sockets are read, all twenty are closed without an answer. It was so in
# about half of the pauses. A client sees a reset for a request that was never looked at.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0 uvloop==0.23.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

Path("quiet.py").write_text('''
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
''')


def answer(client):
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""
    finally:
        client.close()


def lost_requests():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        command = [sys.executable, "-m", "uvicorn", "quiet:app", "--fd", str(listening.fileno())]
        command += ["--loop", "uvloop", "--timeout-keep-alive", "1", "--log-level", "critical"]
        server = subprocess.Popen(command, pass_fds=[listening.fileno()])
        try:
            address = listening.getsockname()
            clients = [socket.create_connection(address, timeout=20) for _ in range(20)]
            request = b"GET / HTTP/1.1\r\nHost: example.test\r\n\r\n"
            for client in clients:
                client.sendall(request)
                assert client.recv(65536).startswith(b"HTTP/1.1 200")
            os.kill(server.pid, signal.SIGSTOP)
            for client in clients:
                client.sendall(request)
            time.sleep(2)
            os.kill(server.pid, signal.SIGCONT)
            return sum(not answer(client) for client in clients)
        finally:
            server.send_signal(signal.SIGCONT)
            server.terminate()
            server.wait(10)


for pause in range(1, 21):
    lost = lost_requests()
    print(f"pause {pause}: {lost} of 20 requests without an answer")
    if lost:
        break
else:
    raise SystemExit("all were answered, twenty times")
PYTHON
