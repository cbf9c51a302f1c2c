#!/usr/bin/env bash
# pydantic-settings 2.16.3: a dict that two sources set is merged, not replaced.
# A source that wins replaces a number or a text of the other, so one would expect the same of a dict.
# Seen: an argument {"5411": "FOOD"} over an environment variable {"5812": "MEAL"} gives both; no source
# can take an entry of another away. The field's default alone is replaced as a whole.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pydantic-settings==2.16.3
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import os

from pydantic_settings import BaseSettings, SettingsConfigDict

os.environ["SHOP_WALLETS"] = '{"5812": "MEAL"}'


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")
    wallets: dict[str, str] = {"4111": "TRANSPORT"}


assert Settings().wallets == {"5812": "MEAL"}
both = Settings(wallets={"5411": "FOOD"}).wallets
print("argument over environment:", both)
assert both == {"5812": "MEAL", "5411": "FOOD"}
PYTHON
