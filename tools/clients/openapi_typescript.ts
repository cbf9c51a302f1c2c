// What the types of openapi-typescript are good for: requests that compile, and are answered.
// Usage: node openapi_typescript.js URL

import type { components } from "./api";

type Schemas = components["schemas"];

declare const process: { argv: string[] };

const url = process.argv[2];

async function send<T>(method: string, path: string, body: unknown, status: number): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

function check(holds: boolean, what: unknown): void {
  if (!holds) throw new Error(JSON.stringify(what));
}

async function main(): Promise<void> {
  const account: Schemas["AccountDocument"] = { balances: { FOOD: 100, MEAL: 50, CASH: 20 } };
  const customer: Schemas["CustomerDocument"] = {
    cliente_id: "ts",
    nome: "Maria Souza",
    cpf: "987.654.321-00",
    cartoes: [
      {
        cartao_id: "ts-card",
        numero_mascarado: "**** **** **** 1111",
        bandeira: "Visa",
        status: "ativo",
        limite_total: 3000,
      },
    ],
  };
  const purchase: Schemas["Transaction"] = {
    id: "ts-1",
    account: "ts-account",
    totalAmount: 25.9,
    mcc: "5411",
    merchant: "MERCADO CENTRAL            SAO PAULO BR",
  };
  const block: Schemas["TicketedBlockDocument"] = { motivo: "perda", canal: "App Mobile" };
  const ticket: Schemas["TicketDocument"] = {
    assunto: "a",
    descricao: "d",
    categoria: "c",
    canal: "App Mobile",
  };
  await send<Schemas["Account"]>("PUT", "/accounts/ts-account", account, 201);
  await send<Schemas["Customer"]>("PUT", "/clientes/ts", customer, 201);
  const decision = await send<Schemas["Decision"]>("POST", "/transactions", purchase, 200);
  check(decision.code === "00", decision);
  const card = await send<Schemas["BlockedCard"]>("POST", "/cartoes/ts-card/bloqueio", block, 200);
  check(card.status === "bloqueado", card);
  const opened = await send<Schemas["Ticket"]>("POST", "/clientes/ts/chamados", ticket, 201);
  check(opened.status === "aberto" && opened.protocolo !== "", opened);
}

void main();
