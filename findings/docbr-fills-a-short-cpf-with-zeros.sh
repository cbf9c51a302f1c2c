#!/usr/bin/env bash
# validate-docbr 2.0.1 fills a CPF that is too short with zeros before it checks it.
# A CPF has eleven digits, so one would expect "191" to be refused. Seen: "191" is valid, since
# 000.000.001-91 is; a customer's number from a spreadsheet that dropped the zeros passes unnoticed,
# and is then stored with three digits. python-stdnum 2.2 refuses it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check validate-docbr==2.0.1 python-stdnum==2.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from stdnum.br import cpf
from validate_docbr import CPF

print("validate-docbr:", CPF().validate("191"), " stdnum:", cpf.is_valid("191"))
assert CPF().validate("191") is True
assert CPF().validate("00000000191") is True
assert cpf.is_valid("191") is False
PYTHON
