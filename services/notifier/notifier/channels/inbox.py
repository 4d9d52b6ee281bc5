"""The inbox inside the product: api shows it from the same message, so handing it on is all there is to do."""

from typing import Any

from automations.contracts.notifications import SendNotification
from notifier.channels.channel import Refused


class InboxChannel:
    """Takes what is meant for users of the product."""

    async def send(self, message: SendNotification, sent_to: set[str]) -> dict[str, Any]:
        if not message.to:
            raise Refused("invalid", "A message to the inbox needs a user; name one.")
        return {"notification_id": message.key, "to": list(message.to)}

    async def close(self) -> None:
        """There is no connection."""
