"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.people import PASSWORD, code_now
from tests.support.server import PROJECT, Server
from tests.support.waiting import PATIENCE_S

FLAGS: Final = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE: Final = PROJECT / "tests" / "support" / "axe_core" / "axe.min.js"
_RULES: Final = (
    "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
)


def chromium() -> str | None:
    """Where Chromium is; None where it is not installed."""
    return shutil.which("chromium")


class Chromium:
    """A browser, of which every visitor gets a context of their own: cookies of their own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @contextmanager
    def visitor(self, server: Server, host: str = "127.0.0.1", **options: Any) -> Iterator[Visitor]:
        """A page in a context of its own. `options` are Playwright's."""
        size = options.pop("viewport", {"width": 1280, "height": 800})
        context = self._browser.new_context(viewport=size, locale="pt-BR", **options)
        context.set_default_timeout(PATIENCE_S * 1000)
        try:
            yield Visitor(context.new_page(), f"http://{host}:{server.port}")
        finally:
            context.close()


class Visitor:
    """Somebody at a browser, and what went wrong in it."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.home = home
        self.errors: list[str] = []
        self.requests: list[str] = []
        """The addresses of all requests."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._heard)
        page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _asked(self, request: Any) -> None:
        self.requests.append(request.url)

    @property
    def foreign(self) -> list[str]:
        """The requests that went anywhere else."""
        return [url for url in self.requests if not url.startswith((self.home, "data:"))]

    def open(self, path: str) -> None:
        """Go to a page."""
        self.page.goto(self.home + path)

    def log_in(self, user_id: str) -> None:
        """Fill in the log-in form, and get where it leads."""
        self.open("/console/entrar")
        self.page.fill("#nome", user_id)
        self.page.fill("#senha", PASSWORD)
        self.page.fill("#codigo", code_now())
        self.press("Entrar")

    def press(self, name: str, **more: Any) -> None:
        """Press a button, and wait for the page that it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True, **more).click()

    def follow(self, name: str) -> None:
        """Click a link by its text, and wait for its page."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name, exact=True).first.click()

    @property
    def text(self) -> str:
        """What the page says."""
        return " ".join(self.page.inner_text("body").split())

    def barriers(self, rule: str | None = None) -> list[str]:
        """What axe-core finds on the page, or by one rule: each rule, and where it is broken."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        rules = _RULES if rule is None else f"{{runOnly: {{type: 'rule', values: ['{rule}']}}}}"
        found = self.page.evaluate(f"axe.run(document, {rules})")
        return [
            f"{broken['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:200]}"
            for broken in found["violations"]
            for node in broken["nodes"]
        ]


@contextmanager
def launched_or_skipped() -> Iterator[Chromium]:
    """A headless browser. Without Chromium the test is skipped; where `CI` is set it fails."""
    if chromium() is None:
        missing = "there is no Chromium: apt-get install chromium"
        assert not os.environ.get("CI"), missing
        pytest.skip(missing)
    with launched() as found:
        yield found


@contextmanager
def launched() -> Iterator[Chromium]:
    """A headless browser, which ends with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield Chromium(browser)
        finally:
            browser.close()
