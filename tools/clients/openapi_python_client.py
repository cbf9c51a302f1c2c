# mypy: ignore-errors
"""What openapi-python-client made does: an account, a customer, a purchase, a block, a ticket.

Usage: python openapi_python_client.py URL, with the generated `authorizer_client` on the path.
"""

import sys

from authorizer_client import AuthenticatedClient
from authorizer_client.api.accounts import put_accounts_account
from authorizer_client.api.cartoes import post_cartoes_cartao_id_bloqueio
from authorizer_client.api.clientes import (
    post_clientes_cliente_id_chamados,
    put_clientes_cliente_id,
)
from authorizer_client.api.transactions import post_transactions
from authorizer_client.models import (
    AccountDocument,
    CustomerDocument,
    TicketDocument,
    TicketedBlockDocument,
    Transaction,
)

NO_KEY = "a server without keys asks for none"
client = AuthenticatedClient(sys.argv[1], token=NO_KEY, raise_on_unexpected_status=True)
balances = {"balances": {"FOOD": 100.0, "MEAL": 50.0, "CASH": 20.0}}
card = {
    "cartao_id": "py-card",
    "numero_mascarado": "**** **** **** 1111",
    "bandeira": "Visa",
    "status": "ativo",
    "limite_total": 3000.0,
}
customer = {"cliente_id": "py", "nome": "Maria Souza", "cpf": "987.654.321-00", "cartoes": [card]}
purchase = {
    "id": "py-1",
    "account": "py-account",
    "totalAmount": 25.9,
    "mcc": "5411",
    "merchant": "MERCADO CENTRAL            SAO PAULO BR",
}
block = {"motivo": "perda", "canal": "App Mobile"}
ticket = {"id": "py-1", "assunto": "a", "descricao": "d", "categoria": "c", "canal": "App Mobile"}

opened = put_accounts_account.sync_detailed(
    "py-account", client=client, body=AccountDocument.from_dict(balances)
)
assert opened.status_code == 201, opened
taken = put_clientes_cliente_id.sync_detailed(
    "py", client=client, body=CustomerDocument.from_dict(customer), if_none_match="*"
)
assert taken.status_code == 201, taken
for _ in range(2):
    decided = post_transactions.sync_detailed(
        client=client, body=Transaction.from_dict(purchase), idempotency_key="py-1"
    )
    assert decided.parsed.code == "00", decided
assert decided.headers["Authorizer-Replayed"] == "true"
blocked = post_cartoes_cartao_id_bloqueio.sync(
    "py-card", client=client, body=TicketedBlockDocument.from_dict(block)
)
assert blocked.status == "bloqueado", blocked
made = post_clientes_cliente_id_chamados.sync(
    "py", client=client, body=TicketDocument.from_dict(ticket)
)
assert made.protocolo
assert made.status == "aberto", made
