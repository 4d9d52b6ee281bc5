"""Automations and events for the matcher's benchmark: a mix as teams write it, and events that each match one.

An automation of 50 event types is about one account: by its id and a priority (60 %), with a range of amounts
besides (20 %), by several accounts and a region (10 %), or with a regular expression (2 %); 4 % are about a
narrow range of amounts, and 4 % about the beginning of a reference. Every event is made for one automation,
which alone it matches, so that the matches per event are the same whatever the number of automations.
"""

import random
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from automations.contracts.definitions import AutomationDefined, LiveDocument

TYPES: Final = tuple(
    f"{name}.{verb}"
    for name in ("account", "case", "contact", "contract", "invoice", "lead", "opportunity", "order", "quote", "task")
    for verb in ("created", "updated", "closed", "assigned", "deleted")
)
_PRIORITIES: Final = ("low", "medium", "high", "critical")
_REGIONS: Final = ("EMEA", "APAC", "LATAM", "NA")
_KINDS: Final = ("pair", "range", "several", "regex", "amount", "reference")
_WEIGHTS: Final = (60, 20, 10, 2, 4, 4)
_PADDING: Final = "Customer reports an error"


class Automations:
    """A number of automations, and the events that match one of them."""

    def __init__(self, count: int, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._kinds = random.Random(seed).choices(_KINDS, _WEIGHTS, k=count)
        self.count = count

    def documents(self) -> Iterator[dict[str, Any]]:
        """Yield each automation's document."""
        for number in range(self.count):
            yield {
                "name": f"Automation {number}",
                "trigger": {"event": TYPES[number % len(TYPES)], "conditions": self._conditions(number)},
                "actions": [
                    {
                        "id": "send_notification",
                        "type": "send_notification",
                        "params": {"channel": "slack", "message": "{{ record.id }} needs attention"},
                    }
                ],
            }

    def definitions(self) -> Iterator[AutomationDefined]:
        """Yield each automation as it stands on the definitions topic."""
        for number, document in enumerate(self.documents()):
            yield AutomationDefined(
                tenant_id="default",
                automation_id=automation_id(number),
                revision=1,
                status="active",
                live=LiveDocument(version=1, document=document),
            )

    def name(self, number: int) -> tuple[str, str, str]:
        """Return the type, the account and the priority that an automation is about."""
        return TYPES[number % len(TYPES)], _account(number), _PRIORITIES[number % 4]

    def events(self, count: int) -> Iterator[tuple[bytes, str]]:
        """Yield events as CloudEvents of about 300 bytes, with the automation that each matches."""
        for place in range(count):
            number = self._random.randrange(self.count)
            record = {"id": f"500{place:09}", **self._record(number), "subject": f"{_PADDING} E-{number % 97:02}"}
            event = {
                "specversion": "1.0",
                "type": TYPES[number % len(TYPES)],
                "source": "/crm",
                "id": f"{place:012}",
                "time": "2026-03-01T12:00:00Z",
                "data": {"record": record},
            }
            yield msgspec.json.encode(event), automation_id(number)

    def _conditions(self, number: int) -> dict[str, Any]:
        account, priority, amount = _account(number), _PRIORITIES[number % 4], _amount(number)
        kind = self._kinds[number]
        if kind == "several":
            accounts = [account, f"{account}-eu", f"{account}-us"]
            return {"account.id": accounts, "region": _REGIONS[number % 4]}
        if kind == "amount":
            return {"priority": priority, "amount": {"gte": amount, "lt": amount + 10}}
        if kind == "reference":
            return {"priority": priority, "reference": {"starts_with": f"{account}/"}}
        more: dict[str, Any] = {}
        if kind == "range":
            more = {"amount": {"gte": amount, "lt": amount + 5_000}}
        elif kind == "regex":
            more = {"subject": {"matches": f"\\bE-0*{number % 97}\\b"}}
        return {"account.id": account, "priority": priority} | more

    def _record(self, number: int) -> dict[str, Any]:
        account = _account(number)
        return {
            "account": {"id": account},
            "priority": _PRIORITIES[number % 4],
            "region": _REGIONS[number % 4],
            "amount": _amount(number) + 5,
            "reference": f"{account}/{number % 7}" if self._kinds[number] == "reference" else "none",
        }


def automation_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _account(number: int) -> str:
    return f"001{number // len(TYPES):06}"


def _amount(number: int) -> int:
    return 10 * (number // len(TYPES))
