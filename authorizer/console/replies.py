"""Texts that attendants begin with. They go to customers, so they stay in Portuguese."""

from typing import Final, NamedTuple

from authorizer.console.words import said


class Reply(NamedTuple):
    """A text to begin with."""

    title: str
    text: str

    def filled(self, customer: str, ticket_id: str, attendant: str) -> str:
        """The text, with whom and what it is about."""
        return self.text.format(cliente=customer, protocolo=ticket_id, atendente=attendant)


REPLIES: Final = {
    "recebido": Reply(
        said("Recebemos seu pedido"),
        "Olá, {cliente}! Recebemos seu pedido e já estamos cuidando dele. O protocolo é "
        "{protocolo}.\n\n{atendente}",
    ),
    "bloqueado": Reply(
        said("Cartão bloqueado"),
        "Olá, {cliente}! Seu cartão foi bloqueado e nenhuma compra nova é aprovada com ele. "
        "O protocolo é {protocolo}.\n\n{atendente}",
    ),
    "comprovante": Reply(
        said("Precisamos de um comprovante"),
        "Olá, {cliente}! Para seguir com o chamado {protocolo}, precisamos do comprovante da "
        "compra, ou de uma mensagem do estabelecimento. Pode nos enviar por aqui?\n\n{atendente}",
    ),
    "contestacao": Reply(
        said("Contestação em análise"),
        "Olá, {cliente}! A contestação da compra está em análise, sob o protocolo {protocolo}. "
        "Respondemos em até 7 dias.\n\n{atendente}",
    ),
    "resolvido": Reply(
        said("Resolvido"),
        "Olá, {cliente}! Seu pedido {protocolo} foi resolvido. Se algo ficou em aberto, é só "
        "responder por aqui.\n\n{atendente}",
    ),
}
"""By the word that names them in forms."""
