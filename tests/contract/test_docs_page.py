"""`/docs` in a browser: it loads by itself alone, and a call can be made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.support.browser import Page, browsing, chromium
from tests.support.server import Server

CALL = "#operations-operations-get_health"
STATUS = f"{CALL} .live-responses-table .response .response-col_status"


@pytest.fixture
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    program = chromium()
    if program is None:
        missing = "there is no Chromium: apt-get install chromium"
        assert not os.environ.get("CI"), missing
        pytest.skip(missing)
    with browsing(program, tmp_path_factory.mktemp("browser")) as page:
        yield page


def test_the_page_lists_all_calls_and_makes_some(
    page: Page, server: Server, new_id: Callable[[], str]
) -> None:
    home = f"http://127.0.0.1:{server.port}/"
    page.open(f"{home}docs")
    page.click(f"{CALL} .opblock-summary-control")
    page.click(f"{CALL} .execute")
    status = page.wait_for(f"document.querySelector('{STATUS}')?.innerText")
    assert status == "200"
    # what the page posts carries an Origin, and is our own
    account = new_id()
    put = f"fetch('/accounts/{account}', {{method: 'PUT', body: '{{}}'}})"
    page.evaluate(f"{put}.then(answer => {{ window.put = answer.status; }})")
    assert page.wait_for("window.put") == 201
    listed = page.evaluate("document.querySelectorAll('.opblock').length")
    described = server.client.get("/openapi.json").json()["paths"]
    assert listed == sum(map(len, described.values()))
    assert f"{home}health" in page.requests
    foreign = [url for url in page.requests if not url.startswith((home, "data:"))]
    assert foreign == []
    assert page.errors == []
