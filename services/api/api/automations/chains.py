"""Finds automations that start each other, among those of the tenant that are active."""

from typing import Final

from api.automations.model import Document
from api.automations.store import AutomationStore
from automations.definition.loops import (
    CHAIN_LIMIT,
    Known,
    Loop,
    events_caused,
    find_loops,
    is_understood,
    may_loop,
    patterns_hearing,
)

MOST_AUTOMATIONS: Final = 300
"""A warning is help, not a proof: no more documents than these are looked at for one."""


async def load_loops(store: AutomationStore, tenant_id: str, automation_id: str, document: Document) -> list[Loop]:
    """Return warnings for the document, as if it were active; nothing is read where it cannot loop."""
    if not may_loop(document):
        return []
    others: dict[str, Document] = {}
    caused = events_caused(document)
    wanted = caused
    for _ in range(CHAIN_LIMIT):
        found = await store.load_writing(
            tenant_id,
            patterns_hearing(wanted),
            known=[automation_id, *others],
            number=MOST_AUTOMATIONS - len(others),
        )
        found = {other: document for other, document in found.items() if is_understood(document)}
        others |= found
        wanted = {event for other in found.values() for event in events_caused(other)} - caused
        caused |= wanted
        if not wanted or len(others) >= MOST_AUTOMATIONS:
            break
    return find_loops(Known(automation_id, document), [Known(*other) for other in others.items()])
