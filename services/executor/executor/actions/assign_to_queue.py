"""Put the record into a queue of the CRM."""

from urllib.parse import quote, unquote

from automations.definition.actions.assign_to_queue import AssignToQueueParams
from executor.actions.performer import Answer, Circumstances, Output, Performer, record_of
from executor.actions.requests import CrmCall, Request


def render(params: AssignToQueueParams, circumstances: Circumstances) -> Request:
    path = f"/queues/{quote(params.queue_id, safe='')}/items"
    return CrmCall(method="POST", path=path, body={"record": record_of(circumstances)})


def read(_request: Request, answer: Answer, circumstances: Circumstances) -> Output:
    body = answer.get("body") or {}
    return {"queue_id": body.get("queue_id"), "record_id": circumstances.event.record_id, **_position(body)}


def _position(body: Answer) -> Output:
    return {"position": body["position"]} if "position" in body else {}


def simulate(request: Request, _circumstances: Circumstances) -> Answer:
    assert isinstance(request, CrmCall)
    queue_id = unquote(request.path.split("/")[2])
    return {"status": 201, "body": {"queue_id": queue_id, "record": request.body["record"]}}


ASSIGN_TO_QUEUE = Performer("assign_to_queue", render, read, simulate)
