#!/usr/bin/env bash
# uvicorn 0.54.0 with httptools 0.9.0 drops the body of a POST that offers an upgrade to HTTP/2.
# A server may pass over Upgrade (RFC 9110, 7.8), and uvicorn does: it answers in HTTP/1.1. So one would
# expect the application to get the request as it is; curl --http2 and Java's HttpClient send such a
# first request. Seen: the headers arrive, content-length 5 among them, and the body is empty; the
# parser takes what follows for the other protocol's. With h11 0.16.0 the body is there.
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
request = (
    b"POST /a HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nContent-Length: 5\r\n\r\nhello"
)
for parser, body in (("httptools", b"body=b''"), ("h11", b"body=b'hello'")):
    answer = served(request, "--http", parser)
    print(parser, answer.rpartition(b"\r\n")[2].decode())
    assert body in answer
PYTHON
