"""The page `/`: what a person sees of the demo CRM, and two forms that make an event happen.

Pure. Everything that came from outside is escaped.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from demo_crm.changes import JsonObject
from demo_crm.seed import PRIORITIES, STAGES

SHOWN = 15
_STYLE = (Path(__file__).parent / "page.css").read_text()
_TONES = {"critical": "red", "high": "amber", "closed_won": "green", "closed_lost": "grey", "closed": "grey"}
_HEADINGS = {"Amount": "number", "Changed (UTC)": "time", "Due (UTC)": "time"}
_REFRESH = """
const live = document.getElementById('live');
setInterval(async () => {
  if (document.hidden || live.contains(document.activeElement) || String(getSelection())) return;
  try {
    const answer = await fetch('/page/live');
    if (answer.ok) live.innerHTML = await answer.text();
  } catch { /* the demo CRM is away; the page stays as it was */ }
}, 2000);
"""


@dataclass(frozen=True)
class Listing:
    """The newest of a kind, and how many there are."""

    items: Sequence[JsonObject]
    total: int


@dataclass(frozen=True)
class QueueView:
    """A queue, the records at its front by name, and how many it holds."""

    queue_id: str
    name: str
    records: Sequence[tuple[str, str, str]]
    """Type, id and name of each."""
    total: int


@dataclass(frozen=True)
class PageContent:
    """Everything that the page shows."""

    cases: Listing
    opportunities: Listing
    tasks: Listing
    notes: Listing
    contacts: Listing
    mails: Listing
    slack: Listing
    webhooks: Listing
    queues: Sequence[QueueView]
    events_waiting: int
    problem: str | None


def render_page(content: PageContent) -> str:
    """Return the whole page."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Demo CRM</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>"
        "<header><h1>Demo CRM</h1><p>A made-up CRM. Each change here is published as an event, "
        "and what Automations does about it shows up on this page.</p></header><main>"
        f'<div class="forms">{_case_form(content)}{_stage_form(content)}</div>'
        f'<div class="live" id="live">{render_live(content)}</div></main><script>{_REFRESH}</script></body></html>'
    )


def render_live(content: PageContent) -> str:
    """Return the part of the page that renews itself."""
    left = (
        _section("Cases", content.cases, _case_table, "No cases. Create one above.")
        + _section("Opportunities", content.opportunities, _opportunity_table, "No opportunities.")
        + _section("Tasks", content.tasks, _task_table, "No tasks. An automation’s step can put one here.")
        + _section("Notes", content.notes, _list_of(_note), "No notes.")
    )
    right = (
        _events(content)
        + _queues(content.queues)
        + _section("Slack messages", content.slack, _list_of(_slack), "No Slack messages received.")
        + _section("Mails", content.mails, _list_of(_mail), "No mails received.")
        + _section("Webhooks", content.webhooks, _list_of(_webhook), "No webhooks received.")
    )
    return f'<div class="column">{left}</div><div class="column">{right}</div>'


def _case_form(content: PageContent) -> str:
    contacts = [(str(contact["id"]), str(contact.get("name", contact["id"]))) for contact in content.contacts.items]
    return (
        '<form method="post" action="/page/cases"><h2>Create a case</h2>'
        '<label class="wide">What is wrong<input name="name" required maxlength="200" '
        'value="Portal rejects every login"></label>'
        f"{_select('priority', 'Priority', [(name, name) for name in PRIORITIES], 'critical')}"
        f"{_select('contact_id', 'Contact', contacts, None)}"
        "<button>Create case</button></form>"
    )


def _stage_form(content: PageContent) -> str:
    opportunities = [
        (str(record["id"]), f"{_text(record, 'name')} ({_words(record.get('stage'))})")
        for record in content.opportunities.items
    ]
    return (
        '<form method="post" action="/page/stages"><h2>Change an opportunity’s stage</h2>'
        f"{_select('opportunity_id', 'Opportunity', opportunities, None, wide=True)}"
        f"{_select('stage', 'New stage', [(name, _words(name)) for name in STAGES], 'negotiation')}"
        "<button>Change stage</button></form>"
    )


def _select(name: str, label: str, options: list[tuple[str, str]], chosen: str | None, *, wide: bool = False) -> str:
    rendered = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in options
    )
    kind = ' class="wide"' if wide else ""
    return f'<label{kind}>{label}<select name="{name}">{rendered}</select></label>'


def _section(title: str, listing: Listing, render: Callable[[Sequence[JsonObject]], str], empty: str) -> str:
    shown = len(listing.items)
    count = f"newest {shown} of {listing.total}" if listing.total > shown else str(listing.total)
    inside = render(listing.items) if shown else f'<p class="empty">{empty}</p>'
    return f"<section><h2>{title} <small>{count}</small></h2>{inside}</section>"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th class="{_HEADINGS.get(heading, "")}">{heading}</th>' for heading in headings)
    body = "".join("<tr>" + "".join(cells) + "</tr>" for cells in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _case_table(records: Sequence[JsonObject]) -> str:
    return _table(
        ("Case", "Priority", "Status", "Queue", "Changed (UTC)"),
        [
            (
                _named("case", record, _text(record, "account_name")),
                _toned(record.get("priority")),
                _toned(record.get("status")),
                _cell(record.get("queue")),
                _time_cell(record.get("updated_at")),
            )
            for record in records
        ],
    )


def _opportunity_table(records: Sequence[JsonObject]) -> str:
    return _table(
        ("Opportunity", "Stage", "Owner", "Amount", "Changed (UTC)"),
        [
            (
                _named("opportunity", record, _text(record, "account_name")),
                _toned(record.get("stage")),
                _cell(record.get("owner_name") or record.get("owner")),
                f'<td class="number">{_amount(record.get("amount"))}</td>',
                _time_cell(record.get("updated_at")),
            )
            for record in records
        ],
    )


def _task_table(records: Sequence[JsonObject]) -> str:
    return _table(
        ("Task", "For", "About", "Due (UTC)"),
        [
            (
                _named("task", {**record, "name": record.get("title")}, _text(record, "description")[:160]),
                _cell(record.get("assignee")),
                _cell(_reference(record.get("record"))),
                _time_cell(record.get("due_at")),
            )
            for record in records
        ],
    )


def _events(content: PageContent) -> str:
    if content.problem is not None:
        state = f'<span class="amber">{escape(content.problem)}</span>'
    elif content.events_waiting:
        state = "Being published"
    else:
        state = '<span class="green">All published</span>'
    waiting = f"{content.events_waiting} waiting" if content.events_waiting else ""
    return f'<section><h2>Events <small>{waiting}</small></h2><p class="empty">{state}</p></section>'


def _queues(queues: Sequence[QueueView]) -> str:
    return f"<section><h2>Queues <small>{len(queues)}</small></h2>{''.join(map(_queue, queues))}</section>"


def _queue(queue: QueueView) -> str:
    items = "".join(f"<li>{_link(record_type, record_id, name)}</li>" for record_type, record_id, name in queue.records)
    more = queue.total - len(queue.records)
    items += f'<li class="soft">and {more} more</li>' if more else ""
    heading = f"<h3>{escape(queue.name)} <small>{queue.total}</small></h3>"
    return heading + (f"<ul>{items}</ul>" if items else '<p class="empty">Empty.</p>')


def _list_of(render: Callable[[JsonObject], str]) -> Callable[[Sequence[JsonObject]], str]:
    return lambda items: "<ul>" + "".join(f"<li>{render(item)}</li>" for item in items) + "</ul>"


def _note(note: JsonObject) -> str:
    return _aside(f"{_reference(note.get('record'))} · {_time(note.get('created_at'))}") + _body(note.get("text"))


def _slack(message: JsonObject) -> str:
    channel = f"{message['channel']} · " if message.get("channel") else ""
    text = message.get("text") or json.dumps(message.get("blocks") or message.get("attachments"))
    return _aside(channel + _time(message.get("received_at"))) + _body(text)


def _mail(mail: JsonObject) -> str:
    about = _aside(f"to {_text(mail, 'to')} · {_time(mail.get('received_at'))}")
    return f"<strong>{escape(_text(mail, 'subject') or '(no subject)')}</strong>{about}{_body(mail.get('text'))}"


def _webhook(call: JsonObject) -> str:
    about = _aside(f"{_text(call, 'method')} {_text(call, 'path')} · {_time(call.get('received_at'))}")
    return about + _body(json.dumps(call.get("body"), ensure_ascii=False))


def _aside(text: str) -> str:
    return f'<div class="soft">{escape(text)}</div>'


def _body(value: object) -> str:
    text = "" if value is None else str(value).strip()
    return f"<p>{escape(text[:600] + ('…' if len(text) > 600 else ''))}</p>"


def _named(record_type: str, record: JsonObject, below: str) -> str:
    name = _text(record, "name") or str(record["id"])
    aside = _aside(" · ".join(part for part in (str(record["id"]), below) if part and part != name))
    return f"<td>{_link(record_type, str(record['id']), name)}{aside}</td>"


def _link(record_type: str, record_id: str, name: str) -> str:
    address = f"/records/{quote(record_type, safe='')}/{quote(record_id, safe='')}"
    return f'<a href="{escape(address)}">{escape(name)}</a>'


def _cell(value: object) -> str:
    return f"<td>{escape('–' if value is None or value == '' else str(value))}</td>"


def _toned(value: object) -> str:
    tone = _TONES.get(str(value), "")
    return f'<td class="plain {tone}">{escape(_words(value))}</td>'


def _time_cell(value: object) -> str:
    return f'<td class="plain soft time">{escape(_time(value))}</td>'


def _time(value: object) -> str:
    """Day and time in UTC, as on the wire."""
    try:
        return datetime.fromisoformat(str(value)).strftime("%d %b %H:%M:%S")
    except ValueError:
        return "–"


def _amount(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return escape("–" if value is None else str(value))
    return f"{value:,.0f}"


def _words(value: object) -> str:
    return "–" if value is None or value == "" else str(value).replace("_", " ")


def _text(record: JsonObject, name: str) -> str:
    value = record.get(name)
    return "" if value is None else str(value)


def _reference(value: object) -> str:
    return str(value.get("id", "–")) if isinstance(value, dict) else "–"
