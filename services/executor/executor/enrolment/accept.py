"""Takes start commands in: a batch becomes rows of one transaction, and from then on its runs cannot be lost."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from aiokafka import ConsumerRecord

from automations.clock import utc_now
from automations.contracts.commands import StartRun, start_run_reader
from automations.contracts.identity import is_run_id
from automations.contracts.results import SkipReason, StartSkipped
from automations.contracts.topics import STEP_RESULTS
from automations.contracts.wire import UnreadableMessage, encode
from automations.durable_points import passed
from automations.messaging.batches import Batch
from automations.messaging.dead_letters import dead_letter
from automations.messaging.definitions import DefinitionsFollower
from automations.messaging.publisher import Publisher, Record
from automations.observability import get_logger
from executor.engine.inputs import Started
from executor.engine.outcomes import Transition
from executor.engine.plan import Plan
from executor.engine.transition import start_run
from executor.enrolment.decide import Definitions, decide_start
from executor.enrolment.loop_guard import MINUTE, LoopGuard, is_guarded, place_of, started_in_chain
from executor.journal.past_starts import PastStarts, Wanted
from executor.journal.rows import Acceptance, entry_of
from executor.journal.store import Journal, SeenStart
from executor.journal.versions import UnknownVersion, Versions
from executor.metrics import STARTS
from executor.publication import fact_key
from executor.runner import MOST_MOVING, Runner

log = get_logger(__name__)

READER = "executor"
MOST_ACCEPTED_TOGETHER = MOST_MOVING // 2
"""So many runs are begun at once: half of those that move, so that one half moves while the other is journaled."""
_SKIPS = frozenset({"paused", "archived", "deleted", "late", "duplicate", "sandbox_off", "loop_guard"})


class _Command(NamedTuple):
    record: ConsumerRecord[Any, Any]
    start: StartRun


class _Skip(NamedTuple):
    start: StartRun
    reason: SkipReason
    detail: str | None = None


class _Candidate(NamedTuple):
    acceptance: Acceptance
    moved: Transition
    given: Started
    plan: Plan


class Acceptor:
    """The reader of start commands."""

    def __init__(
        self,
        journal: Journal,
        versions: Versions,
        definitions: Definitions,
        follower: DefinitionsFollower,
        runner: Runner,
        publisher: Publisher,
        guard: LoopGuard,
        past: PastStarts,
    ) -> None:
        self._journal = journal
        self._versions = versions
        self._definitions = definitions
        self._follower = follower
        self._runner = runner
        self._publisher = publisher
        self._guard = guard
        self._past = past

    async def accept(self, batch: Batch) -> None:
        """Return when each command of the batch is a run, a stated skip, or a dead letter."""
        for first in range(0, len(batch), MOST_ACCEPTED_TOGETHER):
            await self._runner.until_calm()
            await self._accept_together(batch[first : first + MOST_ACCEPTED_TOGETHER])

    async def _accept_together(self, batch: Batch) -> None:
        """Take commands in by one transaction."""
        letters: list[Record] = []
        commands = self._read(batch, letters)
        if commands:
            await self._follower.catch_up_to(max(command.start.definitions_offset for command in commands))
            self._keep_tried_documents(commands)
            await self._versions.save()
        await self._look_back(batch, commands)
        candidates, skips = await self._decide(commands, letters)
        seen, queued = await self._journal.enter_starts(
            [candidate.acceptance for candidate in candidates.values()],
            [(skip.start.run_id, skip.reason, skip.start.event_digest) for skip in skips.values()],
            lambda acceptance: _queued(candidates[acceptance.run.run_id]),
        )
        passed("accepted")
        reports = self._reports(commands, skips, seen)
        if letters or reports:
            await self._publisher.publish_all([*letters, *reports])
        for run_id, candidate in candidates.items():
            if run_id in queued:
                self._runner.announce(queued[run_id])
            elif run_id not in seen:
                self._runner.begin(candidate.acceptance, candidate.moved)
        STARTS.labels("accepted").inc(sum(run_id not in seen for run_id in candidates))
        STARTS.labels("skipped").inc(len(skips))
        STARTS.labels("seen_before").inc(len(seen))

    def _read(self, batch: Batch, letters: list[Record]) -> list[_Command]:
        """Return the commands, each run once; what is no command becomes a dead letter."""
        commands: dict[str, _Command] = {}
        for record in batch:
            try:
                start = start_run_reader.read(record.value)
                if not is_run_id(start.run_id):
                    raise UnreadableMessage(f"`run_id` is {start.run_id[:80]!r}, and not a UUID in lower case")
            except UnreadableMessage as error:
                letters.append(_letter(record, "unreadable", f"this is no StartRun command: {error}"))
                continue
            commands.setdefault(start.run_id, _Command(record, start))
        return list(commands.values())

    def _keep_tried_documents(self, commands: Sequence[_Command]) -> None:
        """Keep what tests run like any version, so that whoever takes a run over finds it."""
        for _, start in commands:
            if start.test is not None:
                self._versions.keep((start.tenant_id, start.automation_id, start.version), start.test.document)

    async def _decide(
        self, commands: Sequence[_Command], letters: list[Record]
    ) -> tuple[dict[str, _Candidate], dict[str, _Skip]]:
        candidates: dict[str, _Candidate] = {}
        skips: dict[str, _Skip] = {}
        for _, start in commands:
            reason = decide_start(start, self._definitions)
            if reason is not None:
                skips[start.run_id] = _Skip(start, reason)
        others = await self._claim_places([start for _, start in commands if start.run_id not in skips])
        now = utc_now()
        for record, start in commands:
            if start.run_id in skips:
                continue
            other = others.get(start.run_id)
            loop = self._guard.refuse(start) if other is None else started_in_chain(other)
            if loop is not None:
                skips[start.run_id] = _Skip(start, "loop_guard", loop)
                continue
            try:
                plan = await self._versions.plan(start.tenant_id, start.automation_id, start.version)
            except UnknownVersion as error:
                letters.append(_letter(record, "unknown_version", str(error)))
                continue
            given = Started(command=start, at=now)
            try:
                moved = start_run(given, plan)
            except Exception as error:
                log.exception("a run could not be begun", run_id=start.run_id, automation_id=start.automation_id)
                letters.append(_letter(record, "not_startable", f"{type(error).__name__}: {error}"))
                continue
            assert moved.told is not None
            counts_at = start.appended_at if start.lane == "live" and is_guarded(start) else None
            acceptance = Acceptance(moved.run, start.event_digest, entry_of(given, moved.told), moved.told, counts_at)
            candidates[start.run_id] = _Candidate(acceptance, moved, given, plan)
        return candidates, skips

    async def _look_back(self, batch: Batch, commands: Sequence[_Command]) -> None:
        """Tell the loop guard what others took in, where this process was given partitions anew."""
        anew = self._guard.find_anew((record.partition, record.offset) for record in batch)
        times = [
            start.appended_at
            for record, start in commands
            if record.partition in anew and start.appended_at is not None and is_guarded(start)
        ]
        if times:
            self._guard.remember(await self._past.load(min(times) - MINUTE, max(times)))

    async def _claim_places(self, starts: Sequence[StartRun]) -> Mapping[str, str]:
        """Return the run that was started before, for each start that comes again in its chain."""
        wanted = [
            Wanted(start.run_id, start.order_key, place)
            for start in starts
            if (place := place_of(start)) is not None and start.order_key is not None
        ]
        return await self._past.claim_places(wanted) if wanted else {}

    def _reports(
        self,
        commands: Sequence[_Command],
        skips: dict[str, _Skip],
        seen: dict[str, SeenStart],
    ) -> list[Record]:
        """Return what to tell history: skipped starts, told again where they were told before, and duplicates."""
        reports = []
        for _, start in commands:
            before = seen.get(start.run_id)
            if before is None:
                if (skip := skips.get(start.run_id)) is not None:
                    reports.append(_skipped(start, skip.reason, skip.detail))
            elif before.digest != start.event_digest:
                reports.append(_skipped(start, "duplicate", "another event with the same source and id came before"))
            elif before.outcome in _SKIPS:
                skip = skips.get(start.run_id)
                detail = skip.detail if skip is not None and skip.reason == before.outcome else None
                reports.append(_skipped(start, before.outcome, detail))
        return reports


def _queued(candidate: _Candidate) -> Acceptance:
    """Return the run as it begins where its turn is taken."""
    given = msgspec.structs.replace(candidate.given, turn_free=False)
    moved = start_run(given, candidate.plan)
    assert moved.told is not None
    return msgspec.structs.replace(
        candidate.acceptance, run=moved.run, entry=entry_of(given, moved.told), told=moved.told
    )


def _skipped(start: StartRun, reason: Any, detail: str | None = None) -> Record:
    fact = StartSkipped(
        tenant_id=start.tenant_id,
        run_id=start.run_id,
        automation_id=start.automation_id,
        version=start.version,
        lane=start.lane,
        reason=reason,
        event=start.event,
        at=start.decided_at,
        detail=detail,
        chain_id=start.caused_by.chain_id,
    )
    key = fact_key(start.tenant_id, start.automation_id, start.order_key, start.run_id)
    return Record(STEP_RESULTS.name, key, encode(fact))


def _letter(record: ConsumerRecord[Any, Any], code: str, reason: str) -> Record:
    return dead_letter(record, code=code, reason=reason, reader=READER, at=utc_now())
