"""What `deploy/` has is looked at by the programs that it is for, and runs."""

from __future__ import annotations

import datetime
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from authorizer.settings.loading import load_settings
from authorizer.settings.model import Settings
from tests.support.command_line import done
from tests.support.server import PATIENT, PROJECT, MakeServer, Server, free_port
from tests.support.waiting import until

DEPLOY: Final = PROJECT / "deploy"
DOCUMENTS: Final = ("docs", "operations.md")
UNITS: Final = ("authorizer.service", "authorizer-backup.service", "authorizer-backup.timer")
METRIC: Final = re.compile(r"\bauthorizer_[a-z_]+")


def program(name: str, package: str) -> str:
    """A program's path. Where it is missing the test is skipped, and fails where `CI` is set."""
    found = shutil.which(name, path=f"{PROJECT / '.venv' / 'bin'}:{os.environ['PATH']}:/usr/sbin")
    if found is None:
        text = f"{name} is missing: apt-get install {package}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(text)
    return str(found)


def checked(*command: object) -> str:
    """What a command prints that must succeed."""
    words = [str(word) for word in command]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


# --- the image -----------------------------------------------------------------------------------


def test_hadolint_has_nothing_to_say_of_the_dockerfile() -> None:
    checked(program("hadolint", "nothing: make environment"), DEPLOY / "Dockerfile")


def test_the_image_copies_what_is_there_and_runs_as_nobody() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for words in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE):
        assert all((PROJECT / word).exists() for word in words.split())
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE) == ["10001:10001"]
    assert "# Development only" in (PROJECT / "constraints.txt").read_text(encoding="utf-8")


def test_the_images_health_check_asks_the_server(make_server: MakeServer) -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    command = json.loads(text.partition("HEALTHCHECK")[2].partition("CMD ")[2].partition("\n")[0])
    server = make_server(*PATIENT, "--reports", "false").start()
    here = [word.replace(":8080", f":{server.port}") for word in command]
    checked(*here)
    server.stop()
    assert subprocess.run(here, capture_output=True, check=False).returncode == 1


# --- systemd -------------------------------------------------------------------------------------


@pytest.fixture
def units(tmp_path: Path) -> dict[str, Path]:
    """The units with the program where it is here: systemd looks whether it is there."""
    here = str(PROJECT / ".venv" / "bin" / "authorizer")
    made = {name: tmp_path / name for name in UNITS}
    for name, path in made.items():
        text = (DEPLOY / name).read_text(encoding="utf-8")
        assert "/opt/authorizer/bin/authorizer " in text or name.endswith(".timer")
        path.write_text(text.replace("/opt/authorizer/bin/authorizer", here), encoding="utf-8")
    return made


def test_systemd_takes_the_units(units: dict[str, Path]) -> None:
    told = checked(program("systemd-analyze", "systemd"), "verify", "--man=no", *units.values())
    assert told == ""


def test_the_server_is_confined(units: dict[str, Path]) -> None:
    analyze = program("systemd-analyze", "systemd")
    confined = ("security", "--offline=yes", "--no-pager", "--threshold=20")
    assert "exposure level" in checked(analyze, *confined, units["authorizer.service"])


def test_the_unit_restarts_after_the_exit_statuses_that_the_page_says() -> None:
    unit = RawConfigParser(strict=False)
    unit.read_string((DEPLOY / "authorizer.service").read_text(encoding="utf-8"))
    rules = unit["Service"]
    page = PROJECT.joinpath(*DOCUMENTS).read_text(encoding="utf-8")
    assert "restart it after 74, and after a signal" in page
    assert "Status 1 and 2 need a person" in page
    assert rules["Restart"] == "on-failure"
    assert rules["RestartForceExitStatus"] == "74"
    assert rules["RestartPreventExitStatus"] == "1 2"
    assert rules["KillMode"] == "mixed"


@pytest.mark.parametrize("name", ["authorizer.service", "authorizer-backup.service"])
def test_the_commands_of_the_units_have_options_that_there_are(name: str) -> None:
    for command in re.findall(r"^ExecStart=\S+ (.*)$", (DEPLOY / name).read_text(), re.MULTILINE):
        told = done(command.split()[0], "--help")
        assert all(flag in told for flag in re.findall(r"--[\w-]+", command))


# --- nginx ---------------------------------------------------------------------------------------


@contextmanager
def counted(server: Server) -> Iterator[tuple[int, Callable[[], int]]]:
    """A port that leads to a server, and how many connections were made to it."""
    listening = socket.create_server(("127.0.0.1", 0))
    made: list[socket.socket] = []

    def pump(source: socket.socket, to: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                to.sendall(data)
        except OSError:
            pass

    def accept() -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            behind = socket.create_connection(("127.0.0.1", server.port))
            made.extend((client, behind))
            for pair in ((client, behind), (behind, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1], lambda: len(made) // 2
    finally:
        listening.close()
        for one in made:
            one.close()


def certificate(folder: Path) -> Path:
    """A key, and a certificate of this machine's name that it signs itself; the latter's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8
    (folder / "tls.crt").write_bytes(made.public_bytes(pem))
    (folder / "tls.key").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return folder / "tls.crt"


def nginx_conf(folder: Path, port: int, upstream: int) -> Path:
    """The configuration with other ports and places, and without a user's rights."""
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for old, new in (
        ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/authorizer/", f"{folder}/"),
        ("worker_processes auto;", f"worker_processes 1;\npid {folder}/pid;\ndaemon off;"),
    ):
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    text = text.replace("http {\n", f"http {{\n{places}", 1)
    path = folder / "nginx.conf"
    path.write_text(text, encoding="utf-8")
    return path


def has_pid(file: Path, pid: int) -> bool:
    """Whether nginx has begun to listen: it writes its id then. `nginx -t` makes an empty file."""
    return file.read_text(encoding="utf-8").strip() == str(pid)


def test_nginx_speaks_tls_and_keeps_connections(make_server: MakeServer, tmp_path: Path) -> None:
    nginx = program("nginx", "nginx-light")
    server = make_server(*PATIENT, "--reports", "false").start()
    server.client.open_account("1", CASH="1000.00")
    authority, port = certificate(tmp_path), free_port()
    context = ssl.create_default_context(cafile=str(authority))
    with counted(server) as (upstream, connections):
        conf = nginx_conf(tmp_path, port, upstream)
        words = [nginx, "-p", str(tmp_path), "-e", str(tmp_path / "errors"), "-c", str(conf)]
        checked(*words, "-t")
        process = subprocess.Popen(words)
        try:
            is_up = partial(has_pid, tmp_path / "pid", process.pid)
            until(is_up, "started")
            client = http.client.HTTPSConnection("localhost", port, context=context)
            for number in range(20):
                bought = {"account": "1", "totalAmount": 1, "mcc": "9999", "merchant": "X"}
                client.request("POST", "/transactions", json.dumps({**bought, "id": f"{number}"}))
                answer = client.getresponse()
                assert (answer.status, answer.read()) == (200, b'{"code":"00"}')
            assert connections() == 1, "the proxy keeps its connection"
            client.request("GET", "/metrics")
            assert client.getresponse().status == 403
            client.close()
        finally:
            process.terminate()
            process.wait()


# --- Prometheus and Grafana ----------------------------------------------------------------------


def dashboard_queries() -> list[str]:
    """Every query of the dashboard, with the variables as Grafana fills them in."""
    panels = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))["panels"]
    written = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(written) > 30
    return [
        expr.replace("$job", "authorizer").replace("$__rate_interval", "1m") for expr in written
    ]


def metrics_of(server: Server) -> set[str]:
    """The names under which the server's metrics can be asked for."""
    text = server.client.get("/metrics").body.decode()
    kinds = re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE)
    names = {name for name, _ in kinds}
    parts = ("_bucket", "_sum", "_count")
    return names | {
        f"{name}{part}" for name, kind in kinds if kind == "histogram" for part in parts
    }


def test_rules_and_dashboard_name_metrics_that_there_are(server: Server) -> None:
    there = metrics_of(server)
    rules = (DEPLOY / "prometheus-rules.yml").read_text(encoding="utf-8")
    expressions = re.findall(r"expr: (?:>-\n +)?(.*)", rules)
    named = {name for text in (*expressions, *dashboard_queries()) for name in METRIC.findall(text)}
    assert len(named) > 25
    assert named - there == set()


def test_promtool_takes_the_rules() -> None:
    told = checked(
        program("promtool", "prometheus"), "check", "rules", DEPLOY / "prometheus-rules.yml"
    )
    assert "SUCCESS: 14 rules found" in told


def test_prometheus_answers_every_query_of_the_dashboard(server: Server, tmp_path: Path) -> None:
    prometheus, port = program("prometheus", "prometheus"), free_port()
    scrape = {
        "global": {"scrape_interval": "1s"},
        "rule_files": [str(DEPLOY / "prometheus-rules.yml")],
        "scrape_configs": [
            {
                "job_name": "authorizer",
                "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}],
            }
        ],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(scrape))  # JSON is YAML
    process = subprocess.Popen(
        [
            prometheus,
            f"--config.file={tmp_path}/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stderr=subprocess.DEVNULL,
    )

    def asked(query: str) -> Any:
        url = f"http://127.0.0.1:{port}/api/v1/query?{urlencode({'query': query})}"
        try:
            with urllib.request.urlopen(url) as answer:
                return json.load(answer)["data"]["result"]
        except OSError:
            return []

    try:
        until(lambda: asked("up == 1"), "scraped")
        for query in dashboard_queries():
            url = f"http://127.0.0.1:{port}/api/v1/query?{urlencode({'query': query})}"
            with urllib.request.urlopen(url) as answer:
                assert json.load(answer)["status"] == "success"
        assert asked('max(authorizer_accounts{job="authorizer"})')
    finally:
        process.terminate()
        process.wait()


# --- settings ------------------------------------------------------------------------------------


def test_the_example_of_settings_is_what_holds_by_default() -> None:
    path = DEPLOY / "authorizer.toml"
    given = tomllib.loads(path.read_text(encoding="utf-8"))
    settings = load_settings(path)
    usual = Settings.model_construct()
    assert len(given) > 15
    for name in given:
        assert getattr(settings, name) == getattr(usual, name), name
    hidden = re.findall(r"^# (\w+) = ", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(hidden) <= set(Settings.model_fields)
