#!/usr/bin/env bash
# sqlalchemy 2.1.9: postgresql:// means psycopg 3.
# In all of 2.0, and in most documents, the bare name means psycopg2, so one would expect an old URL to go
# on asking for it. Seen: the driver of "postgresql://db/x" is psycopg. A program whose range allows both
# versions needs another package for the same setting, depending on which is installed; only a URL that
# names its driver (postgresql+psycopg://) means one thing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sqlalchemy==2.1.9
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import importlib.metadata

from sqlalchemy.engine import make_url

driver = make_url("postgresql://db/x").get_dialect().driver
print("sqlalchemy", importlib.metadata.version("sqlalchemy"), "takes", driver)
assert driver == "psycopg"
PYTHON
