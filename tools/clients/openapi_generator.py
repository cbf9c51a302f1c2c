# mypy: ignore-errors
"""What openapi-generator made for Python does: an account, a customer, a purchase, a block.

Usage: python openapi_generator.py URL, with the generated `openapi_client` on the path.
"""

import sys

import openapi_client as made

client = made.ApiClient(made.Configuration(host=sys.argv[1]))
card = {
    "cartao_id": "og-card",
    "numero_mascarado": "**** **** **** 1111",
    "bandeira": "Visa",
    "status": "ativo",
    "limite_total": 3000.0,
}
customer = {"cliente_id": "og", "nome": "Maria Souza", "cpf": "987.654.321-00", "cartoes": [card]}
purchase = {
    "account": "og-account",
    "totalAmount": 25.9,
    "mcc": "5411",
    "merchant": "MERCADO CENTRAL            SAO PAULO BR",
}
ticket = {"assunto": "a", "descricao": "d", "categoria": "c", "canal": "App Mobile"}

opened = made.AccountsApi(client).put_accounts_account_with_http_info(
    "og-account", made.AccountDocument.from_dict({"balances": {"FOOD": 100.0}})
)
assert opened.status_code == 201, opened
customers = made.ClientesApi(client)
taken = customers.put_clientes_cliente_id_with_http_info(
    "og", made.CustomerDocument.from_dict(customer), if_none_match="*"
)
assert taken.status_code == 201, taken
for _ in range(2):
    decided = made.TransactionsApi(client).post_transactions_with_http_info(
        made.Transaction.from_dict(purchase), idempotency_key="og-1"
    )
    assert decided.data.code == "00", decided
headers = {name.lower(): value for name, value in decided.headers.items()}
assert headers.get("authorizer-replayed") == "true", headers
blocked = made.CartoesApi(client).post_cartoes_cartao_id_bloqueio(
    "og-card",
    made.TicketedBlockDocument.from_dict({"motivo": "perda", "canal": "App Mobile"}),
)
assert blocked.status == "bloqueado", blocked
told = customers.post_clientes_cliente_id_chamados("og", made.TicketDocument.from_dict(ticket))
assert told.protocolo
assert told.status == "aberto", told
