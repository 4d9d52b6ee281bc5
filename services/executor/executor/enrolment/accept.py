"""Takes start commands in: a batch becomes rows of one transaction, and from then on its runs cannot be lost."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka import ConsumerRecord

from automations.clock import utc_now
from automations.contracts.commands import StartRun, start_run_reader
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
from executor.engine.transition import start_run
from executor.enrolment.decide import Definitions, decide_start
from executor.journal.rows import Acceptance, entry_of
from executor.journal.store import Journal, SeenStart
from executor.journal.versions import UnknownVersion, Versions
from executor.metrics import STARTS
from executor.publication import fact_key
from executor.runner import Runner

log = get_logger(__name__)

READER = "executor"
_SKIPS = frozenset({"paused", "archived", "deleted", "late", "duplicate", "sandbox_off"})


class _Command(NamedTuple):
    record: ConsumerRecord[Any, Any]
    start: StartRun


class _Candidate(NamedTuple):
    acceptance: Acceptance
    moved: Transition


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
    ) -> None:
        self._journal = journal
        self._versions = versions
        self._definitions = definitions
        self._follower = follower
        self._runner = runner
        self._publisher = publisher

    async def accept(self, batch: Batch) -> None:
        """Return when each command of the batch is a run, a stated skip, or a dead letter."""
        await self._runner.until_room()
        letters: list[Record] = []
        commands = self._read(batch, letters)
        if commands:
            await self._follower.catch_up_to(max(command.start.definitions_offset for command in commands))
            self._keep_tried_documents(commands)
            await self._versions.save()
        candidates, skips = await self._decide(commands, letters)
        seen = await self._journal.enter_starts(
            [candidate.acceptance for candidate in candidates.values()],
            [(start.run_id, reason, start.event_digest) for start, reason in skips.values()],
        )
        passed("accepted")
        reports = self._reports(commands, skips, seen)
        if letters or reports:
            await self._publisher.publish_all([*letters, *reports])
        for run_id, candidate in candidates.items():
            if run_id not in seen:
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
                UUID(start.run_id)
            except (UnreadableMessage, ValueError) as error:
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
    ) -> tuple[dict[str, _Candidate], dict[str, tuple[StartRun, SkipReason]]]:
        candidates: dict[str, _Candidate] = {}
        skips: dict[str, tuple[StartRun, SkipReason]] = {}
        now = utc_now()
        for record, start in commands:
            reason = decide_start(start, self._definitions)
            if reason is not None:
                skips[start.run_id] = (start, reason)
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
            assert moved.fact is not None
            acceptance = Acceptance(moved.run, start.event_digest, entry_of(given, moved.fact))
            candidates[start.run_id] = _Candidate(acceptance, moved)
        return candidates, skips

    def _reports(
        self,
        commands: Sequence[_Command],
        skips: dict[str, tuple[StartRun, SkipReason]],
        seen: dict[str, SeenStart],
    ) -> list[Record]:
        """Return what to tell history: skipped starts, told again where they were told before, and duplicates."""
        reports = []
        for _, start in commands:
            before = seen.get(start.run_id)
            if before is None:
                if start.run_id in skips:
                    reports.append(_skipped(start, skips[start.run_id][1]))
            elif before.digest != start.event_digest:
                reports.append(_skipped(start, "duplicate", "another event with the same source and id came before"))
            elif before.outcome in _SKIPS:
                reports.append(_skipped(start, before.outcome))
        return reports


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
    )
    key = fact_key(start.tenant_id, start.automation_id, start.order_key, start.run_id)
    return Record(STEP_RESULTS.name, key, encode(fact))


def _letter(record: ConsumerRecord[Any, Any], code: str, reason: str) -> Record:
    return dead_letter(record, code=code, reason=reason, reader=READER, at=utc_now())
