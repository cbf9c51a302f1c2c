"""Templates made into answers, in the language of whoever asks, a little at a time."""

import asyncio
import gettext
import io
import time
from collections.abc import Callable, Mapping
from pkgutil import get_data
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import override

from authorizer.actors.entity import OffLoop
from authorizer.console import words
from authorizer.console.formats import LANGUAGES, PORTUGUESE, Formats
from authorizer.http.api.made_once import MadeOnce

LANGUAGE_COOKIE: Final = "console-lang"
TURN_SECONDS: Final = 0.001
"""How long a template is filled before other tasks of the loop have their turn."""
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

Translate = Callable[[str], str]


class _Compiled(BytecodeCache):
    """Compiled templates, in memory: the second language takes those of the first."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    @override
    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    @override
    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


class Rendering:
    """The templates, once for each language.

    They are compiled for the first page that somebody asks for: half a second in a thread, for
    which no start waits.
    """

    def __init__(self, zone: ZoneInfo, off_loop: OffLoop) -> None:
        compiled = _Compiled()
        self._environments = {
            language: _environment(Formats(language, zone), compiled) for language in LANGUAGES
        }
        self._compiled = MadeOnce(off_loop, self._compile)

    def translate(self, request: Request) -> Translate:
        """What puts a text of the console into the language of whoever asks."""
        found: Translate = self._environments[language_of(request)].globals["gettext"]  # type: ignore[assignment]
        return found

    async def page(
        self, request: Request, template: str, status: int = 200, **context: Any
    ) -> Response:
        """A page. `context` is what the template shows, besides the language and the path."""
        await self._compiled.get()
        language = language_of(request)
        body = await _filled(
            self._environments[language],
            template,
            {"language": language, "path": request.url.path, **context},
        )
        return Response(body, status, dict(HEADERS), media_type="text/html; charset=utf-8")

    def _compile(self) -> None:
        for environment in self._environments.values():
            for name in environment.list_templates():
                environment.get_template(name)


def language_of(request: Request) -> str:
    """The language that was chosen; Portuguese without a choice."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, PORTUGUESE)
    return chosen if chosen in LANGUAGES else PORTUGUESE


async def _filled(environment: Environment, name: str, context: Mapping[str, Any]) -> str:
    """A template filled: a long page takes many ms, and no purchase waits for them."""
    parts = []
    until = time.perf_counter() + TURN_SECONDS
    for part in environment.get_template(name).generate(context):
        parts.append(part)
        if time.perf_counter() >= until:
            await asyncio.sleep(0)
            until = time.perf_counter() + TURN_SECONDS
    return "".join(parts)


def _environment(formats: Formats, compiled: BytecodeCache) -> Environment:
    environment = Environment(
        loader=PackageLoader("authorizer.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=compiled,
        extensions=["jinja2.ext.i18n"],
    )
    # The old style: a translated text is plain, and escaped as any other is.
    catalogue = _catalogue(formats.language)
    environment.install_gettext_translations(catalogue, newstyle=False)  # type: ignore[attr-defined]
    # The extension's own `_` makes a context anew in loops: a fifth of a long page's time.
    environment.globals["_"] = catalogue.gettext
    environment.filters |= formats.filters()
    environment.globals |= {"words": words, "zone": formats.zone.key}
    return environment


def _catalogue(language: str) -> gettext.NullTranslations:
    """Portuguese is what templates are written in."""
    if language == PORTUGUESE:
        return gettext.NullTranslations()
    compiled = get_data(__package__, f"locale/{language}/LC_MESSAGES/console.mo")
    assert compiled is not None
    return gettext.GNUTranslations(io.BytesIO(compiled))
