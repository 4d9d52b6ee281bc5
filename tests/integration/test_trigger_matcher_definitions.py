"""trigger-matcher on real Kafka: which definitions an event is evaluated with."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from automations.clock import utc_now
from automations.contracts.commands import StartRun, start_run_reader
from automations.contracts.results import StartSkipped, result_reader
from automations.contracts.topics import RUN_COMMANDS, STEP_RESULTS
from automations.messaging.connection import KafkaSettings
from tests.support.service_process import ServiceProcess, running_service
from tests.support.stream import TopicTail, tail
from tests.support.stream_writer import StreamWriter, new_name, stream_writer, trigger_on

AT_ONCE = 200


@pytest.fixture(scope="module")
async def writer(kafka_settings: KafkaSettings) -> AsyncIterator[StreamWriter]:
    async with stream_writer(kafka_settings) as writer:
        yield writer


@pytest.fixture(scope="module")
async def matcher(kafka_settings: KafkaSettings) -> AsyncIterator[ServiceProcess]:
    env = {"KAFKA_BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers}
    async with running_service("trigger_matcher", env) as service:
        yield service


@pytest.fixture
async def starts(kafka_settings: KafkaSettings) -> AsyncIterator[TopicTail]:
    async with tail(kafka_settings, RUN_COMMANDS) as opened:
        yield opened


@pytest.fixture
async def results(kafka_settings: KafkaSettings) -> AsyncIterator[TopicTail]:
    async with tail(kafka_settings, STEP_RESULTS) as opened:
        yield opened


def starts_of(records: list[Any], *automations: str) -> list[StartRun]:
    read = (start_run_reader.read(record.value) for record in records)
    return [start for start in read if start.automation_id in automations]


def runs_of(records: list[Any], *automations: str) -> dict[str, str]:
    """Return the automation of each run; a start that was decided twice is one run."""
    return {start.run_id: start.automation_id for start in starts_of(records, *automations)}


def skips_of(records: list[Any], *automations: str) -> list[StartSkipped]:
    read = (result_reader.read(record.value) for record in records)
    return [fact for fact in read if isinstance(fact, StartSkipped) and fact.automation_id in automations]


@pytest.mark.usefixtures("matcher")
async def test_event_published_after_activation_always_starts_its_run(writer: StreamWriter, starts: TopicTail) -> None:
    """Activating and publishing at once, again and again, gives one run each."""
    names = [new_name("automation") for _ in range(AT_ONCE)]
    for name in names:
        await writer.define(name, trigger_on(name))
        await writer.publish({"type": name, "id": 1})
    found = await starts.until(lambda all_: len(runs := runs_of(all_, *names)) >= AT_ONCE and runs)
    assert Counter(found.values()) == Counter(names)


@pytest.mark.usefixtures("matcher")
async def test_event_published_after_a_pause_never_starts_a_run(
    writer: StreamWriter, starts: TopicTail, results: TopicTail
) -> None:
    """Pausing and publishing at once, again and again, gives one skipped start each and no run."""
    names = [new_name("automation") for _ in range(AT_ONCE)]
    for name in names:
        await writer.define(name, trigger_on(name), "active")
        await writer.define(name, trigger_on(name), "paused")
        await writer.publish({"type": name, "id": 1})

    def a_skip_for_each(records: list[Any]) -> list[StartSkipped] | None:
        skipped = skips_of(records, *names)
        return skipped if {fact.automation_id for fact in skipped} == set(names) else None

    found = await results.until(a_skip_for_each)
    assert {fact.reason for fact in found} == {"paused"}
    assert Counter({fact.run_id: fact.automation_id for fact in found}.values()) == Counter(names)
    assert starts_of(await starts.read(), *names) == []


@pytest.mark.usefixtures("matcher")
async def test_archived_draft_and_deleted_automations_start_nothing(
    writer: StreamWriter, starts: TopicTail, results: TopicTail
) -> None:
    kind = new_name("case.created")
    archived, draft, deleted, witness = (new_name("automation") for _ in range(4))
    await writer.define(archived, trigger_on(kind), "archived")
    await writer.define(draft, trigger_on(kind), "draft")
    await writer.define(deleted, trigger_on(kind))
    await writer.delete(deleted)
    await writer.define(witness, trigger_on(kind))
    await writer.publish({"type": kind, "id": 1})
    await starts.until(lambda all_: starts_of(all_, witness))
    assert starts_of(await starts.read(), archived, draft, deleted) == []
    assert skips_of(await results.read(), archived, draft, deleted) == []


@pytest.mark.usefixtures("matcher")
async def test_sandbox_document_starts_dry_runs_only_while_the_sandbox_is_active(
    writer: StreamWriter, starts: TopicTail
) -> None:
    """The live document of the same automation runs on, whatever the sandbox does."""
    tenant, name, kind = new_name("tenant"), new_name("automation"), new_name("case.created")
    await writer.define(name, trigger_on(kind), sandbox=trigger_on(kind), tenant_id=tenant)

    async def lanes_of_event(event_id: str, number: int) -> list[tuple[str, int]]:
        event = {
            "specversion": "1.0",
            "type": kind,
            "source": "/crm",
            "id": event_id,
            "tenantid": tenant,
            "data": {"id": 1},
        }
        await writer.publish(event, key=tenant.encode())
        await writer.publish({**event, "id": f"{event_id}-after"}, key=tenant.encode())

        def of(records: list[Any], name_: str) -> list[StartRun]:
            return [start for start in starts_of(records, name) if start.event.id == name_]

        # In each lane the starts of one record keep their order: behind those of the second event nothing is missing.
        await starts.until(lambda all_: len({start.lane for start in of(all_, f"{event_id}-after")}) >= number)
        return sorted({(start.lane, start.version) for start in of(await starts.read(), event_id)})

    assert await lanes_of_event("e-1", 1) == [("live", 1)]
    await writer.switch_sandbox(True, tenant)
    assert await lanes_of_event("e-2", 2) == [("live", 1), ("sandbox", 2)]
    await writer.switch_sandbox(False, tenant)
    assert await lanes_of_event("e-3", 1) == [("live", 1)]


@pytest.mark.usefixtures("matcher")
async def test_automation_does_not_see_events_from_before_it_was_active(
    writer: StreamWriter, starts: TopicTail
) -> None:
    kind, later, witness = new_name("case.created"), new_name("automation"), new_name("automation")
    await writer.define(later, trigger_on(kind), active_since=utc_now() + timedelta(minutes=1))
    await writer.define(witness, trigger_on(kind))
    await writer.publish({"type": kind, "id": 1})
    await starts.until(lambda all_: starts_of(all_, witness))
    assert starts_of(await starts.read(), later) == []


@pytest.mark.usefixtures("matcher")
async def test_definition_that_cannot_be_understood_stops_nothing(writer: StreamWriter, starts: TopicTail) -> None:
    kind, strange, witness = new_name("case.created"), new_name("automation"), new_name("automation")
    await writer.define(strange, {"trigger": {"event": kind, "conditions": {"amount": {"orbits": 3}}}})
    await writer.publish(b"no definition at all", topic="automations.definitions", key=b"default|broken")
    await writer.define(witness, trigger_on(kind))
    await writer.publish({"type": kind, "id": 1})
    await starts.until(lambda all_: starts_of(all_, witness))
    assert starts_of(await starts.read(), strange) == []


async def test_restarted_matcher_knows_all_definitions_and_misses_no_event(
    matcher: ServiceProcess, writer: StreamWriter, starts: TopicTail
) -> None:
    """Killed in the middle of a stream, it goes on where it was; a repeated decision has the same run."""
    name, count = new_name("automation"), 300
    await writer.define(name, trigger_on(name))
    for number in range(count):
        if number == count // 2:
            await matcher.kill()
        await writer.publish({"type": name, "event_id": f"e-{number}", "id": number})
    await matcher.start()

    def all_of_them(records: list[Any]) -> list[StartRun] | None:
        started = starts_of(records, name)
        return started if len({start.run_id for start in started}) >= count else None

    found = await starts.until(all_of_them)
    assert {start.event.id for start in found} == {f"e-{number}" for number in range(count)}
    assert len({start.run_id for start in found}) == count
    assert await matcher.stop() == 0
