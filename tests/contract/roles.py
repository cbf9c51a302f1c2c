"""Who may ask for what, written down by hand: nothing here is taken from what the code declares.

A new endpoint, or another role, has to be written here as well as there.
"""

from __future__ import annotations

from typing import Final

ANYBODY: Final = "anybody"
"""No key is needed."""

_TABLE: Final = """
    POST   /transactions                          terminal
    POST   /transaction                           terminal
    POST   /authorize                             terminal
    POST   /transactions/batch                    terminal
    GET    /accounts/{account}                    atendente supervisor operador auditor
    PUT    /accounts/{account}                    operador
    POST   /accounts/{account}/credits            operador
    GET    /accounts/{account}/transactions       atendente supervisor operador auditor
    GET    /accounts/{account}/balances           atendente supervisor operador auditor
    POST   /accounts/{account}/adjustments        operador
    PUT    /accounts/{account}/status             operador
    GET    /accounts/{account}/authorizations     atendente supervisor operador auditor
    POST   /accounts/{account}/authorizations     terminal
    GET    /accounts/{account}/authorizations/{id}  atendente supervisor operador auditor
    POST   /accounts/{account}/authorizations/{id}/increments  terminal
    POST   /accounts/{account}/authorizations/{id}/captures    terminal operador
    POST   /accounts/{account}/authorizations/{id}/reversals   terminal operador
    POST   /accounts/{account}/authorizations/{id}/refunds  terminal operador atendente supervisor
    POST   /accounts/{account}/decisions          terminal atendente supervisor operador auditor
    GET    /accounts/{account}/limits             atendente supervisor operador auditor
    GET    /accounts/{account}/limits/{name}      atendente supervisor operador auditor
    PUT    /accounts/{account}/limits/{name}      operador
    DELETE /accounts/{account}/limits/{name}      operador
    GET    /limits                                atendente supervisor operador auditor
    GET    /limits/{name}                         atendente supervisor operador auditor
    PUT    /limits/{name}                         operador
    DELETE /limits/{name}                         operador
    GET    /merchants                             operador auditor
    PUT    /merchants                             operador
    DELETE /merchants                             operador
    GET    /clientes                              atendente supervisor auditor
    GET    /clientes/{cliente_id}                 atendente supervisor auditor
    PUT    /clientes/{cliente_id}                 atendente supervisor
    GET    /clientes/{cliente_id}/operacoes       atendente supervisor auditor
    GET    /clientes/{cliente_id}/interacoes      atendente supervisor auditor
    GET    /clientes/{cliente_id}/dados-pessoais  atendente supervisor
    DELETE /clientes/{cliente_id}/dados-pessoais  supervisor
    GET    /clientes/{cliente_id}/acessos         supervisor auditor
    POST   /clientes/{cliente_id}/chamados        atendente supervisor
    GET    /cartoes/{cartao_id}                   atendente supervisor auditor
    POST   /cartoes/{cartao_id}/bloqueio          atendente supervisor
    POST   /cartoes/{cartao_id}/desbloqueio       atendente supervisor
    GET    /cartoes/{cartao_id}/limite            atendente supervisor
    PUT    /cartoes/{cartao_id}/limite            atendente supervisor
    GET    /cartoes/{cartao_id}/controles         atendente supervisor operador auditor
    PUT    /cartoes/{cartao_id}/controles         atendente supervisor
    POST   /cartoes/{cartao_id}/substituicao      atendente supervisor
    GET    /chamados                              atendente supervisor auditor
    GET    /chamados/{protocolo}                  atendente supervisor auditor
    POST   /chamados/{protocolo}/interacoes       atendente supervisor
    POST   /chamados/{protocolo}/atendimento      atendente supervisor
    POST   /chamados/{protocolo}/espera           atendente supervisor
    POST   /chamados/{protocolo}/prioridade       atendente supervisor
    POST   /chamados/{protocolo}/resolucao        atendente supervisor
    POST   /chamados/{protocolo}/reabertura       atendente supervisor
    POST   /chamados/{protocolo}/fechamento       atendente supervisor
    GET    /relatorios/atendimento                atendente supervisor operador auditor
    GET    /relatorios/transacoes                 atendente supervisor operador auditor
    GET    /events                                operador auditor
    GET    /metrics                               operador auditor
    GET    /health                                anybody
    GET    /openapi.json                          anybody
    GET    /docs                                  anybody
    GET    /docs/assets/{name}                    anybody
"""

ROLES: Final = frozenset(("terminal", "atendente", "supervisor", "operador", "auditor"))


def _rows() -> dict[str, frozenset[str]]:
    lines = [line.split() for line in _TABLE.strip().splitlines()]
    return {f"{method} {path}": frozenset(roles) for method, path, *roles in lines}


EXPECTED: Final = _rows()
"""The roles that may make each call, by method and path."""
