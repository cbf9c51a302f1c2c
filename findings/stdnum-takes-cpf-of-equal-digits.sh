#!/usr/bin/env bash
# python-stdnum 2.2 and validate-docbr 2.0.1 do not agree on which CPFs there are.
# 111.111.111-11 has right check digits, and is the best known example of a CPF that no person has.
# One would expect a validator for Brazil to refuse it, and to treat 000.000.000-00 like it. Seen:
# stdnum takes all ones to all nines and refuses all zeros; validate-docbr refuses all ten.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-stdnum==2.2 validate-docbr==2.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from stdnum.br import cpf
from validate_docbr import CPF

equal = [str(digit) * 11 for digit in range(10)]
stdnum_takes = [number for number in equal if cpf.is_valid(number)]
docbr_takes = [number for number in equal if CPF().validate(number)]
print("stdnum takes", stdnum_takes)
print("validate-docbr takes", docbr_takes)
assert stdnum_takes == equal[1:]
assert docbr_takes == []
PYTHON
