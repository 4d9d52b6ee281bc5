"""Serves the page, and does what its two forms ask for."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response

from automations.clock import utc_now
from demo_crm.changes import Cause, JsonObject
from demo_crm.crm import Writer
from demo_crm.database import Database
from demo_crm.outbox import Outbox
from demo_crm.page import SHOWN, Listing, PageContent, QueueView, render_live, render_page
from demo_crm.port import render_time
from demo_crm.requests import Refused
from demo_crm.seed import PRIORITIES, STAGES, render_contact_fields
from demo_crm.tables import Tables

_SHOWN_IN_QUEUE = 8
_CHOICES = 50
_PERSON = Cause(actor_type="user", actor_id="user-priya")


def page_routes(database: Database, outbox: Outbox, source: str) -> APIRouter:
    """Return the routes of the page."""
    router = APIRouter()

    @router.get("/")
    async def show_page() -> Response:
        content = await database.perform(lambda tables: load_content(tables, outbox.problem))
        return Response(render_page(content), media_type="text/html")

    @router.get("/page/live")
    async def show_live() -> Response:
        content = await database.perform(lambda tables: load_content(tables, outbox.problem))
        return Response(render_live(content), media_type="text/html")

    @router.post("/page/cases")
    async def create_case(request: Request) -> Response:
        form = await _read_form(request)
        if not form.get("name") or form.get("priority") not in PRIORITIES:
            raise Refused(400, f"name and priority are needed; priority is one of {', '.join(PRIORITIES)}")

        def act(tables: Tables) -> JsonObject:
            contact = tables.load_record("contact", form.get("contact_id", "")) or {}
            account = tables.load_record("account", str(contact.get("account_id"))) or {}
            known = {str(account.get("id")): account}
            fields = {"name": form["name"], "priority": form["priority"], "status": "new", "origin": "web"}
            return _writer(tables, source).create_record("case", fields | render_contact_fields(contact, known))

        await database.perform(act)
        outbox.wake()
        return _back()

    @router.post("/page/stages")
    async def change_stage(request: Request) -> Response:
        form = await _read_form(request)
        record_id, stage = form.get("opportunity_id"), form.get("stage")
        if not record_id or stage not in STAGES:
            raise Refused(400, f"opportunity_id and stage are needed; stage is one of {', '.join(STAGES)}")
        await database.perform(
            lambda tables: _writer(tables, source).change_record("opportunity", record_id, {"stage": stage})
        )
        outbox.wake()
        return _back()

    return router


def load_content(tables: Tables, problem: str | None) -> PageContent:
    """Return what the page shows: the newest of everything."""

    def records(record_type: str, most: int = SHOWN) -> Listing:
        return Listing(tables.find_records(record_type, {}, most), tables.count_records(record_type))

    def received(kind: str) -> Listing:
        return Listing(tables.load_received(kind, SHOWN), tables.count_received(kind))

    return PageContent(
        cases=records("case"),
        opportunities=records("opportunity"),
        tasks=records("task"),
        notes=records("note"),
        contacts=records("contact", _CHOICES),
        mails=received("mail"),
        slack=received("slack"),
        webhooks=received("webhook"),
        queues=[_load_queue(tables, queue) for queue in tables.load_queues()],
        events_waiting=tables.count_events(),
        problem=problem,
    )


def _load_queue(tables: Tables, queue: JsonObject) -> QueueView:
    queue_id = str(queue["id"])
    records: list[tuple[str, str, str]] = []
    for item in tables.load_queue_items(queue_id, _SHOWN_IN_QUEUE):
        reference = item["record"]
        assert isinstance(reference, dict)
        record_type, record_id = str(reference["type"]), str(reference["id"])
        record = tables.load_record(record_type, record_id) or {}
        records.append((record_type, record_id, str(record.get("name") or record_id)))
    return QueueView(queue_id, str(queue["name"]), records, tables.count_queue_items(queue_id))


def _writer(tables: Tables, source: str) -> Writer:
    return Writer(tables, _PERSON, source, render_time(utc_now()))


async def _read_form(request: Request) -> Mapping[str, str]:
    """The form's fields; a form that another site's page sent is refused."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused(403, "this form is only taken from the demo CRM's own page")
    fields = parse_qs((await request.body()).decode(errors="replace"))
    return {name: values[0].strip().replace("\0", "") for name, values in fields.items()}


def _back() -> Response:
    return Response(status_code=303, headers={"location": "/"})
