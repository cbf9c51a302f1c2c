#!/usr/bin/env bash
# uvicorn 0.54.0 closes the connection of an HTTP/1.0 client that asks to keep it.
# "Connection: keep-alive" is how HTTP/1.0 clients keep a connection, ApacheBench (ab -k) among them; one
# would expect it to be kept.
# Seen: both parsers answer "connection: close". A load test with ab -k measures new connections.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0 h11==0.16.0
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
request = b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
for parser in ("httptools", "h11"):
    answer = served(request, "--http", parser).lower()
    print(parser, [line.decode() for line in answer.splitlines() if b"connection" in line])
    assert answer.startswith(b"http/1.1 200")
    assert b"\r\nconnection: close\r\n" in answer
PYTHON
