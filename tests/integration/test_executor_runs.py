"""The executor as a process, on real Kafka and PostgreSQL, with a real HTTP peer."""

from typing import Any

from automations.clock import utc_now
from automations.contracts.topics import DEFINITIONS
from automations.contracts.wire import encode
from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Record
from tests.support.commander import TENANT, Commander, webhook
from tests.support.counting_server import CountingServer
from tests.support.eventually import eventually
from tests.support.service_process import ServiceProcess
from tests.support.stream import ResultsTail


async def test_run_performs_its_steps_in_order_and_reports_each(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """Three steps are three effects, four facts numbered without gaps, and a completed run."""
    automation, offset = await commander.define(
        [
            webhook(server, "/one"),
            {
                "type": "update_field",
                "params": {"field": "priority", "value": "{{ steps.call_webhook.output.status }}"},
            },
            {"type": "assign_to_queue", "params": {"queue_id": "tier 2"}},
        ]
    )
    command = commander.command(automation, offset)
    await commander.start(command)
    facts = await results.until_ended(command.run_id)

    assert [fact.seq for fact in facts] == [1, 2, 3, 4]
    assert facts[-1].status == "completed"
    mine = [request for request in server.received if request.headers.get("automations-run") == command.run_id]
    case = command.event.record_id
    assert [(r.method, r.path) for r in mine] == [
        ("POST", "/one"),
        ("PATCH", f"/records/case/{case}"),
        ("POST", "/queues/tier%202/items"),
    ]
    assert mine[1].body == {"priority": 200}
    assert mine[0].headers["idempotency-key"] == f"{command.run_id}:call_webhook"
    assert mine[0].body["record"]["name"] == "Portal is down"
    assert mine[0].headers["automations-depth"] == "1"


async def test_command_delivered_again_starts_nothing_more(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """However often a start arrives, in one batch or later, there is one run."""
    automation, offset = await commander.define([webhook(server, "/again")])
    command = commander.command(automation, offset)
    await commander.start(command, command)
    await results.until_ended(command.run_id)
    marker = commander.command(automation, offset, order_key=command.order_key)
    await commander.start(command, marker)
    await results.until_ended(marker.run_id)
    assert server.keys().count(f"{command.run_id}:call_webhook") == 1


async def test_same_event_id_with_other_content_is_reported_as_duplicate(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    automation, offset = await commander.define([webhook(server)])
    command = commander.command(automation, offset)
    await commander.start(command)
    await results.until_ended(command.run_id)
    other = commander.command(automation, offset, run_id=command.run_id, event_digest="d2")
    await commander.start(other)
    assert (await results.until_skipped(command.run_id)).reason == "duplicate"


async def test_start_of_a_paused_automation_is_a_stated_skip(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    automation, offset = await commander.define([webhook(server)], status="paused")
    command = commander.command(automation, offset)
    await commander.start(command)
    assert (await results.until_skipped(command.run_id)).reason == "paused"


async def test_dry_run_completes_without_reaching_anybody(
    commander: Commander, results: ResultsTail, server: CountingServer, kafka_settings: KafkaSettings
) -> None:
    """A sandbox run's steps show what would have been sent, and nothing arrives anywhere."""
    from automations.contracts.definitions import SandboxSwitched, switch_key

    automation, _ = await commander.define(
        [
            webhook(server, "/dry"),
            {"type": "human_task"},
            {"type": "update_field", "params": {"field": "a", "value": 1}},
        ]
    )
    switch = SandboxSwitched(tenant_id=TENANT, revision=1, active=True, since=utc_now())
    [lies] = await commander._publisher.publish_all([Record(DEFINITIONS.name, switch_key(TENANT), encode(switch))])
    before = len(server.received)
    command = commander.command(automation, lies.offset + 1, lane="sandbox")
    await commander.start(command)
    facts = await results.until_ended(command.run_id)
    assert facts[-1].status == "completed"
    assert facts[0].start is not None
    assert facts[0].start.mode == "dry_run"
    requests = {step.path: step.request for fact in facts for step in fact.steps if step.request is not None}
    assert requests["call_webhook"]["url"].endswith("/dry")
    assert requests["update_field"]["body"] == {"a": 1}
    assert len(server.received) == before


async def test_answer_that_is_larger_than_a_step_takes_fails_the_step_once(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """The other side has done what it was asked for: it is not asked again, and the failure can be led on."""
    server.answer = lambda _request: (200, {"text": "x" * 300_000})
    try:
        automation, offset = await commander.define([webhook(server, "/much", body={}) | {"on_error": "continue"}])
        command = commander.command(automation, offset)
        await commander.start(command)
        facts = await results.until_ended(command.run_id)
    finally:
        server.answer = lambda _request: (200, {"ok": True})
    assert facts[-1].status == "completed"
    error = facts[-1].steps[0].error
    assert error is not None
    assert error.kind == "too_large"
    assert "262144 bytes" in error.message
    assert server.keys().count(f"{command.run_id}:call_webhook") == 1


async def test_refused_effect_fails_the_run_with_the_other_sides_words(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    server.answer = lambda _request: (404, {"error": "no such case"})
    try:
        automation, offset = await commander.define([webhook(server, "/no"), webhook(server, "/never")])
        command = commander.command(automation, offset)
        await commander.start(command)
        facts = await results.until_ended(command.run_id)
    finally:
        server.answer = lambda _request: (200, {"ok": True})
    assert facts[-1].status == "failed"
    assert facts[-1].error is not None
    assert "404" in facts[-1].error.message
    assert "no such case" in facts[-1].error.message
    assert not any(request.path == "/never" for request in server.received)


async def test_failing_effect_is_tried_again_with_the_same_key_and_bytes(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    failures = iter([503, 500])
    server.answer = lambda request: (next(failures, 200), {}) if request.path == "/flaky" else (200, {})
    try:
        automation, offset = await commander.define([webhook(server, "/flaky")])
        command = commander.command(automation, offset)
        await commander.start(command)
        facts = await results.until_ended(command.run_id)
    finally:
        server.answer = lambda _request: (200, {"ok": True})
    attempts = [request for request in server.received if request.path == "/flaky"]
    assert facts[-1].status == "completed"
    assert len(attempts) == 3
    assert len({request.headers["idempotency-key"] for request in attempts}) == 1
    assert all(request.body == attempts[0].body for request in attempts)


async def test_webhook_to_a_private_address_is_not_sent(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """Literal or by name, an address on this side of the network is refused, but for those that are named."""
    for url in (
        f"http://localhost:{server.port}/",
        "http://127.0.0.1:1/",
        "http://[::1]:80/",
        "http://169.254.169.254/",
    ):
        automation, offset = await commander.define([{"type": "call_webhook", "params": {"url": url}}])
        command = commander.command(automation, offset)
        await commander.start(command)
        facts = await results.until_ended(command.run_id)
        assert facts[-1].error is not None
        assert facts[-1].error.kind == "not_allowed", url


async def test_effect_that_cannot_be_sent_fails_its_run_and_nothing_else(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """A header that HTTP does not allow ends one run; the run beside it completes."""
    automation, offset = await commander.define([webhook(server, headers={"bad name": "x"})])
    odd = commander.command(automation, offset)
    automation, offset = await commander.define([webhook(server, "/healthy")])
    healthy = commander.command(automation, offset)
    await commander.start(odd, healthy)
    failed = await results.until_ended(odd.run_id)
    assert failed[-1].error is not None
    assert failed[-1].status == "failed"
    assert (await results.until_ended(healthy.run_id))[-1].status == "completed"


async def test_human_task_parks_the_run_until_it_is_completed(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    automation, offset = await commander.define(
        [
            {"type": "human_task", "params": {"title": "Approve {{ record.name }}"}},
            webhook(server, "/after", body={"approved": "{{ steps.human_task.output.approved }}"}),
        ]
    )
    command = commander.command(automation, offset)
    await commander.start(command)
    parked = await results.until_waiting(command.run_id)
    assert parked.waiting is not None
    assert parked.waiting.task_id is not None
    assert parked.tasks[0].title == "Approve Portal is down"
    first = await commander.complete(command.run_id, parked.waiting.task_id, {"approved": True})
    second = await commander.complete(command.run_id, parked.waiting.task_id, {"approved": False})

    async def both_judged() -> list[Any]:
        verdicts = [fact.verdict for fact in await results.of_run(command.run_id) if fact.verdict is not None]
        return verdicts if len(verdicts) == 2 else []

    verdicts = await eventually(both_judged)
    assert [(verdict.submission_id, verdict.accepted) for verdict in verdicts] == [(first, True), (second, False)]
    assert verdicts[1].reason == "already_completed"
    # Both may be judged before what follows the first of them is done.
    await results.until_ended(command.run_id)
    bodies = [request.body for request in server.received if request.path == "/after"]
    assert bodies == [{"approved": True}]


async def test_killed_executor_loses_no_run(
    environment: dict[str, str],
    commander: Commander,
    results: ResultsTail,
    executor: ServiceProcess,
    server: CountingServer,
) -> None:
    """Runs that were under way when the process was killed are completed by the one started after it."""
    automation, offset = await commander.define([webhook(server, f"/k{n}") for n in range(3)])
    commands = [commander.command(automation, offset) for _ in range(100)]
    runs = {command.run_id for command in commands}

    def under_way() -> int:
        mine = [request for request in server.received if request.headers.get("automations-run") in runs]
        return sum(request.path == "/k1" for request in mine)

    with server.holding("/k2"):
        await commander.start(*commands)
        await eventually(lambda: under_way() >= len(commands) // 4)
        await executor.kill()
    await executor.start()
    for command in commands:
        facts = await results.until_ended(command.run_id)
        assert facts[-1].status == "completed"
        assert sorted({fact.seq for fact in facts}) == [1, 2, 3, 4]
