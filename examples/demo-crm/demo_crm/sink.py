"""Takes in what Automations sends to people and to other systems, so that it can be looked at.

Mail comes by SMTP, Slack messages and webhooks by HTTP.

Invariants: nothing leaves this machine; a mail, message or call is kept before it is answered. An address that begins
with `bounce` is refused, to show what a failure looks like.
"""

import asyncio
import email
import email.policy
import json
from collections.abc import Mapping
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import APIRouter, Request, Response

from automations.clock import utc_now
from demo_crm.changes import JsonObject
from demo_crm.database import Database
from demo_crm.port import render_json, render_time
from demo_crm.requests import LARGEST_BODY_BYTES, Refused, validate_limit
from demo_crm.tables import Tables

KINDS = {"mails": "mail", "slack": "slack", "webhooks": "webhook"}


class MailSink:
    """An SMTP server that keeps every mail."""

    def __init__(self, database: Database, host: str, port: int) -> None:
        self._database = database
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(self, hostname="demo-crm", ident="Demo CRM mail sink", enable_SMTPUTF8=True),
            self._host,
            self._port,
        )

    async def stop(self) -> None:
        """Take no more mail."""
        if self._server is not None:
            self._server.close()

    # The names below are those that aiosmtpd calls.
    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take every recipient but those that are there to be refused."""
        if address.lower().startswith("bounce"):
            return f"550 5.1.1 The mailbox {address} does not exist"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail, then say so."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = render_mail(content, envelope.mail_from or "", envelope.rcpt_tos)
        mail["received_at"] = render_time(utc_now())
        await self._database.perform(lambda tables: tables.save_received("mail", mail))
        return "250 2.0.0 Kept"


def render_mail(content: bytes, sender: str, recipients: list[str]) -> JsonObject:
    """Return a received mail as it is listed: who, what, its text, and its headers."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return {
        "from": sender,
        "recipients": list(recipients),
        "to": str(message.get("to", ", ".join(recipients))),
        "subject": str(message.get("subject", "")),
        "message_id": _message_id(content),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "headers": {name: str(value) for name, value in message.items()},
    }


def sink_routes(database: Database) -> APIRouter:
    """Return the routes that take in and list what was sent."""
    router = APIRouter(prefix="/sink")

    @router.post("/slack")
    async def receive_slack(request: Request) -> Response:
        message = read_slack_message(await request.body())
        if message is None:
            return Response("invalid_payload", 400, media_type="text/plain")
        if not message.get("text") and not message.get("blocks") and not message.get("attachments"):
            return Response("no_text", 400, media_type="text/plain")
        await _keep(database, "slack", {**message, "headers": _headers(request.headers)})
        return Response("ok", media_type="text/plain")

    @router.api_route("/webhook", methods=["POST", "PUT", "PATCH", "DELETE"])
    @router.api_route("/webhook/{rest:path}", methods=["POST", "PUT", "PATCH", "DELETE"])
    async def receive_webhook(request: Request) -> Response:
        body = await request.body()
        if len(body) > LARGEST_BODY_BYTES:
            raise Refused(413, f"the body has {len(body)} bytes; at most {LARGEST_BODY_BYTES} are taken")
        call: JsonObject = {
            "method": request.method,
            "path": request.url.path,
            "query": dict(request.query_params),
            "headers": _headers(request.headers),
            "body": _read_body(body),
        }
        await _keep(database, "webhook", call)
        return render_json({"received": True})

    @router.get("/{name}")
    async def list_received(name: str, request: Request) -> Response:
        kind = KINDS.get(name)
        if kind is None:
            raise Refused(404, f"the sink has no {name!r}; it has {', '.join(KINDS)}")
        limit = validate_limit(request.query_params.get("limit"))

        def act(tables: Tables) -> JsonObject:
            return {"items": tables.load_received(kind, limit), "total": tables.count_received(kind)}

        return render_json(await database.perform(act))

    @router.delete("")
    async def empty_sink() -> Response:
        await database.perform(lambda tables: tables.delete_received())
        return Response(status_code=204)

    return router


def read_slack_message(body: bytes) -> JsonObject | None:
    """Return the message, or None if Slack would not understand it."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


async def _keep(database: Database, kind: str, content: JsonObject) -> None:
    content["received_at"] = render_time(utc_now())
    await database.perform(lambda tables: tables.save_received(kind, content))


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return dict(headers.items())


def _read_body(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def _message_id(content: bytes) -> str:
    """The header as it was sent; a parser that knows its grammar would cut it short where it is not kept to."""
    return str(email.message_from_bytes(content, policy=email.policy.compat32).get("message-id", "")).strip()


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    if part is None:
        return None
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):
        return "(this part cannot be read)"
