#!/usr/bin/env bash
# brutils 2.5.0 says that a CPF as it is printed on every document is none.
# People write 529.982.247-25, and validators for Brazil take it with dots and hyphen or without, as
# python-stdnum 2.2 and validate-docbr 2.0.1 do. Seen: is_valid_cpf of brutils takes eleven digits and
# nothing else, although its own format_cpf returns the other form; and its is_valid_cnpj takes the
# letters that a CNPJ may have since 2026 in capitals only, where the others take both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  brutils==2.5.0 python-stdnum==2.2 validate-docbr==2.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import brutils
from stdnum.br import cnpj, cpf
from validate_docbr import CNPJ, CPF

digits = "52998224725"
printed = brutils.format_cpf(digits)
print("printed:", printed)
found = {
    "brutils": (brutils.is_valid_cpf(digits), brutils.is_valid_cpf(printed)),
    "stdnum": (cpf.is_valid(digits), cpf.is_valid(printed)),
    "validate-docbr": (CPF().validate(digits), CPF().validate(printed)),
}
print("digits alone, and as printed:", found)
assert printed == "529.982.247-25"
assert found.pop("brutils") == (True, False)
assert set(found.values()) == {(True, True)}

example = "12ABC34501DE35"  # the tax office's own
small = example.lower()
takes_small = [brutils.is_valid_cnpj(small), cnpj.is_valid(small), CNPJ().validate(small)]
print("a CNPJ in small letters:", takes_small)
assert brutils.is_valid_cnpj(example)
assert takes_small == [False, True, True]
PYTHON
