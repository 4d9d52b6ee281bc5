"""Tell one user something, in the product's inbox."""

from automations.definition.actions.notify_user import NotifyUserParams
from executor.actions.performer import Answer, Circumstances, Output, Performer
from executor.actions.requests import Notify, Request


def render(params: NotifyUserParams, _circumstances: Circumstances) -> Request:
    return Notify(channel="inbox", to=(params.user,), body=params.message)


def read(request: Request, _answer: Answer, circumstances: Circumstances) -> Output:
    assert isinstance(request, Notify)
    return {"notification_id": circumstances.key, "user": request.to[0]}


def simulate(_request: Request, _circumstances: Circumstances) -> Answer:
    return {}


NOTIFY_USER = Performer("notify_user", render, read, simulate)
