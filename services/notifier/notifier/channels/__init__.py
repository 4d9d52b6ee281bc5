"""The channels that messages go out by, one file each; what they are called is in `open_channels`."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from notifier.channels.channel import Channel, NotNow, Refused
from notifier.channels.email import MailChannel
from notifier.channels.inbox import InboxChannel
from notifier.channels.slack import SlackChannel
from notifier.settings import MailSettings, SlackSettings

__all__ = ["Channel", "NotNow", "Refused", "open_channels"]


@asynccontextmanager
async def open_channels(mail: MailSettings, slack: SlackSettings) -> AsyncIterator[Mapping[str, Channel]]:
    """Yield every channel by the name that steps call it."""
    channels: dict[str, Channel] = {
        "email": MailChannel(mail),
        "inbox": InboxChannel(),
        "slack": SlackChannel(slack),
    }
    async with AsyncExitStack() as stack:
        for channel in channels.values():
            stack.push_async_callback(channel.close)
        yield channels
