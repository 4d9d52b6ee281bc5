"""The api inside the test's own process, on a port of its own, and what other services would publish for it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer

from api.app import service
from api.settings import Settings
from automations.contracts.commands import TriggerEvent
from automations.contracts.controls import CancelRun, CompleteTask, Control, control_reader
from automations.contracts.results import RunAdvanced, RunStart, RunStatus, StepView, TaskView, Verdict, Waiting
from automations.contracts.step_errors import StepError
from automations.contracts.topics import RUN_CONTROLS, STEP_RESULTS, record_key
from automations.contracts.wire import encode
from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher, Record
from automations.postgres import PostgresSettings
from automations.service import Process
from embedded.ports import find_free
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.patient_api import be_patient


@asynccontextmanager
async def running_api(
    postgres: PostgresSettings, kafka: KafkaSettings, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of an api that is ready, and patient; its paths begin behind `/api/v1`."""
    be_patient()
    port = find_free(1)[0]
    process = Process()
    async with service(Settings(port=port, **settings), postgres, kafka)(process):
        process.ready = True
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/api/v1", timeout=2 * PATIENCE_SECONDS
        ) as client:
            try:
                yield client
            finally:
                process.stopping.set()
    assert process.error is None


@dataclass
class FakeRun:
    """Facts of one run, numbered as executor numbers them."""

    automation_id: str
    lane: Any = "live"
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    seq: int = 0

    def start(self, record: dict[str, Any] | None = None, cause: str | None = None, mode: Any = None) -> RunAdvanced:
        event = TriggerEvent(
            id=f"e-{self.run_id[:8]}",
            type="case.created",
            time=self.started_at,
            object="case",
            record_id=str((record or {}).get("id", "1")),
            record=record or {"id": "1"},
        )
        mode = mode or ("live" if self.lane == "live" else "dry_run")
        start = RunStart(mode=mode, cause=cause or f"event:{event.id}", event=event, chain_id=self.run_id)
        return self.fact("running", start=start)

    def fact(self, status: RunStatus, **more: Any) -> RunAdvanced:
        self.seq += 1
        now = datetime.now(UTC)
        return RunAdvanced(
            tenant_id="default",
            run_id=self.run_id,
            automation_id=self.automation_id,
            version=1,
            lane=self.lane,
            order_key=None,
            seq=self.seq,
            at=now,
            started_at=self.started_at,
            status=status,
            ended_at=None if status == "running" else now,
            **more,
        )

    def step(self, step_id: str, status: RunStatus = "running", output: Any = None) -> RunAdvanced:
        now = datetime.now(UTC)
        view = StepView(
            path=step_id,
            id=step_id,
            type="assign_to_queue",
            status="completed",
            attempts=1,
            input={"queue_id": "q"},
            output=output,
            started_at=now,
            ended_at=now,
        )
        return self.fact(status, steps=(view,))

    def open_task(self, path: str = "human_task", form: dict[str, Any] | None = None) -> RunAdvanced:
        now = datetime.now(UTC)
        step = StepView(path=path, id=path, type="human_task", status="waiting", attempts=1, started_at=now)
        task_id = f"{self.run_id}:{path}"
        task = TaskView(task_id=task_id, path=path, status="open", title="Approve", form=form, opened_at=now)
        waiting = Waiting(for_="task", path=path, since=now, task_id=task.task_id)
        return self.fact("running", steps=(step,), tasks=(task,), waiting=waiting)

    def time_out_task(self, path: str = "human_task") -> RunAdvanced:
        """Return the end of a run whose task nobody completed in time."""
        error = StepError(kind="timeout", message="the step took longer than its `timeout`")
        step = StepView(path=path, id=path, type="human_task", status="failed", attempts=1, error=error)
        task = TaskView(task_id=f"{self.run_id}:{path}", path=path, status="withdrawn")
        return self.fact("failed", steps=(step,), tasks=(task,), error=error)


class FakeExecutor:
    """Publishes facts, and judges submissions the way it is told to."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._publisher = Publisher(kafka, "fake-executor")
        self._consumer = AIOKafkaConsumer(RUN_CONTROLS.name, **kafka.client_arguments(), group_id=None)
        self._seen: set[str] = set()

    async def start(self) -> None:
        await self._publisher.start()
        await self._consumer.start()
        partitions = self._consumer.assignment()
        await self._consumer.seek_to_end(*partitions)
        for partition in partitions:
            await self._consumer.position(partition)

    async def stop(self) -> None:
        await self._publisher.stop()
        await self._consumer.stop()

    async def publish(self, *facts: RunAdvanced, after: FakeRun | None = None) -> None:
        """Publish facts under the keys of their runs; with `after` under that one's, to be read after its facts."""
        await self._publisher.publish_all(
            [
                Record(
                    STEP_RESULTS.name,
                    record_key(fact.tenant_id, fact.automation_id, after.run_id if after else fact.run_id),
                    encode(fact),
                )
                for fact in facts
            ]
        )

    async def publish_bytes(self, value: bytes, key: bytes) -> None:
        await self._publisher.publish_all([Record(STEP_RESULTS.name, key, value)])

    async def next_control(self, run: FakeRun) -> CompleteTask:
        """Return the next control that the api sent to a run; it may send one twice, and those of other runs late."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                control = await self._next(run)
                if isinstance(control, CompleteTask) and control.submission_id not in self._seen:
                    self._seen.add(control.submission_id)
                    return control

    async def next_cancellation(self, run: FakeRun) -> CancelRun:
        """Return the next message by which the api asks for a run's end."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                control = await self._next(run)
                if isinstance(control, CancelRun):
                    return control

    async def _next(self, run: FakeRun) -> Control:
        while True:
            control: Control = control_reader.read((await self._consumer.getone()).value)
            if control.run_id == run.run_id:
                return control

    async def judge(self, run: FakeRun, control: CompleteTask, refusal: str | None = None) -> None:
        """Publish the run's word on a submission, and with an acceptance its end."""
        verdict = Verdict(
            submission_id=control.submission_id, task_id=control.task_id, accepted=refusal is None, reason=refusal
        )
        if refusal is not None:
            await self.publish(run.fact("running", verdict=verdict))
            return
        path = control.task_id.rsplit(":", 1)[1]
        now = datetime.now(UTC)
        step = StepView(
            path=path, id=path, type="human_task", status="completed", attempts=1, output=control.output, ended_at=now
        )
        task = TaskView(task_id=control.task_id, path=path, status="completed")
        await self.publish(run.fact("completed", steps=(step,), tasks=(task,), verdict=verdict))


@asynccontextmanager
async def fake_executor(kafka: KafkaSettings) -> AsyncIterator[FakeExecutor]:
    """Yield an executor that does nothing by itself."""
    executor = FakeExecutor(kafka)
    await executor.start()
    try:
        yield executor
    finally:
        await executor.stop()
