"""notifier on real Kafka, PostgreSQL, SMTP and HTTP: each message goes out once, and its outcome is told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from automations.clock import utc_now
from automations.contracts.dead_letters import dead_letter_reader
from automations.contracts.identity import idempotency_key, message_id
from automations.contracts.notifications import NotificationResult, SendNotification, notification_result_reader
from automations.contracts.topics import DEAD_LETTERS, NOTIFICATION_RESULTS, NOTIFICATIONS
from automations.contracts.wire import encode
from automations.messaging.connection import KafkaSettings
from automations.postgres import PostgresSettings
from tests.support.counting_server import CountingServer, counting_server
from tests.support.eventually import eventually
from tests.support.mail_server import MailServer, mail_server
from tests.support.service_process import ServiceProcess, running_service
from tests.support.stream import TopicTail, tail
from tests.support.stream_writer import StreamWriter, new_name, stream_writer


@pytest.fixture(scope="module")
async def mails() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
async def slack() -> AsyncIterator[CountingServer]:
    async with counting_server() as server:
        yield server


@pytest.fixture(scope="module")
async def notifier(
    kafka_settings: KafkaSettings, postgres_settings: PostgresSettings, mails: MailServer, slack: CountingServer
) -> AsyncIterator[ServiceProcess]:
    env = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "DATABASE_URL": postgres_settings.database_url.get_secret_value(),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mails.port),
        "SLACK_WEBHOOK_URL": f"{slack.url}/services/hook",
        "MAIL_FROM": "Automations <automations@example.com>",
    }
    async with running_service("notifier", env) as service:
        yield service
        assert await service.stop() == 0


@pytest.fixture(scope="module")
async def writer(kafka_settings: KafkaSettings) -> AsyncIterator[StreamWriter]:
    async with stream_writer(kafka_settings) as opened:
        yield opened


@pytest.fixture(scope="module")
async def results(kafka_settings: KafkaSettings, notifier: ServiceProcess) -> AsyncIterator[TopicTail]:
    async with tail(kafka_settings, NOTIFICATION_RESULTS) as opened:
        yield opened


def asked(channel: str, **more: Any) -> SendNotification:
    run = new_name("run")
    about: dict[str, Any] = {"path": "notify", "body": "Text", "automation_id": "a1", **more}
    about.setdefault("key", idempotency_key(run, about["path"]))
    return SendNotification(tenant_id="default", run_id=run, channel=channel, requested_at=utc_now(), **about)


async def send(writer: StreamWriter, *messages: SendNotification) -> None:
    for message in messages:
        await writer.publish(encode(message), topic=NOTIFICATIONS.name, key=message.run_id.encode())


async def outcomes(results: TopicTail, message: SendNotification, count: int = 1) -> list[NotificationResult]:
    """Return the results of one message, once there are so many."""

    def find(records: list[Any]) -> list[NotificationResult] | None:
        read = [notification_result_reader.read(record.value) for record in records]
        own = [result for result in read if result.key == message.key]
        return own if len(own) >= count else None

    found: list[NotificationResult] = await results.until(find)
    return found


async def test_mail_is_delivered_and_told(writer: StreamWriter, results: TopicTail, mails: MailServer) -> None:
    message = asked("email", to=("kim@one.example",), cc=("lee@one.example",), subject="Größe", body="Grüße\n")
    await send(writer, message)
    (result,) = await outcomes(results, message)
    assert (result.status, result.run_id, result.path) == ("delivered", message.run_id, "notify")
    assert result.output == {"message_id": message_id(message.key), "to": ["kim@one.example", "lee@one.example"]}
    (mail,) = mails.to("kim@one.example")
    assert mail.message["Message-ID"] == message_id(message.key)
    assert (mail.message["Subject"], mail.message.get_content().strip()) == ("Größe", "Grüße")
    assert mail.sender == "automations@example.com"


async def test_message_that_comes_twice_is_sent_once_and_answered_twice(
    writer: StreamWriter, results: TopicTail, mails: MailServer
) -> None:
    message = asked("email", to=("kim@twice.example",))
    await send(writer, message)
    (first,) = await outcomes(results, message)
    await send(writer, message)
    assert await outcomes(results, message, 2) == [first, first]
    assert len(mails.to("kim@twice.example")) == 1


async def test_message_twice_in_one_batch_is_sent_once(
    writer: StreamWriter, results: TopicTail, mails: MailServer
) -> None:
    message, last = asked("email", to=("kim@batch.example",)), asked("inbox", to=("u1",))
    for one in (message, message, message, last):
        await writer.publish(encode(one), topic=NOTIFICATIONS.name, key=message.run_id.encode())
    await outcomes(results, message)
    # The last one lies behind the others on their partition.
    await outcomes(results, last)
    assert len(mails.to("kim@batch.example")) == 1


async def test_address_that_the_server_refuses_fails_with_its_words(
    writer: StreamWriter, results: TopicTail, mails: MailServer
) -> None:
    mails.answer_recipient = lambda address: "550 5.1.1 No such user" if "nobody" in address else "250 OK"
    message = asked("email", to=("nobody@refused.example",))
    mixed = asked("email", to=("nobody@mixed.example", "kim@mixed.example"))
    await send(writer, message, mixed)
    (result,) = await outcomes(results, message)
    assert result.error is not None
    assert (result.status, result.error.kind, result.attempts) == ("failed", "refused", 1)
    assert "nobody@refused.example: 550" in result.error.message
    (result,) = await outcomes(results, mixed)
    assert (result.status, result.output["to"]) == ("delivered", ["kim@mixed.example"])
    assert list(result.output["refused"]) == ["nobody@mixed.example"]


async def test_server_that_is_busy_is_tried_again_with_the_same_mail(
    writer: StreamWriter, results: TopicTail, mails: MailServer
) -> None:
    mails.answer_mail = lambda mail: "451 try again" if len(mails.to("kim@busy.example")) == 1 else "250 OK"
    message = asked("email", to=("kim@busy.example",))
    await send(writer, message)
    (result,) = await outcomes(results, message)
    first, second = mails.to("kim@busy.example")
    assert (result.status, result.attempts) == ("delivered", 2)
    assert first.content == second.content


async def test_bad_address_fails_before_anything_is_sent(
    writer: StreamWriter, results: TopicTail, mails: MailServer
) -> None:
    message = asked("email", to=("kim@inject.example\r\nBcc: eve@inject.example",))
    await send(writer, message)
    (result,) = await outcomes(results, message)
    assert result.error is not None
    assert (result.status, result.error.kind) == ("failed", "invalid")
    assert mails.to("kim@inject.example") == []


async def test_slack_message_is_posted_with_its_channel_and_key(
    writer: StreamWriter, results: TopicTail, slack: CountingServer
) -> None:
    slack.answer = lambda _request: (200, "ok")
    to_channel, to_default = asked("slack", to=("#support",), body="Critical case"), asked("slack", body="Hello")
    await send(writer, to_channel, to_default)
    for message in (to_channel, to_default):
        (result,) = await outcomes(results, message)
        assert result.status == "delivered"
    bodies = [request.body for request in slack.received]
    assert {"text": "Critical case", "channel": "#support"} in bodies
    assert {"text": "Hello"} in bodies
    assert {to_default.key, f"{to_channel.key}/#support"} <= set(slack.keys())


async def test_slack_refusal_is_told_in_its_own_words(
    writer: StreamWriter, results: TopicTail, slack: CountingServer
) -> None:
    slack.answer = lambda _request: (404, "channel_not_found")
    message = asked("slack", to=("#nowhere",))
    await send(writer, message)
    (result,) = await outcomes(results, message)
    assert result.error is not None
    assert (result.status, result.error.kind, result.attempts) == ("failed", "refused", 1)
    assert "channel_not_found" in result.error.message
    assert "#nowhere" in result.error.message


async def test_slack_outage_is_waited_out_and_then_fails_the_message(
    writer: StreamWriter, results: TopicTail, slack: CountingServer
) -> None:
    slack.answer = lambda _request: (503, "busy")
    message = asked("slack")
    await send(writer, message)
    (result,) = await outcomes(results, message)
    assert result.error is not None
    assert (result.status, result.error.kind, result.attempts) == ("failed", "unreachable", 3)


async def test_unknown_channel_fails_with_the_names_of_those_that_exist(
    writer: StreamWriter, results: TopicTail
) -> None:
    message = asked("pigeon")
    await send(writer, message)
    (result,) = await outcomes(results, message)
    assert result.error is not None
    assert "email, inbox, slack" in result.error.message


async def test_dry_message_is_refused_and_reaches_nobody(
    writer: StreamWriter, results: TopicTail, mails: MailServer
) -> None:
    message = asked("email", to=("kim@dry.example",), dry_run=True)
    await send(writer, message)
    (result,) = await outcomes(results, message)
    assert result.error is not None
    assert (result.status, result.error.kind) == ("failed", "not_allowed")
    assert mails.to("kim@dry.example") == []


async def test_unreadable_message_lies_in_the_dead_letters_and_the_rest_goes_on(
    writer: StreamWriter, results: TopicTail, kafka_settings: KafkaSettings
) -> None:
    message = asked("inbox", to=("u1",))
    async with tail(kafka_settings, DEAD_LETTERS) as letters:
        place = await writer.publish(b"{}", topic=NOTIFICATIONS.name, key=message.run_id.encode())
        await send(writer, message)
        await outcomes(results, message)

        def find(records: list[Any]) -> Any:
            read = [dead_letter_reader.read(record.value) for record in records]
            return [one for one in read if (one.partition, one.offset) == place and one.reader == "notifier"]

        (letter,) = await letters.until(find)
    assert letter.topic == NOTIFICATIONS.name


async def test_killed_notifier_sends_what_it_had_not_told(
    notifier: ServiceProcess, writer: StreamWriter, results: TopicTail, mails: MailServer
) -> None:
    """Every message goes out; one that was under way may go out again, with the same Message-ID."""
    messages = [asked("email", to=(f"kim@killed-{number}.example",)) for number in range(60)]
    await send(writer, *messages[:30])
    await notifier.kill()
    await send(writer, *messages[30:])
    await notifier.start()
    for message in messages:
        results_of_message = await outcomes(results, message)
        assert {result.status for result in results_of_message} == {"delivered"}
        offered = mails.to(message.to[0])
        assert {mail.message["Message-ID"] for mail in offered} == {message_id(message.key)}


async def test_killed_notifier_never_sends_twice_what_it_had_begun(
    notifier: ServiceProcess, writer: StreamWriter, results: TopicTail, slack: CountingServer
) -> None:
    """The message reached the other side, and its process ended before the answer: the outcome is unknown."""
    slack.answer = lambda _request: (200, "ok")
    once, again = asked("slack", body="once", at_most_once=True), asked("slack", body="again")

    def arrived(message: SendNotification) -> int:
        return slack.keys().count(message.key)

    with slack.holding("/services/hook"):
        await send(writer, once, again)
        await eventually(lambda: arrived(once) and arrived(again))
        await notifier.kill()
    await notifier.start()
    (result,) = await outcomes(results, once)
    assert result.error is not None
    assert (result.status, result.error.kind) == ("failed", "unknown")
    (delivered,) = await outcomes(results, again)
    assert delivered.status == "delivered"
    assert (arrived(once), arrived(again)) == (1, 2)
    await send(writer, once)
    assert await outcomes(results, once, 2) == [result, result]
    assert arrived(once) == 1


async def test_mail_server_that_hangs_holds_up_mails_and_nothing_else(
    writer: StreamWriter, results: TopicTail, mails: MailServer, slack: CountingServer
) -> None:
    """200 mails go to a server that takes them and does not answer; what is sent to Slack after them arrives."""
    slack.answer = lambda _request: (200, "ok")
    # More than one batch of mails; three silent attempts at each mail are longer than all the messages to Slack.
    late = [asked("email", to=(f"kim@late-{number}.example",)) for number in range(200)]
    prompt = [asked("slack", body="prompt") for _ in range(50)]

    def told(records: list[Any], messages: list[SendNotification]) -> dict[str, NotificationResult]:
        read = [notification_result_reader.read(record.value) for record in records]
        keys = {message.key for message in messages}
        return {result.key: result for result in read if result.key in keys}

    with mails.silent():
        await send(writer, *late)
        await eventually(lambda: mails.to("kim@late-0.example"))
        await send(writer, *prompt)
        await results.until(lambda records: len(told(records, prompt)) == len(prompt))
        assert len(told(results.records, late)) < len(late), (
            "the mails have all failed before the first message arrived"
        )
    await results.until(lambda records: len(told(records, late)) == len(late))
    assert {result.status for result in told(results.records, prompt).values()} == {"delivered"}
    assert all(slack.keys().count(message.key) == 1 for message in prompt)
