#!/usr/bin/env bash
# locust 2.47.0: `catch_response=True` takes a request out of the report unless it stands in a `with`.
# One would expect that it only leaves it to the test to say whether the answer was right, and that
# one of which nothing is said counts as requests do without it. Seen: the answer comes, with its
# status, and the request is in no figure. Whoever calls `success()` or `failure()` gets an error that
# says so; whoever only looks at the answer gets none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check locust==2.47.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from locust import HttpUser
from locust.env import Environment
from locust.exception import LocustError

import http.server
import threading


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()


class Buyer(HttpUser):
    host = f"http://127.0.0.1:{server.server_port}"


environment = Environment(user_classes=[Buyer])
environment.create_local_runner()  # counts what is told to it
client = Buyer(environment).client
total = environment.stats.total


def seen(what):
    print(f"{what}: {total.num_requests} requests, {total.num_failures} failures")
    return total.num_requests, total.num_failures


client.get("/")
assert seen("plain") == (1, 0)
answer = client.get("/", catch_response=True)
assert answer.status_code == 200
assert seen("catch_response, no with") == (1, 0)
try:
    answer.success()
except LocustError as error:
    print("success(), no with:", str(error).splitlines()[0])
else:
    raise SystemExit("success() is no error without a with by now")
assert seen("and so it stays") == (1, 0)
with client.get("/", catch_response=True):
    pass
assert seen("catch_response in a with, nothing said") == (2, 0)
with client.get("/", catch_response=True) as answer:
    answer.failure("wrong")
assert seen("catch_response in a with, failure()") == (3, 1)
PYTHON
