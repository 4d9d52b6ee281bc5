"""The simulated CRM."""

import random

from automations_cli.simulation import CrmSimulation


def take(seed: int, number: int) -> list[tuple[str, dict[str, object], dict[str, object]]]:
    world = CrmSimulation(random.Random(seed), "sim")
    return [world.next_change() for _ in range(number)]


def test_simulation_repeats_with_its_seed() -> None:
    assert take(3, 200) == take(3, 200)
    assert take(3, 200) != take(4, 200)


def test_simulation_changes_only_records_that_it_created_and_says_from_what_to_what() -> None:
    """A reader who keeps every record finds each change true: it was so before, and is so after."""
    known: dict[object, dict[str, object]] = {}
    for event_type, record, changes in take(1, 3000):
        if event_type.endswith(".created"):
            assert record["id"] not in known
            assert not changes
        else:
            before = known[record["id"]]
            assert {name: {"from": before[name], "to": record[name]} for name in changes} == changes
            assert changes
        known[record["id"]] = record


def test_simulation_starts_what_automations_wait_for() -> None:
    """Critical cases are made, and deals come to negotiation and to both ends."""
    changes = take(2, 2000)
    assert any(kind == "case.created" and record["priority"] == "critical" for kind, record, _ in changes)
    stages = {record["stage"] for kind, record, _ in changes if kind == "opportunity.stage_changed"}
    assert stages >= {"negotiation", "closed_won", "closed_lost"}
