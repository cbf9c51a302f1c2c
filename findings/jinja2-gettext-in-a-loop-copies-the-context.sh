#!/usr/bin/env bash
# Jinja2 3.1.6: `_("text")` inside of a `for` that sets a variable copies all variables of the
# template at every call. One guesses that translating a text is a look-up in a dictionary. The `_`
# that the i18n extension puts in, with old-style gettext too, is a function that takes the context,
# and one that is called where a loop has variables of its own gets a context made anew, with every
# variable and global in it. Seen: 100 calls made 100 contexts; in a loop that sets nothing, and
# outside of one, none; with `_` set to the catalogue's own method none anywhere, and the same text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check Jinja2==3.1.6 MarkupSafe==3.0.3
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import gettext

from jinja2 import Environment
from jinja2.runtime import Context

made = []
derived = Context.derived
Context.derived = lambda self, locals=None: made.append(1) or derived(self, locals)
catalogue = gettext.NullTranslations()
BARE = "{% for n in range(100) %}{{ _('Quando') }}{% endfor %}"
LOOP = "{% for n in range(100) %}{% set m = n %}{{ _('Quando') }}{% endfor %}"


def contexts(source, plain):
    environment = Environment(extensions=["jinja2.ext.i18n"])
    environment.install_gettext_translations(catalogue, newstyle=False)
    if plain:
        environment.globals["_"] = catalogue.gettext
    del made[:]
    text = environment.from_string(source).render()
    return len(made), text


in_a_loop, text = contexts(LOOP, plain=False)
bare, _ = contexts(BARE, plain=False)
outside, _ = contexts("{{ _('Quando') }}" * 100, plain=False)
plain, same = contexts(LOOP, plain=True)
print("contexts made: where a loop sets a variable", in_a_loop, "- where it sets none", bare)
print("outside of a loop", outside, "- with the method itself", plain)
assert (in_a_loop, bare, outside, plain) == (100, 0, 0, 0)
assert text == same == "Quando" * 100
PYTHON
