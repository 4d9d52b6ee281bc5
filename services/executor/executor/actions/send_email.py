"""Send an e-mail, by way of notifier."""

from automations.contracts.identity import message_id
from automations.definition.actions.send_email import SendEmailParams
from executor.actions.addresses import read_addresses
from executor.actions.performer import Answer, Circumstances, NotPossible, Output, Performer
from executor.actions.requests import Notify, Request


def render(params: SendEmailParams, _circumstances: Circumstances) -> Request:
    to = read_addresses(params.to)
    if not to:
        raise NotPossible("`to` is empty once its names are filled in; it needs at least one address")
    return Notify(
        channel="email",
        to=to,
        cc=read_addresses(params.cc),
        subject=params.subject,
        body=params.body,
        sender=params.from_ or None,
    )


def read(request: Request, answer: Answer, _circumstances: Circumstances) -> Output:
    assert isinstance(request, Notify)
    return {**answer, "message_id": answer.get("message_id"), "to": list(request.to)}


def simulate(request: Request, circumstances: Circumstances) -> Answer:
    assert isinstance(request, Notify)
    return {"message_id": message_id(circumstances.key), "to": list(request.to)}


SEND_EMAIL = Performer("send_email", render, read, simulate)
