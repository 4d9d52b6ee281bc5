"""Change fields of the record."""

from urllib.parse import quote

from automations.definition.actions.update_field import UpdateFieldParams
from executor.actions.performer import Answer, Circumstances, Output, Performer, record_of
from executor.actions.requests import CrmCall, Request


def render(params: UpdateFieldParams, circumstances: Circumstances) -> Request:
    record = record_of(circumstances)
    path = f"/records/{quote(record['type'], safe='')}/{quote(record['id'], safe='')}"
    return CrmCall(method="PATCH", path=path, body=params.changes())


def read(request: Request, _answer: Answer, circumstances: Circumstances) -> Output:
    assert isinstance(request, CrmCall)
    return {"record_id": circumstances.event.record_id, "fields": request.body}


def simulate(request: Request, circumstances: Circumstances) -> Answer:
    assert isinstance(request, CrmCall)
    return {"status": 200, "body": {**circumstances.event.record, **request.body}}


UPDATE_FIELD = Performer("update_field", render, read, simulate)
