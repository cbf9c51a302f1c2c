#!/usr/bin/env bash
# locust 2.47.0: what the server has done and what the report counts differ, and nothing says so.
# One would expect the requests that are under way when the run time is over to be waited for, or to
# be failures. Seen: with the defaults each user's last request is cut off and is in no figure; no
# failure, exit status 0. Here ten users buy something that takes 0.7 s: the server had done ten
# purchases more than the report had. With `--stop-timeout` both are the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check locust==2.47.0
cd "$folder"
cat > locustfile.py <<'PYTHON'
from locust import HttpUser, task


class Buyer(HttpUser):
    @task
    def buy(self):
        self.client.post("/transactions", json={"totalAmount": 1})
PYTHON
"$folder/venv/bin/python" - <<'PYTHON'
import http.server
import json
import subprocess
import sys
import threading
import time


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sold = 0
    lock = threading.Lock()

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        with Shop.lock:
            Shop.sold += 1
        time.sleep(0.7)
        try:
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        pass


shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
threading.Thread(target=shop.serve_forever, daemon=True).start()


def missing(*more):
    Shop.sold = 0
    host = f"http://127.0.0.1:{shop.server_port}"
    command = [sys.executable, "-m", "locust", "--headless", "-u", "10", "-r", "10", "-t", "3s"]
    command += ["-H", host, "--json", "--skip-log", *more]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    entries = json.loads(ran.stdout)
    counted = sum(entry["num_requests"] for entry in entries)
    failed = sum(entry["num_failures"] for entry in entries)
    print(" ".join(more) or "defaults", "- sold:", Shop.sold, "counted:", counted, "failed:", failed)
    assert failed == 0 and counted > 0
    return Shop.sold - counted


assert 0 < missing() <= 10
assert missing("--stop-timeout", "10") == 0
PYTHON
