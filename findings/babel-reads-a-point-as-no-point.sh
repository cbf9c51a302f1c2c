#!/usr/bin/env bash
# babel 2.19.0: parse_decimal("12.50", locale="pt_BR") is 1250, a hundred times as much.
# In Brazil the comma is before the cents and the point between the thousands. A form that is filled
# in with a point, as many programs write amounts, would be expected to fail, as "1.2.3,4,5" does, or
# to be 12.50. Seen: points are taken out wherever they stand, also where no thousands end: "1.5" is
# 15, "1.2.3.4" is 1234. `strict=True`, which is not the default, refuses them; "1.234" it must take
# for 1234.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check babel==2.19.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from decimal import Decimal

from babel.numbers import NumberFormatError, parse_decimal


def read(text, **options):
    try:
        return parse_decimal(text, locale="pt_BR", **options)
    except NumberFormatError as error:
        return type(error).__name__


texts = ("12,50", "12.50", "1.5", "1.2.3.4", "1.234", "1.2.3,4,5")
usual = {text: read(text) for text in texts}
strict = {text: read(text, strict=True) for text in texts}
for text in texts:
    print(f"{text!r}: {usual[text]}; strict: {strict[text]}")
assert usual == {
    "12,50": Decimal("12.50"),
    "12.50": Decimal(1250),
    "1.5": Decimal(15),
    "1.2.3.4": Decimal(1234),
    "1.234": Decimal(1234),
    "1.2.3,4,5": "NumberFormatError",
}
assert [text for text in texts if strict[text] == "NumberFormatError"] == [
    "12.50",
    "1.5",
    "1.2.3.4",
    "1.2.3,4,5",
]
PYTHON
