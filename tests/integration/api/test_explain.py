"""Why an event starts an automation or does not, told over REST."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.records_to_delete import RecordsToDelete

from automations.clock import utc_now
from automations.contracts.commands import TriggerEvent
from automations.contracts.identity import run_id
from automations.contracts.results import StartSkipped
from automations.contracts.wire import encode
from automations.messaging.connection import KafkaSettings
from automations.postgres import PostgresSettings
from tests.support.eventually import eventually
from tests.support.running_api import FakeRun, fake_executor, running_api
from tests.support.stream_writer import StreamWriter, stream_writer

OTHER_TOPIC = f"crm-{uuid.uuid4().hex[:8]}"
CONDITIONS = {"priority": "critical", "account.country": "DE"}
EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/crm",
    "type": "case.created",
    "data": {"record": {"id": "5001", "priority": "critical", "account": {"country": "DE"}}},
}
OTHER = {**EVENT, "data": {"record": {"id": "5001", "priority": "high", "account": {"country": "DE"}}}}


@pytest.fixture(scope="module")
async def other_topic(kafka_settings: KafkaSettings) -> AsyncIterator[str]:
    """A topic whose producers say when a message was appended, so that one can be old."""
    admin = AIOKafkaAdminClient(**kafka_settings.client_arguments())
    await admin.start()
    configs = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
    await admin.create_topics([NewTopic(OTHER_TOPIC, 1, 1, topic_configs=configs)])
    yield OTHER_TOPIC
    await admin.delete_topics([OTHER_TOPIC])
    await admin.close()


@pytest.fixture(scope="module")
async def api(
    postgres_settings: PostgresSettings, kafka_settings: KafkaSettings, other_topic: str
) -> AsyncIterator[httpx.AsyncClient]:
    topics = f"crm.events, {other_topic}"
    async with running_api(postgres_settings, kafka_settings, crm_events_topics=topics) as client:
        yield client


@pytest.fixture(scope="module")
async def writer(kafka_settings: KafkaSettings) -> AsyncIterator[StreamWriter]:
    async with stream_writer(kafka_settings) as writer:
        yield writer


def document(event: Any = "case.created", conditions: Any = CONDITIONS, **more: Any) -> dict[str, Any]:
    actions = [{"type": "create_task", "params": {"title": "t"}}]
    return {"name": "n", "trigger": {"event": event, "conditions": conditions}, "actions": actions, **more}


async def created(api: httpx.AsyncClient, **more: Any) -> str:
    answer = await api.post("/automations", json=document(**{"status": "active", **more}))
    assert answer.status_code == 201, answer.text
    automation_id: str = answer.json()["id"]
    return automation_id


async def explained(api: httpx.AsyncClient, automation_id: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(f"/automations/{automation_id}/explain", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def failed_checks(told: dict[str, Any]) -> set[str]:
    return {check["check"] for check in told["checks"] if not check["holds"]}


async def test_event_that_starts_is_told_clause_by_clause(api: httpx.AsyncClient) -> None:
    automation_id = await created(api)
    told = await explained(api, automation_id, event=EVENT)
    assert (told["verdict"], told["starts"], told["version"], told["environment"]) == ("starts", True, 1, "live")
    assert [check["check"] for check in told["checks"]] == ["event_type", "status", "since", "age", "conditions"]
    assert failed_checks(told) == set()
    assert all(check["sentence"] for check in told["checks"])
    assert told["sentence"].startswith("Starts a run: ")
    assert told["conditions"]["holds"] is True
    assert [(part["path"], part["holds"]) for part in told["conditions"]["parts"]] == [
        ("priority", True),
        ("account.country", True),
    ]
    assert told["event"]["record"]["id"] == "5001"
    assert (told["run"], told["skipped"]) == (None, None)


async def test_event_that_fails_a_condition_is_told_with_both_values(api: httpx.AsyncClient) -> None:
    automation_id = await created(api)
    told = await explained(api, automation_id, event=OTHER)
    assert (told["verdict"], told["starts"]) == ("conditions_false", False)
    assert failed_checks(told) == {"conditions"}
    assert told["sentence"] == "Starts no run: priority is high, expected critical."
    [false, true] = told["conditions"]["parts"]
    assert (false["pointer"], false["expected"], false["actual"], false["holds"]) == (
        "/trigger/conditions/priority",
        "critical",
        "high",
        False,
    )
    assert true["holds"] is True


async def test_event_of_another_type_is_told_as_such(api: httpx.AsyncClient) -> None:
    automation_id = await created(api, event=["case.updated", "account.*"])
    told = await explained(api, automation_id, event=EVENT)
    assert told["verdict"] == "other_event"
    assert failed_checks(told) == {"event_type"}
    assert "case.updated or account.*" in told["checks"][0]["sentence"]
    assert (await explained(api, automation_id, event={**EVENT, "type": "account.won"}))["starts"] is True


@pytest.mark.parametrize(
    ("status", "verdict"), [("draft", "not_active"), ("paused", "paused"), ("archived", "not_active")]
)
async def test_automation_that_is_not_active_says_so(api: httpx.AsyncClient, status: str, verdict: str) -> None:
    automation_id = await created(api, status="active" if status != "draft" else "draft")
    if status != "draft":
        await api.patch(f"/automations/{automation_id}", json={"status": status})
    told = await explained(api, automation_id, event=EVENT)
    assert (told["verdict"], told["starts"]) == (verdict, False)
    assert failed_checks(told) == {"status"}
    assert status in told["sentence"]
    assert told["conditions"]["holds"] is True


async def test_event_from_before_the_activation_does_not_start_it(
    api: httpx.AsyncClient, kafka_settings: KafkaSettings
) -> None:
    place = await old_event(kafka_settings, timedelta(minutes=10))
    told = await explained(api, await created(api), **place)
    assert told["verdict"] == "before_active"
    assert failed_checks(told) == {"since"}


async def test_event_that_waited_for_days_is_late(api: httpx.AsyncClient, kafka_settings: KafkaSettings) -> None:
    """A draft has no beginning, so only the event's age is told."""
    place = await old_event(kafka_settings, timedelta(days=9))
    told = await explained(api, await created(api), **place, document=document())
    assert told["verdict"] == "late"
    assert failed_checks(told) == {"age"}


async def old_event(kafka: KafkaSettings, age: timedelta) -> dict[str, Any]:
    producer = AIOKafkaProducer(**kafka.client_arguments())
    await producer.start()
    try:
        at = int((utc_now() - age).timestamp() * 1000)
        placed = await producer.send_and_wait(OTHER_TOPIC, msgspec.json.encode(EVENT), timestamp_ms=at)
    finally:
        await producer.stop()
    return {"topic": placed.topic, "partition": placed.partition, "offset": placed.offset}


async def test_sandbox_document_depends_on_the_switch(api: httpx.AsyncClient) -> None:
    automation_id = await created(api, status="draft")
    await api.put(f"/automations/{automation_id}", json=document(environment="sandbox", conditions={}, status="active"))
    told = await explained(api, automation_id, event=EVENT, environment="sandbox")
    assert (told["verdict"], told["version"], failed_checks(told)) == ("sandbox_off", 2, {"status"})
    await api.put("/sandbox", json={"active": True})
    told = await explained(api, automation_id, event=EVENT, environment="sandbox")
    await api.put("/sandbox", json={"active": False})
    assert (told["verdict"], told["sentence"]) == ("starts", "Starts a dry run: there are no conditions.")
    await api.patch(f"/automations/{automation_id}", json={"status": "paused", "environment": "sandbox"})
    told = await explained(api, automation_id, event=EVENT, environment="sandbox")
    assert told["verdict"] == "not_active"


async def test_draft_and_unsaved_document_are_told_as_if_active(api: httpx.AsyncClient) -> None:
    automation_id = await created(api, status="draft")
    await api.put(f"/automations/{automation_id}/draft", json=document(conditions={"priority": "low"}))
    told = await explained(api, automation_id, event=EVENT, environment="draft")
    assert (told["verdict"], told["version"], told["environment"]) == ("conditions_false", None, "draft")
    told = await explained(api, automation_id, event=EVENT, document=document())
    assert (told["verdict"], told["version"], told["environment"]) == ("starts", None, "draft")
    assert told["sentence"].startswith("Would start a run")


async def test_event_on_kafka_is_explained_where_it_lies(api: httpx.AsyncClient, writer: StreamWriter) -> None:
    automation_id = await created(api)
    headers = [("ce_specversion", b"1.0"), ("ce_id", b"9"), ("ce_source", b"/crm"), ("ce_type", b"case.created")]
    partition, offset = await writer.publish({"record": {"id": "9", "priority": "critical"}}, headers)
    told = await explained(api, automation_id, topic="crm.events", partition=partition, offset=offset)
    assert told["event"]["id"] == "9"
    assert told["verdict"] == "conditions_false"
    assert "account.country has no value" in told["sentence"]


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"offset": 10**9}, 404, "the next event there will be"),
        ({"partition": 99}, 404, "6 partitions"),
        ({"topic": "automations.definitions"}, 422, "none of the topics"),
        ({"topic": 5}, 422, "required"),
        ({"offset": -1}, 422, "whole number"),
        ({"partition": True}, 422, "whole number"),
    ],
)
async def test_place_where_nothing_lies_is_refused_in_words(
    api: httpx.AsyncClient, writer: StreamWriter, change: dict[str, Any], status: int, word: str
) -> None:
    automation_id = await created(api)
    partition, offset = await writer.publish(EVENT)
    body = {"topic": "crm.events", "partition": partition, "offset": offset, **change}
    answer = await api.post(f"/automations/{automation_id}/explain", json=body)
    assert answer.status_code == status, answer.text
    assert word in answer.text


async def test_event_that_kafka_no_longer_keeps_is_said_to_be_gone(
    api: httpx.AsyncClient, kafka_settings: KafkaSettings
) -> None:
    place = await old_event(kafka_settings, timedelta())
    admin = AIOKafkaAdminClient(**kafka_settings.client_arguments())
    await admin.start()
    try:
        partition = TopicPartition(OTHER_TOPIC, 0)
        await admin.delete_records({partition: RecordsToDelete(before_offset=place["offset"] + 1)})
    finally:
        await admin.close()
    answer = await api.post(f"/automations/{await created(api)}/explain", json=place)
    assert answer.status_code == 404
    assert "too old" in answer.json()["detail"]


async def test_message_that_is_no_event_and_one_of_another_tenant_are_refused(
    api: httpx.AsyncClient, writer: StreamWriter
) -> None:
    automation_id = await created(api)
    for value, status, word in (
        (b"no json", 422, "no event"),
        ({**EVENT, "tenantid": "acme"}, 404, "nothing of yours"),
    ):
        partition, offset = await writer.publish(value)
        body = {"topic": "crm.events", "partition": partition, "offset": offset}
        answer = await api.post(f"/automations/{automation_id}/explain", json=body)
        assert (answer.status_code, word in answer.text) == (status, True), answer.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/event"),
        ({"event": {"record": {}}}, "/event"),
        ({"event": {"type": "a.b", "event": "c.d"}}, "/event"),
        ({"event": {**EVENT, "tenantid": "acme"}}, "/event/tenantid"),
        ({"event": EVENT, "topic": "crm.events", "partition": 0, "offset": 0}, "/event"),
        ({"event": EVENT, "document": {"trigger": {"event": "a"}}}, "/document/name"),
        ({"event": EVENT, "surprise": 1}, "/surprise"),
    ],
)
async def test_malformed_question_is_refused_by_name(
    api: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    answer = await api.post(f"/automations/{await created(api)}/explain", json=body)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_automation_or_document_that_is_not_there_is_not_found(api: httpx.AsyncClient) -> None:
    assert (await api.post("/automations/nobody/explain", json={"event": EVENT})).status_code == 404
    automation_id = await created(api)
    answer = await api.post(f"/automations/{automation_id}/explain", json={"event": EVENT, "environment": "draft"})
    assert answer.status_code == 404


async def test_run_and_skipped_start_of_the_event_are_named(
    api: httpx.AsyncClient, kafka_settings: KafkaSettings
) -> None:
    """An event that came before is told with what became of it."""
    automation_id = await created(api)
    run = run_id("default", automation_id, "live", "event:/crm:e-1")
    skipped = StartSkipped(
        tenant_id="default",
        run_id=run,
        automation_id=automation_id,
        version=1,
        lane="live",
        reason="paused",
        event=TriggerEvent(id="e-1", type="case.created", time=utc_now()),
        at=utc_now(),
    )
    fake = FakeRun(automation_id, run_id=run)
    async with fake_executor(kafka_settings) as executor:
        await executor.publish(fake.start(), fake.fact("completed"))
        await executor.publish_bytes(encode(skipped), b"x")

        async def look() -> bool:
            told = await explained(api, automation_id, event=EVENT)
            return told["run"] == {"id": run, "status": "completed"} and told["skipped"] is not None

        assert await eventually(look)
    told = await explained(api, automation_id, event=EVENT)
    assert told["skipped"]["reason"] == "paused"
    assert told["skipped"]["sentence"] == "The automation was paused."
    assert (await explained(api, automation_id, event={**EVENT, "id": "e-2"}))["run"] is None
    [listed] = (await api.get(f"/automations/{automation_id}/skipped-starts")).json()["items"]
    assert listed["sentence"] == "The automation was paused."


async def test_examples_of_the_description_are_answered(api: httpx.AsyncClient) -> None:
    """Who copies a request from the description gets an answer; only the place on Kafka is another one."""
    automation_id = await created(api)
    described = (await api.get("/openapi.json")).json()["paths"]

    def content(path: str) -> dict[str, Any]:
        found: dict[str, Any] = described[path]["post"]["requestBody"]["content"]["application/json"]
        return found

    examples = content("/api/v1/automations/{automation_id}/explain")["examples"]
    assert set(examples["place"]["value"]) == {"topic", "partition", "offset", "environment"}
    await explained(api, automation_id, **examples["event"]["value"])
    preview = content("/api/v1/conditions/preview")["example"]
    assert (await api.post("/conditions/preview", json=preview)).status_code == 200
    for example in content("/api/v1/automations/{automation_id}/test")["examples"].values():
        told = await explained(api, automation_id, **example["value"])
        assert told["event"]["type"] == "case.created"


async def test_event_at_the_end_of_a_long_chain_starts_nothing(api: httpx.AsyncClient) -> None:
    """Eight runs may lead to an event; what the ninth leads to is taken for a loop."""
    automation = await created(api)
    for depth, verdict in ((8, "starts"), (9, "loop_guard")):
        event = {**EVENT, "causerun": "r", "causechain": "c", "causedepth": str(depth)}
        told = (await api.post(f"/automations/{automation}/explain", json={"event": event})).json()
        assert (told["verdict"], told["starts"]) == (verdict, verdict == "starts")
        assert failed_checks(told) == (set() if verdict == "starts" else {"chain"})
