"""Mail by SMTP: plain text, UTF-8, with the same Message-ID on every attempt.

A mail server that takes a mail twice (an attempt whose answer was lost) hands on two mails with one
Message-ID; most mailboxes show one of them. Nothing a person wrote can add a header: addresses are checked
one by one, and a subject is one line.
"""

import asyncio
import re
import socket
from collections.abc import Iterable
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

import aiosmtplib

from automations.contracts.identity import message_id
from automations.contracts.notifications import SendNotification
from notifier.channels.channel import ATTEMPT_SECONDS, NotNow, Reached, Refused, quote_answer
from notifier.settings import MailSettings

_ATOM = r"[^\s@<>()\[\]\\,;:\".\x00-\x1f\x7f]+"
_DOTTED = rf"{_ATOM}(?:\.{_ATOM})*"
_ADDRESS = re.compile(
    rf"\s*(?:(?:\"(?P<quoted>[^\"\\]*)\"|(?P<name>[^<>\"@,;]*))\s*<(?P<inside>{_DOTTED}@{_DOTTED})>|(?P<bare>{_DOTTED}@{_DOTTED}))\s*"
)
_LONGEST_ADDRESS_CHARACTERS = 254
_LONGEST_SUBJECT_CHARACTERS = 998
_NOT_ONE_LINE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_HOST_NAME = socket.gethostname()


class MailChannel:
    """Sends mail through one mail server."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    async def send(self, message: SendNotification, sent_to: set[str]) -> dict[str, Any]:
        settings = self._settings
        if settings.smtp_host is None:
            raise Refused("not_configured", "Mail is not set up: set SMTP_HOST to the name of your mail server.")
        mail, sender, recipients = build_mail(message, settings.mail_from)
        password = settings.smtp_password
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                refused, _ = await aiosmtplib.send(
                    mail,
                    sender=sender,
                    recipients=recipients,
                    hostname=settings.smtp_host,
                    port=settings.smtp_port,
                    username=settings.smtp_username,
                    password=password.get_secret_value() if password else None,
                    local_hostname=_HOST_NAME,
                    timeout=ATTEMPT_SECONDS,
                    use_tls=settings.smtp_tls == "tls",
                    start_tls={"auto": None, "starttls": True}.get(settings.smtp_tls, False),
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise self._recipients_refused(error.recipients) from error
        except aiosmtplib.SMTPResponseException as error:
            raise self._answered(error) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise Refused("refused", f"{self._name} cannot take this mail: {quote_answer(error.message)}") from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            said = quote_answer(str(error)) or type(error).__name__
            reached: Reached = "not_sent" if isinstance(error, aiosmtplib.SMTPConnectError) else "unanswered"
            raise NotNow(f"{self._name} did not answer ({said})", reached=reached) from error
        except ValueError as error:
            raise Refused("invalid", f"The mail cannot be sent: {quote_answer(str(error))}") from error
        output: dict[str, Any] = {
            "message_id": message_id(message.key),
            "to": [address for address in recipients if address not in refused],
        }
        if refused:
            output["refused"] = {address: f"{code} {quote_answer(said)}" for address, (code, said) in refused.items()}
        return output

    async def close(self) -> None:
        """Each mail has a connection of its own; there is none to give up."""

    @property
    def _name(self) -> str:
        return f"The mail server {self._settings.smtp_host}:{self._settings.smtp_port}"

    def _recipients_refused(self, refusals: list[aiosmtplib.SMTPRecipientRefused]) -> Exception:
        lasting = [refusal for refusal in refusals if refusal.code >= 500]
        said = "; ".join(f"{one.recipient}: {one.code} {quote_answer(one.message)}" for one in lasting or refusals)
        if not lasting:
            return NotNow(f"{self._name} takes no mail for these addresses at present ({said})", reached="not_sent")
        return Refused("refused", f"{self._name} refused the addresses: {said}", {"code": lasting[0].code})

    def _answered(self, error: aiosmtplib.SMTPResponseException) -> Exception:
        """Return what an answer other than yes means; before the mail itself, nothing of it has left."""
        code = error.code
        answer = f"{code} {quote_answer(error.message)}"
        if 400 <= code < 500:
            reached: Reached = "answered" if isinstance(error, aiosmtplib.SMTPDataError) else "not_sent"
            return NotNow(f"{self._name} is not ready to take the mail ({answer})", reached=reached)
        return Refused("refused", f"{self._name} refused the mail: {answer}", {"code": code})


def build_mail(message: SendNotification, default_sender: str) -> tuple[EmailMessage, str, list[str]]:
    """Return the mail, the address it comes from, and those it goes to, each once.

    The date is the moment the message was asked for, so that every attempt sends the same bytes.

    Raises:
        Refused: an address is none, or there is nobody to send to.
    """
    sender = read_address(message.sender or default_sender, "sender")
    to = _read_addresses(message.to, "recipient")
    cc = _read_addresses(message.cc, "cc")
    if not to:
        raise Refused("invalid", "A mail needs at least one recipient; name one in `to`.")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = to
    if cc:
        mail["Cc"] = cc
    mail["Subject"] = _NOT_ONE_LINE.sub(" ", message.subject or "").strip()[:_LONGEST_SUBJECT_CHARACTERS]
    mail["Date"] = format_datetime(message.requested_at)
    mail["Message-ID"] = message_id(message.key)
    mail.set_content(message.body, charset="utf-8")
    recipients = list(dict.fromkeys(address.addr_spec for address in (*to, *cc)))
    return mail, sender.addr_spec, recipients


def _read_addresses(texts: Iterable[str], role: str) -> list[Address]:
    return [read_address(text, role) for text in texts]


def read_address(text: str, role: str) -> Address:
    """Return one address, with the name before it if there is one.

    Raises:
        Refused: it is not exactly one address.
    """
    found = None if _NOT_ONE_LINE.search(text) else _ADDRESS.fullmatch(text)
    address = found and (found["bare"] or found["inside"])
    if found and address and len(address) <= _LONGEST_ADDRESS_CHARACTERS:
        local, _, domain = address.rpartition("@")
        name = (found["quoted"] or found["name"] or "").strip()
        try:
            return Address(name, local, domain if domain.isascii() else domain.encode("idna").decode())
        except (ValueError, HeaderParseError, IndexError):
            pass
    shown = quote_answer(text)[:100]
    raise Refused("invalid", f'The {role} "{shown}" is no mail address; one looks like name@example.com.')
