#!/usr/bin/env bash
# openapi-python-client 0.29.1 leaves a whole operation out of the client for a header that is a constant.
# {"type": "string", "const": "*"} is how If-None-Match: * is described, and in a query or a body a
# const becomes a Literal; one would expect that, or an error. Seen: "Endpoint will not be generated"
# among the warnings, exit status 0, and no function for the call. With a pattern it is there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openapi-python-client==0.29.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json
import subprocess
import sys
from pathlib import Path


def functions(schema):
    header = {"name": "If-None-Match", "in": "header", "required": False, "schema": schema}
    call = {
        "operationId": "put_thing",
        "tags": ["things"],
        "parameters": [header],
        "responses": {"204": {"description": "done"}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "things", "version": "1"},
        "paths": {"/things": {"put": call}},
    }
    Path("document.json").write_text(json.dumps(document))
    generator = str(Path(sys.executable).with_name("openapi-python-client"))
    command = [generator, "generate", "--path", "document.json", "--output-path", "client"]
    done = subprocess.run(
        [*command, "--meta", "none", "--overwrite"], capture_output=True, text=True
    )
    print(schema, "exit", done.returncode, "warned", "will not be generated" in done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.name for path in Path("client").rglob("put_thing.py")}


assert functions({"type": "string", "pattern": "^[*]$"}) == {"put_thing.py"}
assert functions({"type": "string", "const": "*"}) == set()
PYTHON
