"""A real SMTP server that keeps what it receives and answers as a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class ReceivedMail:
    """One mail as it was accepted or turned away."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.content, policy=policy.default)


@dataclass
class MailServer:
    """What was offered so far, and what to answer to an address and to a mail."""

    port: int = 0
    offered: list[ReceivedMail] = field(default_factory=list)
    answer_recipient: Callable[[str], str] = lambda _address: "250 OK"
    answer_mail: Callable[[ReceivedMail], str] = lambda _mail: "250 OK"
    _speaks: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._speaks.set()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Take mails and answer to none while inside; those that still wait are answered on the way out."""
        self._speaks.clear()
        try:
            yield
        finally:
            self._speaks.set()

    def to(self, address: str) -> list[ReceivedMail]:
        """Return the mails offered for an address."""
        return [mail for mail in self.offered if address in mail.recipients]

    # The names below are those that aiosmtpd calls.

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answer_recipient(address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        mail = ReceivedMail(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        self.offered.append(mail)
        await self._speaks.wait()
        return self.answer_mail(mail)


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """Yield a mail server on a free loopback port."""
    server = MailServer()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: SMTP(server, hostname="test", enable_SMTPUTF8=True, loop=loop), host="127.0.0.1", port=0
    )
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
