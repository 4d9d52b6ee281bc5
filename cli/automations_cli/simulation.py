"""A small sales and support world whose records change one plausible step at a time.

Pure: the same random numbers give the same stream. Every event names a record that lives on: what was created earlier
is changed later, and each change says from what to what.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from automations_cli.fields import JsonFields

STAGES = ("prospecting", "qualification", "proposal", "negotiation")
_PRIORITIES = ("low", "medium", "high", "critical")
_ORIGINS = ("web", "email", "phone")
_REGIONS = ("EMEA", "AMER", "APAC")
_SOURCES = ("web", "partner", "event", "referral")
_ACCOUNTS = ("Brightwater Mills", "Copperfield Transit", "Northgate Optics", "Sunfold Textiles", "Tidewell Energy")
_PEOPLE = ("Amara Diallo", "Jonas Feld", "Keiko Arai", "Lucia Ferrante", "Omar Haddad", "Sofia Lindqvist")
_TROUBLES = (
    "Login fails after the update",
    "Invoice shows the wrong tax",
    "Export stops half-way",
    "Delivery has not arrived",
    "Dashboard is empty",
)
_DEALS = ("Annual licence", "Pilot project", "Renewal", "Support plan", "Roll-out")
_MOST_KEPT = 200
"""Records that still change; the oldest is forgotten beyond that."""


@dataclass
class CrmSimulation:
    """The world; `prefix` keeps its record ids apart from those of other simulations."""

    dice: random.Random
    prefix: str
    _made: int = 0
    _cases: list[JsonFields] = field(default_factory=list)
    _deals: list[JsonFields] = field(default_factory=list)
    _leads: list[JsonFields] = field(default_factory=list)

    def next_change(self) -> tuple[str, JsonFields, JsonFields]:
        """Return what happens next: the event's type, the record after it, and the changes (empty at a creation)."""
        happenings = (
            (26, self._create_case),
            (16, self._create_deal),
            (10, self._create_lead),
            (26, self._move_deal),
            (16, self._work_on_case),
            (6, self._convert_lead),
        )
        weights = [weight for weight, _happening in happenings]
        chosen = self.dice.choices([happening for _weight, happening in happenings], weights)[0]
        return chosen()

    def _create_case(self) -> tuple[str, JsonFields, JsonFields]:
        person = self.dice.choice(_PEOPLE)
        case = self._new("case") | {
            "name": self.dice.choice(_TROUBLES),
            "priority": self.dice.choices(_PRIORITIES, (4, 5, 3, 1))[0],
            "status": "new",
            "origin": self.dice.choice(_ORIGINS),
            "account_name": self.dice.choice(_ACCOUNTS),
            "contact_name": person,
            "contact_email": _address(person),
        }
        return self._created("case.created", case, self._cases)

    def _create_deal(self) -> tuple[str, JsonFields, JsonFields]:
        account = self.dice.choice(_ACCOUNTS)
        deal = self._new("opportunity") | {
            "name": f"{self.dice.choice(_DEALS)} for {account}",
            "stage": STAGES[0],
            "amount": self.dice.randrange(2, 240) * 500,
            "region": self.dice.choice(_REGIONS),
            "account_name": account,
            "owner": "user-ines",
        }
        return self._created("opportunity.created", deal, self._deals)

    def _create_lead(self) -> tuple[str, JsonFields, JsonFields]:
        person = self.dice.choice(_PEOPLE)
        lead = self._new("lead") | {
            "name": person,
            "email": _address(person),
            "source": self.dice.choice(_SOURCES),
            "status": "new",
        }
        return self._created("lead.created", lead, self._leads)

    def _move_deal(self) -> tuple[str, JsonFields, JsonFields]:
        if not self._deals:
            return self._create_deal()
        deal = self.dice.choice(self._deals)
        before = str(deal["stage"])
        is_lost = self.dice.random() < 0.12
        following = (*STAGES, "closed_won")[STAGES.index(before) + 1]
        after = "closed_lost" if is_lost else following
        if after.startswith("closed"):
            self._deals.remove(deal)
        return self._changed("opportunity.stage_changed", deal, "stage", after)

    def _work_on_case(self) -> tuple[str, JsonFields, JsonFields]:
        if not self._cases:
            return self._create_case()
        case = self.dice.choice(self._cases)
        if case["status"] == "working":
            self._cases.remove(case)
            return self._changed("case.closed", case, "status", "closed")
        if case["priority"] != "critical" and self.dice.random() < 0.3:
            higher = _PRIORITIES[_PRIORITIES.index(str(case["priority"])) + 1]
            return self._changed("case.escalated", case, "priority", higher)
        return self._changed("case.updated", case, "status", "working")

    def _convert_lead(self) -> tuple[str, JsonFields, JsonFields]:
        if not self._leads:
            return self._create_lead()
        lead = self._leads.pop(self.dice.randrange(len(self._leads)))
        return self._changed("lead.converted", lead, "status", "converted")

    def _new(self, kind: str) -> JsonFields:
        self._made += 1
        return {"id": f"{self.prefix}-{kind}-{self._made}"}

    def _created(
        self, event_type: str, record: JsonFields, kept: list[JsonFields]
    ) -> tuple[str, JsonFields, JsonFields]:
        kept.append(record)
        del kept[:-_MOST_KEPT]
        return event_type, dict(record), {}

    def _changed(
        self, event_type: str, record: JsonFields, name: str, after: str
    ) -> tuple[str, JsonFields, JsonFields]:
        change: JsonFields = {name: {"from": record[name], "to": after}}
        record[name] = after
        return event_type, dict(record), change


def _address(person: str) -> str:
    return f"{person.lower().replace(' ', '.')}@example.com"
