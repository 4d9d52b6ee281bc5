"""Whether executor will start what people ask for, and up to where it must have read the definitions for that.

Executor refuses starts of an automation that is not active, as it reads the definitions. So a start that follows
an activation must not be judged by what stood before: it names the offset of the definitions, which lies behind
every change that was answered.
"""

import asyncio

from aiokafka.errors import KafkaError

from api.automations.store import AutomationStore
from api.outbox.sender import OutboxSender
from api.outbox.store import sending_of
from api.problems import Refused
from api.sandbox.store import SandboxStore
from automations.contracts.definitions import definition_key, switch_key
from automations.contracts.identity import Lane
from automations.contracts.topics import DEFINITIONS
from automations.messaging.connection import KafkaSettings
from automations.messaging.definitions import load_end

ANSWER_SECONDS = 5.0


class Present:
    """What the stream is told now."""

    def __init__(
        self, automations: AutomationStore, sandboxes: SandboxStore, sender: OutboxSender, kafka: KafkaSettings
    ) -> None:
        self._automations = automations
        self._sandboxes = sandboxes
        self._sender = sender
        self._kafka = kafka

    async def load_offset(self, tenant_id: str, automation_id: str, lane: Lane) -> int:
        """Return the offset up to which the definitions must be read for a start in the lane.

        Raises:
            Refused: the automation is not active, or the sandbox is off (409); Kafka does not answer (503).
        """
        automation = await self._automations.load(tenant_id, automation_id)
        if automation is None:
            raise Refused(409, "The automation was deleted; nothing of it is started any more.", reason="deleted")
        if lane == "live" and automation.status != "active":
            raise not_active(automation.status)
        if lane == "sandbox" and not (await self._sandboxes.load(tenant_id)).active:
            raise Refused(409, "The sandbox is off; switch it on to run this again.", reason="sandbox_off")
        key = definition_key(tenant_id, automation_id) if lane == "live" else switch_key(tenant_id)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if await self._sender.wait_sent(sending_of(DEFINITIONS, key), ANSWER_SECONDS):
                    return await load_end(self._kafka, "api-interventions")
        except (KafkaError, TimeoutError):
            pass
        raise Refused(503, "Kafka did not answer in time; try again.", headers={"Retry-After": "1"})


def not_active(status: str) -> Refused:
    """Return the refusal to start a run of an automation that is not active."""
    message = f"The automation is {status}; make it active first."
    return Refused(409, message, reason="not_active", automation_status=status)
