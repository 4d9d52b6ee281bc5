"""Takes messages of the channel `inbox` off the notifications topic, so that people find them in the UI."""

from collections.abc import Sequence

from api.projection.consumer import BatchProjection
from api.projection.fold import Row
from api.projection.store import columns
from api.projection.store import queries as projection_queries
from automations.contracts.notifications import SendNotification, send_notification_reader
from automations.messaging.publisher import Publisher
from automations.postgres import Pool

CHANNEL = "inbox"


def inbox_projection(pool: Pool, publisher: Publisher) -> BatchProjection[SendNotification]:
    """Return what fills the inboxes; the same message again changes nothing."""

    async def apply(messages: Sequence[SendNotification]) -> None:
        rows = inbox_rows(messages)
        if rows:
            async with pool.acquire() as connection:
                await projection_queries.save_notifications(connection, **columns(rows))

    return BatchProjection(send_notification_reader.read, apply, publisher)


def inbox_rows(messages: Sequence[SendNotification]) -> list[Row]:
    """Return a row for every person that an inbox message is for; a dry message reaches nobody."""
    return [
        [m.tenant_id, m.key, person, m.subject, m.body, m.automation_id, m.run_id, m.requested_at]
        for m in messages
        if m.channel == CHANNEL and not m.dry_run
        for person in m.to
    ]
