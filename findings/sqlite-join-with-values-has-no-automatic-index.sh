#!/usr/bin/env bash
# SQLite (apsw 3.54.1.0): values that are joined as a table get no automatic index.
# To look many keys up, one puts them into `WITH asked (…) AS (VALUES (?, ?), …)` and joins. A table
# without an index gets an automatic one for the time of the query, so one would expect that of the
# keys. Seen: where the other column is TEXT, each of its rows is compared with every key, which for
# 250 keys and 32,768 rows took forty times as long as it need. The columns of VALUES have no type
# of their own, and an index of such can't serve a comparison as TEXT. `CAST(? AS TEXT)` within
# VALUES brings the index, but a cast around it in another SELECT does not; `(…) IN (SELECT … FROM
# asked)` looks keys up too. What each does is told by EXPLAIN QUERY PLAN, so nothing is timed here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apsw==3.54.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import apsw

print("SQLite", apsw.sqlite_lib_version())
database = apsw.Connection(":memory:")
database.execute("CREATE TABLE line (position INTEGER PRIMARY KEY, account TEXT, id TEXT)")
database.executemany(
    "INSERT INTO line VALUES (?, ?, ?)", [(n, f"a{n % 50}", f"t{n}") for n in range(5000)]
)
KEYS = [text for n in range(200) for text in (f"a{n % 50}", f"t{n}")]
BOUND = ", ".join(["(?, ?)"] * 200)
CAST = ", ".join(["(CAST(? AS TEXT), CAST(? AS TEXT))"] * 200)
OUTSIDE = f"SELECT CAST(column1 AS TEXT), CAST(column2 AS TEXT) FROM (VALUES {BOUND})"
JOIN = "CROSS JOIN asked WHERE line.account = asked.account AND line.id = asked.id"
IN = "WHERE (account, id) IN (SELECT account, id FROM asked)"


def plan(asked, rest):
    query = f"WITH asked (account, id) AS ({asked}) SELECT position FROM line {rest}"
    assert len(list(database.execute(query, KEYS))) == 200
    return [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {query}", KEYS)]


seen = {
    "VALUES, joined": plan(f"VALUES {BOUND}", JOIN),
    "VALUES with casts, joined": plan(f"VALUES {CAST}", JOIN),
    "casts around VALUES, joined": plan(OUTSIDE, JOIN),
    "VALUES, by IN": plan(f"VALUES {BOUND}", IN),
}
for what, steps in seen.items():
    print(f"{what}: {steps}")
has_index = {what: any("AUTOMATIC" in step for step in steps) for what, steps in seen.items()}
assert has_index == {
    "VALUES, joined": False,
    "VALUES with casts, joined": True,
    "casts around VALUES, joined": False,
    "VALUES, by IN": False,
}
assert any("LIST SUBQUERY" in step for step in seen["VALUES, by IN"])
assert seen["VALUES, joined"][-1] == "SCAN asked"
PYTHON
