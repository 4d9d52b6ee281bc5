"""Send an HTTP request to another system."""

import msgspec

from automations.definition.actions.call_webhook import CallWebhookParams
from executor.actions.performer import Answer, Circumstances, NotPossible, Output, Performer
from executor.actions.requests import Request, WebhookCall

_WITHOUT_BODY = frozenset({"GET", "DELETE"})


def render(params: CallWebhookParams, circumstances: Circumstances) -> Request:
    for name, value in params.headers.items():
        if not name or any(character in "\r\n\0" for character in name + value):
            raise NotPossible(f"the header {name!r} holds a line break; a header is one line")
    body = params.body
    if body is None and params.method not in _WITHOUT_BODY:
        event = msgspec.to_builtins(circumstances.event)
        record = event.pop("record", {})
        body = {"event": event, "record": record}
    return WebhookCall(method=params.method, url=params.url, headers=params.headers, body=body)


def read(_request: Request, answer: Answer, _circumstances: Circumstances) -> Output:
    return {name: answer.get(name) for name in ("status", "headers", "body")}


def simulate(_request: Request, _circumstances: Circumstances) -> Answer:
    return {"status": 200, "headers": {}, "body": None}


CALL_WEBHOOK = Performer("call_webhook", render, read, simulate)
