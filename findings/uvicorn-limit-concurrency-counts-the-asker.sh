#!/usr/bin/env bash
# uvicorn 0.54.0: --limit-concurrency 1 answers 503 to everybody.
# The option is told as the number of concurrent connections or tasks before 503; one would expect 1 to
# let one request through at a time. Seen: the connection that asks is counted too, and the limit is
# reached when the number equals it, so N lets N - 1 connections be served, idle ones included.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import socket
import subprocess
import sys
import time
from pathlib import Path

Path("echo.py").write_text('''
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    answer = f"path={scope['path']} body={body!r}".encode()
    headers = [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
''')


def ask(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def served(request, *options):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "echo:app", "--fd", str(listening.fileno())]
        command += ["--log-level", "critical", *options]
        server = subprocess.Popen(command, pass_fds=[listening.fileno()])
        try:
            return ask(port, request)
        finally:
            server.terminate()
            server.wait(10)
request = b"GET /a HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n"
for limit, status in (("1", b"503"), ("2", b"200")):
    answer = served(request, "--limit-concurrency", limit)
    print("limit", limit, "answers", answer.splitlines()[0].decode())
    assert answer.split()[1] == status
PYTHON
