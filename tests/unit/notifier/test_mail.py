"""What a mail looks like, and that nothing a person writes can change more of it than was meant."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.contracts.identity import message_id
from automations.contracts.notifications import SendNotification
from notifier.channels.channel import Refused
from notifier.channels.email import build_mail, read_address

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = (
    "e251119a-3d18-5d76-a39e-7378ec2911d9:each_contact_of_the_account_with_a_long_name[12].send_the_weekly_summary_mail"
)


def asked(**more: Any) -> SendNotification:
    about: dict[str, Any] = {"to": ("kim@example.com",), "subject": "Hello", "body": "Text", **more}
    return SendNotification(
        tenant_id="default",
        run_id="r-1",
        path="send_email",
        key=KEY,
        automation_id="a1",
        channel="email",
        requested_at=NOW,
        **about,
    )


def parsed(message: SendNotification) -> EmailMessage:
    mail, _, _ = build_mail(message, "Automations <automations@example.com>")
    return message_from_bytes(mail.as_bytes(), policy=policy.default)


def test_mail_says_what_was_asked() -> None:
    mail, sender, recipients = build_mail(
        asked(to=("Kim Möller <kim@example.com>", "lee@example.com"), cc=("kim@example.com", "pat@example.com")),
        "Automations <automations@example.com>",
    )
    read = message_from_bytes(mail.as_bytes(), policy=policy.default)
    assert read["From"] == "Automations <automations@example.com>"
    assert read["To"] == "Kim Möller <kim@example.com>, lee@example.com"
    assert read["Cc"] == "kim@example.com, pat@example.com"
    assert sender == "automations@example.com"
    assert recipients == ["kim@example.com", "lee@example.com", "pat@example.com"]


def test_text_is_plain_and_keeps_every_character() -> None:
    body = "Grüße, 你好 😀\n\n.\nFrom here on:\n" + "x" * 2_000
    read = parsed(asked(body=body, subject="Größe 😀"))
    assert read.get_content_type() == "text/plain"
    assert read.get_content().replace("\r\n", "\n").rstrip("\n") == body
    assert read["Subject"] == "Größe 😀"


def test_message_id_is_the_key_on_every_attempt() -> None:
    assert parsed(asked())["Message-ID"] == message_id(KEY)
    first, second = (build_mail(asked(), "a@example.com")[0].as_bytes() for _ in range(2))
    assert first == second


def test_message_id_is_one_that_mail_allows() -> None:
    assert message_id("e2-51:each[3].notify") == "<e2-51/each{3}.notify@automations>"
    assert message_id("r:größe") == "<r/gr=f6=dfe@automations>"


def test_sender_of_the_step_goes_before_the_default() -> None:
    _, sender, _ = build_mail(asked(sender="crm@example.com"), "automations@example.com")
    assert sender == "crm@example.com"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "kim",
        "@example.com",
        "kim@",
        "kim@example.com\r\nBcc: eve@example.com",
        "kim@example.com\nX: y",
        "kim@example.com, eve@example.com",
        "kim @example.com",
        "kim@example.com eve@example.com",
        "<kim@example.com",
        "kim@exa\x00mple.com",
        "kim@" + "x" * 300 + ".com",
        "a@b@c",
        "kim@..com",
    ],
)
def test_what_is_no_address_is_refused_and_named(address: str) -> None:
    with pytest.raises(Refused) as refused:
        read_address(address, "recipient")
    assert refused.value.error.kind == "invalid"
    assert "no mail address" in refused.value.error.message


def test_domain_may_be_international() -> None:
    assert read_address("kim@müller.example", "recipient").addr_spec == "kim@xn--mller-kva.example"


def test_mail_to_nobody_is_refused() -> None:
    with pytest.raises(Refused, match="at least one recipient"):
        build_mail(asked(to=()), "a@example.com")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@given(texts, texts)
def test_no_text_adds_a_header_or_a_recipient(subject: str, body: str) -> None:
    mail, _, recipients = build_mail(asked(subject=subject, body=body), "a@example.com")
    read = message_from_bytes(mail.as_bytes(), policy=policy.default)
    assert recipients == ["kim@example.com"]
    assert {name.lower() for name in read} <= {
        *("from", "to", "subject", "date", "message-id", "mime-version"),
        *("content-type", "content-transfer-encoding"),
    }
    assert read["To"] == "kim@example.com"


@given(texts)
def test_any_text_is_one_address_or_refused(text: str) -> None:
    try:
        address = read_address(text, "recipient")
    except Refused:
        return
    mail, _, recipients = build_mail(asked(to=(text,)), "a@example.com")
    assert recipients == [address.addr_spec]
    assert "bcc" not in {name.lower() for name in message_from_bytes(mail.as_bytes(), policy=policy.default)}
