#!/usr/bin/env bash
# SQLite (apsw 3.46.1.0): a connection that may only read makes files beside the database.
# With `mode=ro` one would expect a folder to stay as it is. Seen: reading a database in WAL mode
# that nobody has open makes `-wal` and `-shm` files beside it, and they stay when the reader has
# gone. So a tool that checks a folder byte by byte changes it, and root's check leaves files that
# belong to root. Only `immutable=1` reads without a trace, which is wrong beside a writer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apsw==3.46.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import os

import apsw

print("SQLite", apsw.sqlite_lib_version())
os.mkdir("data")
made = apsw.Connection("data/a.sqlite")
list(made.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (1)"))
made.close()
assert os.listdir("data") == ["a.sqlite"], os.listdir("data")

FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
traceless = apsw.Connection("file:data/a.sqlite?immutable=1", flags=FLAGS)
assert list(traceless.execute("SELECT n FROM t")) == [(1,)]
traceless.close()
assert os.listdir("data") == ["a.sqlite"], os.listdir("data")

reader = apsw.Connection("file:data/a.sqlite?mode=ro", flags=FLAGS)
assert list(reader.execute("SELECT n FROM t")) == [(1,)]
reader.close()
print("after a reader:", sorted(os.listdir("data")))
assert sorted(os.listdir("data")) == ["a.sqlite", "a.sqlite-shm", "a.sqlite-wal"]
PYTHON
