#!/usr/bin/env bash
# orjson 3.13.0: each small result of dumps() keeps far more memory than it says.
# sys.getsizeof gives 40 bytes for b'{"i":0}', so one would expect 100,000 kept results to cost 4 MB and
# the list. Seen: they cost some 4 kB each, 400 MB; the buffer is shortened in place and the allocator
# gives nothing back. A copy of the bytes costs what it says. Who keeps results must copy them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check orjson==3.13.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import orjson


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def bytes_each(make, count=20_000):
    kept = []
    before = resident_bytes()
    for number in range(count):
        kept.append(make(number))
    return (resident_bytes() - before) / count


size = sys.getsizeof(orjson.dumps({"i": 0}))
as_is = bytes_each(lambda number: orjson.dumps({"i": number}))
copied = bytes_each(lambda number: bytes(bytearray(orjson.dumps({"i": number}))))
print(f"getsizeof {size} bytes; kept as it is {as_is:.0f} bytes each, copied {copied:.0f}")
assert size < 100
assert as_is > 900
assert copied < 200
PYTHON
