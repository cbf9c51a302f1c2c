"""Looks for a person's data in every byte of a folder, in whatever way it may be written there."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path

from authorizer.domain.sealing import Sealed
from authorizer.persistence.privacy.keyring import Keyring

BASE64 = re.compile(rb"[A-Za-z0-9+/]{8,}")
SEALED = re.compile(rb"v1:[A-Za-z0-9+/]+=*")


def leaks(folder: Path, secrets: Iterable[str]) -> list[str]:
    """Where which of the secrets are found, in any form, case folded."""
    forms = [(secret, form) for secret in secrets for form in set(forms_of(secret))]
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            raw = path.read_bytes()
            folded = raw.lower()
            in_base64 = b"\n".join(BASE64.findall(raw))  # much less to look through
            found += [
                f"{path.relative_to(folder)}: {secret!r}"
                for secret, (form, is_base64) in forms
                if form in (in_base64 if is_base64 else folded)
            ]
        found += [f"{path.name}: {secret!r}" for secret in secrets if secret in path.name]
    return found


def forms_of(secret: str) -> Iterator[tuple[bytes, bool]]:
    """The ways in which a text may be written, and whether they are base64: its case counts."""
    for text in {secret, secret.lower(), secret.upper()}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1"):
            data = text.encode(encoding, "replace")
            yield data.lower(), False
            yield from ((part, True) for part in _in_base64(data))
        yield json.dumps(text)[1:-1].lower().encode(), False
        yield text.encode().hex().encode(), False


def _in_base64(data: bytes) -> Iterator[bytes]:
    """What of a text is sure to stand in the base64 of anything that holds it."""
    for shift in range(3):
        encoded = b64encode(bytes(shift) + data)
        begin = 0 if shift == 0 else 4
        end = len(encoded) // 4 * 4 - (4 if (shift + len(data)) % 3 else 0)
        if end - begin >= 8:
            yield encoded[begin:end]


def opened(folder: Path, keys: Keyring, customer_ids: Iterable[str]) -> str:
    """Everything in a folder that these customers' keys open."""
    texts = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            sealed = {match.decode() for match in SEALED.findall(path.read_bytes())}
            for customer_id in customer_ids:
                texts += [keys.open(customer_id, Sealed(text)) or "" for text in sealed]
    return "\n".join(texts)
