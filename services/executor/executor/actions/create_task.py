"""Create a task in the CRM, linked to the record."""

from typing import Any

from automations.definition.actions.create_task import CreateTaskParams
from executor.actions.performer import Answer, Circumstances, Output, Performer
from executor.actions.requests import CrmCall, Request


def render(params: CreateTaskParams, circumstances: Circumstances) -> Request:
    event = circumstances.event
    body: dict[str, Any] = {"title": params.title}
    if event.record_id is not None and event.object is not None:
        body["record"] = {"type": event.object, "id": event.record_id}
    if params.due_in is not None:
        body["due_at"] = (circumstances.at + params.due_in).isoformat().replace("+00:00", "Z")
    for name in ("description", "assignee", "priority"):
        if (value := getattr(params, name)) is not None:
            body[name] = value
    return CrmCall(method="POST", path="/tasks", body=body)


def read(request: Request, answer: Answer, _circumstances: Circumstances) -> Output:
    assert isinstance(request, CrmCall)
    body = answer.get("body") or {}
    return {"id": body.get("id"), "title": body.get("title", request.body["title"])}


def simulate(request: Request, circumstances: Circumstances) -> Answer:
    assert isinstance(request, CrmCall)
    return {"status": 201, "body": {**request.body, "id": f"dry-run:{circumstances.key}"}}


CREATE_TASK = Performer("create_task", render, read, simulate)
