"""Bring the console's translations up to its texts, and compile them.

Usage: python -m tools.catalogue

Texts are Portuguese in templates and in the code (`said`). What has no translation yet is left
empty in `console.po`, and printed; a test holds both files to the texts.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parent.parent
CONSOLE: Final = ROOT / "authorizer" / "console"
FOLDER: Final = CONSOLE / "locale" / "en" / "LC_MESSAGES"
HEADER: Final = "# The console in English. Written by `make catalogue`; translate in here.\n"
_WHENEVER: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The same file is written whenever it is."""
_METHODS: Final = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
_KEYWORDS: Final = {"said": None, "_": None, "gettext": None}


def main() -> int:
    """Write both files anew; 1 where a text has no translation."""
    catalogue = up_to_date()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "console.po").write_bytes(as_po(catalogue))
    (FOLDER / "console.mo").write_bytes(as_mo(catalogue))
    missing = untranslated(catalogue)
    for text in missing:
        print(f"no translation: {text}", file=sys.stderr)
    print(f"{len(catalogue)} texts, {len(missing)} without a translation")
    return 1 if missing else 0


def up_to_date() -> Catalog:
    """The translations there are, of the texts there are."""
    found = FOLDER / "console.po"
    known = read_po(io.BytesIO(found.read_bytes()), locale="en") if found.exists() else Catalog()
    catalogue = Catalog(locale="en", header_comment=HEADER, fuzzy=False)
    for text in texts():
        message = known.get(text)
        catalogue.add(text, message.string if message else "")
    return catalogue


def texts() -> list[str]:
    """All texts of the console, in order."""
    options = {"**/templates/**.html": {"trim_blocks": "true", "newstyle_gettext": "false"}}
    extracted = extract_from_dir(str(CONSOLE), _METHODS, options, _KEYWORDS)
    return sorted({str(found[2]) for found in extracted})


def untranslated(catalogue: Catalog) -> list[str]:
    """The texts without a translation."""
    return [str(message.id) for message in catalogue if message.id and not message.string]


def as_po(catalogue: Catalog) -> bytes:
    """The file that people write translations into; it tells no times, so it changes with texts."""
    written = io.BytesIO()
    write_po(written, catalogue, sort_output=True, omit_header=True, width=100)
    head = f'{HEADER}msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    return head.encode() + written.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """The file that the server reads."""
    plain = Catalog(locale="en", fuzzy=False, creation_date=_WHENEVER, revision_date=_WHENEVER)
    for message in catalogue:
        if message.id and message.string:
            plain.add(message.id, message.string)
    written = io.BytesIO()
    write_mo(written, plain)
    return written.getvalue()


if __name__ == "__main__":
    sys.exit(main())
