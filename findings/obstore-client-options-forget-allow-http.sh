#!/usr/bin/env bash
# obstore 0.12.1: client options given to `from_url` put out AWS_ALLOW_HTTP of the environment.
# One would expect a timeout, given beside the environment, to change the timeout alone. Seen: with
# any `client_options` the variable is not looked at any more, and every request to an http://
# endpoint fails as "builder error" (BadScheme), though the same store works without them. Whoever
# leaves the endpoint to the environment gives no client options, or `allow_http` with them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check obstore==0.12.1
AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION=us-east-1 AWS_ALLOW_HTTP=true \
  "$folder/venv/bin/python" - <<'PYTHON'
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

asked = []


class Store(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        self.send_response(200)
        for name, value in (
            ("Content-Length", "5"),
            ("ETag", '"x"'),
            ("Last-Modified", "Sun, 29 Nov 2026 00:00:00 GMT"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Store)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{server.server_port}"

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

assert bytes(obstore.get(from_url("s3://bucket"), "a").bytes()) == b"hello"
print("without options: asked for", asked)
try:
    obstore.get(from_url("s3://bucket", client_options={"timeout": "30s"}), "a")
except BaseError as error:
    print("with a timeout:", str(error).partition("\n")[0])
    assert "builder error" in str(error), error
    assert "BadScheme" in str(error), error
else:
    raise SystemExit("it has changed: the environment counts beside client options")
assert len(asked) == 1
both = from_url("s3://bucket", client_options={"timeout": "30s", "allow_http": True})
assert bytes(obstore.get(both, "a").bytes()) == b"hello"
PYTHON
