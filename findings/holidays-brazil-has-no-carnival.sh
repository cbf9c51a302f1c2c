#!/usr/bin/env bash
# holidays 0.109: Carnival and Corpus Christi are no holidays of Brazil, unless asked for.
# Shops, banks and service desks are closed on the Tuesday of Carnival, so one would expect it in the
# national list. Seen: the law names neither, they are in the category "optional" (pontos facultativos),
# and the exchange's calendar (BVMF) has both. A desk that counts working days needs more than the default.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check holidays==0.109
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import date

import holidays

carnival, corpus_christi = date(2026, 2, 17), date(2026, 6, 4)
national = holidays.country_holidays("BR", years=2026)
optional = holidays.country_holidays("BR", years=2026, categories=("optional",))
exchange = holidays.financial_holidays("BVMF", years=2026)
for day in (carnival, corpus_christi):
    print(day, "national", day in national, "optional", optional.get(day), "BVMF", day in exchange)
    assert day not in national
    assert day in optional
    assert day in exchange
PYTHON
