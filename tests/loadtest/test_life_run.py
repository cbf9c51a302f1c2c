"""The life shape against a real server, for a few seconds: the audit is clean, then it is not."""

from pathlib import Path

from loadtest.run import audit, parse, run_shape
from loadtest.shapes import LIFE
from tests.support.documents import Number
from tests.support.server import PATIENT, running


def test_a_short_life_balances_and_the_audit_names_the_account_that_no_longer_does(
    tmp_path: Path,
) -> None:
    options = parse(["--seconds", "3", "--users", "12", "--accounts", "12"])
    with running(tmp_path, *PATIENT) as server:
        ledger = run_shape(LIFE, options, server, tmp_path)
        assert (ledger.problems, ledger.wrong, ledger.lost, ledger.unsettled) == ([], 0, 0, 0)
        assert ledger.operations["authorization 00"] > 0
        assert ledger.operations["capture 00"] > 0
        assert audit(server.client, [ledger], ledger.expected_cents, "then") == []
        account, wallets = next(iter(ledger.expected_cents.items()))
        there = wallets["MEAL"]["available"]
        owed = wallets["MEAL"]["owed"]
        behind = {"id": "behind", "wallet": "MEAL", "amount": Number("0.01"), "reason": "spoilt"}
        answer = server.client.post(f"/accounts/{account}/adjustments", behind)
        assert answer.status == 201
        account_wrong, sum_wrong = audit(server.client, [ledger], ledger.expected_cents, "then")
    figure = f"owed {owed - 1}" if owed else f"available {there + 1}"
    assert account_wrong.startswith(f"then: {account} has, in centavos, MEAL {figure} instead of ")
    assert sum_wrong.startswith("then: life: all MEAL wallets have ")
