"""Send a message to Slack or another channel, by way of notifier."""

from automations.definition.actions.send_notification import SendNotificationParams
from executor.actions.addresses import read_addresses
from executor.actions.performer import Answer, Circumstances, Output, Performer
from executor.actions.requests import Notify, Request


def render(params: SendNotificationParams, _circumstances: Circumstances) -> Request:
    return Notify(channel=params.channel, to=read_addresses(params.to), body=params.message)


def read(request: Request, answer: Answer, circumstances: Circumstances) -> Output:
    assert isinstance(request, Notify)
    to = list(request.to) or answer.get("to")
    return {**answer, "notification_id": circumstances.key, "channel": request.channel, "to": to}


def simulate(_request: Request, _circumstances: Circumstances) -> Answer:
    return {}


SEND_NOTIFICATION = Performer("send_notification", render, read, simulate)
