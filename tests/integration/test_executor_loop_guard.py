"""The loop guard on real Kafka and PostgreSQL: what one chain, or one minute, may start."""

from datetime import timedelta

from automations.clock import utc_now
from automations.contracts.commands import Cause, StartRun
from tests.support.commander import Commander, webhook
from tests.support.counting_server import CountingServer
from tests.support.service_process import ServiceProcess, running_service
from tests.support.stream import ResultsTail


def of_record(commander: Commander, automation: str, offset: int, record: str, number: int) -> list[StartRun]:
    """Return starts of one automation for one record, by events of the last seconds."""
    now = utc_now()
    return [
        commander.command(
            automation,
            offset,
            order_key=f"{automation}|case/{record}",
            appended_at=now - timedelta(seconds=20 - place),
        )
        for place in range(number)
    ]


def caused(commander: Commander, automation: str, offset: int, record: str, chain: str, depth: int) -> StartRun:
    """Return a start by an event that a run of the chain led to."""
    cause = Cause(run_id=chain, chain_id=chain, depth=depth)
    return commander.command(automation, offset, order_key=f"{automation}|case/{record}", caused_by=cause)


async def test_eleventh_start_for_a_record_within_a_minute_is_skipped(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """Ten become runs; those after are skipped with a reason. A start that comes again counts once."""
    automation, offset = await commander.define([webhook(server, "/often")])
    starts = of_record(commander, automation, offset, "7", 12)
    [other] = of_record(commander, automation, offset, "8", 1)
    await commander.start(*starts[:6])
    await commander.start(*starts, other)
    for start in (*starts[:10], other):
        await results.until_ended(start.run_id)
    for start in starts[10:]:
        skipped = await results.until_skipped(start.run_id)
        assert skipped.reason == "loop_guard"
        assert skipped.detail is not None
        assert skipped.detail.startswith("10 runs of this automation for this record began within a minute")


async def test_starts_that_another_process_took_in_count(
    commander: Commander,
    environment: dict[str, str],
    executor: ServiceProcess,
    results: ResultsTail,
    server: CountingServer,
) -> None:
    """An executor that is given the partition anew refuses the eleventh start, as the one before it would have."""
    automation, offset = await commander.define([webhook(server, "/before")])
    starts = of_record(commander, automation, offset, "7", 11)
    await commander.start(*starts[:10])
    for start in starts[:10]:
        await results.until_ended(start.run_id)
    assert await executor.stop() == 0
    async with running_service("executor", environment):
        [other] = of_record(commander, automation, offset, "8", 1)
        await commander.start(starts[10], other)
        assert (await results.until_skipped(starts[10].run_id)).reason == "loop_guard"
        await results.until_ended(other.run_id)
    await executor.start()


async def test_limit_is_a_setting(
    commander: Commander,
    environment: dict[str, str],
    executor: ServiceProcess,
    results: ResultsTail,
    server: CountingServer,
) -> None:
    """`MAX_STARTS_PER_RECORD_MINUTE=0` sets none."""
    automation, offset = await commander.define([webhook(server, "/unlimited")])
    starts = of_record(commander, automation, offset, "7", 15)
    assert await executor.stop() == 0
    async with running_service("executor", {**environment, "MAX_STARTS_PER_RECORD_MINUTE": "0"}):
        await commander.start(*starts)
        for start in starts:
            await results.until_ended(start.run_id)
    await executor.start()


async def test_automation_starts_once_for_a_record_in_a_chain(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """The run that began the chain, and each that came later, keep their automation from starting again there."""
    first, offset = await commander.define([webhook(server, "/first")])
    second, offset = await commander.define([webhook(server, "/second")])
    begin = commander.command(first, offset, order_key=f"{first}|case/7")
    chain = begin.run_id
    await commander.start(begin)
    await results.until_ended(chain)
    led_to = caused(commander, second, offset, "7", chain, 1)
    back = caused(commander, first, offset, "7", chain, 2)
    again = caused(commander, second, offset, "7", chain, 3)
    elsewhere = caused(commander, first, offset, "8", chain, 2)
    other_chain = caused(commander, second, offset, "7", "another chain", 1)
    await commander.start(led_to, back, again, led_to, elsewhere, other_chain)
    for accepted in (led_to, elsewhere, other_chain):
        await results.until_ended(accepted.run_id)
    for start, holder in ((back, chain), (again, led_to.run_id)):
        skipped = await results.until_skipped(start.run_id)
        assert (skipped.reason, skipped.chain_id) == ("loop_guard", chain)
        assert skipped.detail is not None
        assert f"the run {holder} of this automation" in skipped.detail


async def test_person_who_completes_a_task_begins_a_new_chain(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """What a run does before belongs to the chain that led to it, and what it does afterwards to the task's."""
    automation, offset = await commander.define(
        [webhook(server, "/asked"), {"type": "human_task"}, webhook(server, "/answered")]
    )
    start = caused(commander, automation, offset, "7", "the chain before", 5)
    await commander.start(start)
    waiting = (await results.until_waiting(start.run_id)).waiting
    assert waiting is not None
    assert waiting.task_id is not None
    await commander.complete(start.run_id, waiting.task_id, {"approved": True})
    await results.until_ended(start.run_id)
    sent = {
        request.path: (request.headers["automations-chain"], request.headers["automations-depth"])
        for request in server.received
        if request.headers.get("automations-run") == start.run_id
    }
    assert sent == {"/asked": ("the chain before", "6"), "/answered": (waiting.task_id, "1")}
