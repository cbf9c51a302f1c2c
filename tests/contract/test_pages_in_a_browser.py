"""In a browser: `/docs` loads by itself alone and makes calls; pages of others credit nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from playwright.sync_api import expect

from tests.support.chromium import Chromium, launched_or_skipped
from tests.support.documents import purchase
from tests.support.server import Server
from tests.support.waiting import PATIENCE_S

CALL = "#operations-operations-get_health"
STATUS = f"{CALL} .live-responses-table .response .response-col_status"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with launched_or_skipped() as found:
        yield found


def test_the_page_lists_all_calls_and_makes_some(
    browser: Chromium, server: Server, new_id: Callable[[], str]
) -> None:
    with browser.visitor(server) as visitor:
        page = visitor.page
        visitor.open("/docs")
        page.click(f"{CALL} .opblock-summary-control")
        page.click(f"{CALL} .execute")
        expect(page.locator(STATUS)).to_have_text("200")
        # what the page posts carries an Origin, and is our own
        put = f"fetch('/accounts/{new_id()}', {{method: 'PUT', body: '{{}}'}})"
        assert page.evaluate(f"{put}.then((answer) => answer.status)") == 201
        described = server.client.get("/openapi.json").json()["paths"]
        assert page.locator(".opblock").count() == sum(map(len, described.values()))
        assert f"{visitor.home}/health" in visitor.requests
        assert visitor.foreign == []
        assert visitor.errors == []


HEARD = """(account) => new Promise((heard) => {
    const types = [], source = new EventSource(`/events?limit=1&account=${account}`);
    source.onmessage = (message) => {
        types.push(JSON.parse(message.data).type);
        if (types.length === 3) { source.close(); heard(types); }
    };
})"""


def test_a_browser_comes_again_for_the_event_behind_the_last(
    browser: Chromium, server: Server, new_id: Callable[[], str]
) -> None:
    """Each stream ends after one event, so the browser says by itself which it has heard."""
    account = server.client.open_account(new_id(), CASH="10.00")
    assert server.client.authorize(purchase(account, "1.00")).code == "00"
    assert server.client.authorize(purchase(account, "100.00")).code == "51"
    with browser.visitor(server) as visitor:
        visitor.open("/docs")
        assert visitor.page.evaluate(HEARD, account) == [
            "account_opened",
            "transaction_approved",
            "transaction_declined",
        ]


class EvilPage(BaseHTTPRequestHandler):
    """A page on another port, which posts wherever its address says."""

    def do_GET(self) -> None:
        page = b"""<!doctype html><title>x</title><script>
            const [target, account] = location.hash.slice(1).split("*");
            const credit = JSON.stringify({id: "x", category: "CASH", amount: 1000});
            fetch(`${target}/accounts/${account}/credits`,
                  {method: "POST", mode: "no-cors", body: credit}).finally(() => { done = true; });
            </script>"""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        pass


def test_a_page_of_somebody_else_credits_nothing(
    browser: Chromium, server: Server, new_id: Callable[[], str]
) -> None:
    account = server.client.open_account(new_id(), CASH="10.00")
    evil = HTTPServer(("127.0.0.1", 0), EvilPage)
    serving = Thread(target=evil.serve_forever)
    serving.start()
    try:
        with browser.visitor(server) as visitor:
            home = f"http://127.0.0.1:{evil.server_address[1]}"
            visitor.page.goto(f"{home}/#{visitor.home}*{account}")
            visitor.page.wait_for_function("typeof done !== 'undefined'")
            assert any(url.endswith("/credits") for url in visitor.requests)
    finally:
        evil.shutdown()
        serving.join(PATIENCE_S)
        evil.server_close()
    assert server.client.balances(account)["CASH"] == "10.00"
