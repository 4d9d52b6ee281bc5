"""Conditions are built by hand to any depth, counted against recent events, and tried out before they are published."""

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.building import SOON_MS, event_of_its_own, node, problems, saved
from tests.browser.conftest import Complaints
from tests.support.eventually import eventually
from tests.support.product import Product

# The pause after which the page asks again what conditions match (web/src/testing/ConditionPreview.tsx).
COUNTED_AFTER_MS = 350


def queue(name: str = "tier-2") -> dict[str, Any]:
    return {"type": "assign_to_queue", "params": {"queue_id": name}}


def mail() -> dict[str, Any]:
    return {"type": "send_email", "params": {"to": "kim@example.com", "subject": "Case {{ record.id }}", "body": "x"}}


async def publish_cases(product: Product, event: str, *priorities: str) -> list[str]:
    """Publish a case of each priority; return their ids once they are among the recent events."""
    cases = [await product.publish_case(event, priority=priority, amount=100) for priority in priorities]

    async def look() -> bool:
        return len((await product.call("GET", f"/event-types/{event}/samples"))["items"]) == len(cases)

    await eventually(look)
    return cases


async def open_trigger(page: Page, automation: dict[str, Any]) -> Locator:
    """Open the automation with the panel of its trigger; return the panel."""
    await page.goto(f"/automations/{automation['id']}")
    await node(page, "Trigger").click()
    return page.get_by_role("complementary", name="Set up")


async def draft_conditions(product: Product, automation: dict[str, Any]) -> Any:
    """Return the conditions of the draft as it is saved."""
    return (await product.call("GET", f"/automations/{automation['id']}/draft"))["trigger"].get("conditions")


async def fill_condition(panel: Locator, number: str, field: str, value: str | None, operator: str = "is") -> None:
    """Fill in a row by its number."""
    await panel.get_by_role("combobox", name=f"Condition {number}: field").fill(field)
    if operator != "is":
        await choose(panel, f"Condition {number}: operator", operator)
    if value is not None:
        name = f"Condition {number}: value"
        field = panel.get_by_role("combobox", name=name, exact=True)
        await field.or_(panel.get_by_role("textbox", name=name, exact=True)).fill(value)


async def choose(panel: Locator, name: str, option: str) -> None:
    """Choose from a list."""
    await panel.get_by_role("combobox", name=name).click()
    await panel.page.get_by_role("option", name=option, exact=True).click()


async def test_nested_groups_built_by_hand_are_the_saved_document(page: Page, product: Product) -> None:
    """Rows and groups within groups, with operators by words, stand in the draft as a file would say them."""
    created = await product.create({"event": event_of_its_own()}, [queue()], status="draft")
    panel = await open_trigger(page, created)
    await panel.get_by_role("button", name="Add a condition", exact=True).click()
    await fill_condition(panel, "1", "amount", "10000", "is at least")
    await panel.get_by_role("button", name="Add a group", exact=True).click()
    await fill_condition(panel, "2.1", "source", "web")
    await panel.get_by_role("button", name="Add a condition to group 2", exact=True).click()
    await fill_condition(panel, "2.2", "source", None, "has no value")
    await panel.get_by_role("button", name="Add a group to group 2", exact=True).click()
    await choose(panel, "Group 2.3: how its parts are joined", "None of")
    await fill_condition(panel, "2.3.1", "tags", "vip", "contains")
    await panel.get_by_role("button", name="Add a condition to group 2.3", exact=True).click()
    await fill_condition(panel, "2.3.2", "stage", "won", "changed to")
    sentence = (
        "and amount is at least 10,000 and any of (source is web, source has no value, "
        "none of (tags contains vip, stage changed to won))"
    )
    await expect(panel).to_contain_text(sentence)
    await expect(saved(page)).to_be_visible(timeout=SOON_MS)
    wanted = {
        "amount": {"gte": 10000},
        "any": [
            {"source": "web"},
            {"source": {"exists": False}},
            {"not": {"any": [{"tags": {"contains": "vip"}}, {"stage": {"changed_to": "won"}}]}},
        ],
    }

    async def is_saved() -> bool:
        assert await draft_conditions(product, created) == wanted
        return True

    await eventually(is_saved)
    await page.reload()
    await node(page, "Trigger").click()
    await expect(panel).to_contain_text(sentence)
    await panel.get_by_role("button", name="Remove group 2", exact=True).click()
    await expect(panel.get_by_role("group", name=re.compile("^Group"))).to_have_count(0)


async def test_conditions_are_counted_while_they_are_written(page: Page, product: Product) -> None:
    """The count of recent events that match follows each change, and each event says why it does or does not."""
    event = event_of_its_own()
    await publish_cases(product, event, "critical", "low", "critical")
    created = await product.create({"event": event}, [queue()], status="draft")
    panel = await open_trigger(page, created)
    await expect(panel.get_by_role("button", name=re.compile("^matches 3 of the last 3"))).to_be_visible()
    await panel.get_by_role("button", name="Add a condition", exact=True).click()
    await panel.get_by_role("combobox", name="Condition 1: field").fill("prio")
    offered = page.get_by_role("option", name=re.compile("^priority"))
    await expect(offered).to_contain_text("in 100 %")
    await expect(offered).to_contain_text("critical")
    await offered.click()
    await panel.get_by_role("combobox", name="Condition 1: value").click()
    await page.get_by_role("option", name="critical", exact=True).click()
    count = panel.get_by_role("button", name=re.compile("^matches 2 of the last 3"))
    await expect(count).to_contain_text(event)
    await count.click()
    recent = panel.get_by_role("region", name="Recent events")
    await recent.get_by_role("button", name=re.compile("^Does not match")).click()
    why = recent.get_by_role("list", name="Conditions, one by one")
    await expect(why).to_contain_text("priority is critical")
    await expect(why).to_contain_text("It is “low”.")


async def test_operators_and_values_fit_the_field(page: Page, product: Product) -> None:
    """A number is written as a number, text as text though it looks like a number, and several as chips."""
    event = event_of_its_own()
    await publish_cases(product, event, "critical")
    created = await product.create({"event": event}, [queue()], status="draft")
    panel = await open_trigger(page, created)
    await panel.get_by_role("button", name="Add a condition", exact=True).click()
    await fill_condition(panel, "1", "priority", "5")
    await panel.get_by_role("button", name="Add a condition", exact=True).click()
    await fill_condition(panel, "2", "amount", "1.05", "is more than")
    await panel.get_by_role("button", name="Add a condition", exact=True).click()
    await fill_condition(panel, "3", "region", None, "is one of")
    chips = panel.get_by_role("combobox", name="Condition 3: value")
    await expect(panel).to_contain_text("Add at least one value.")
    for value in ("EMEA", "APAC"):
        await chips.fill(value)
        await chips.press("Enter")
    await panel.get_by_role("button", name="Add a condition", exact=True).click()
    await fill_condition(panel, "4", "due", "3", "is within the next")

    async def is_saved() -> bool:
        wanted = {"priority": "5", "amount": {"gt": 1.05}, "region": ["EMEA", "APAC"], "due": {"within_next": "3d"}}
        assert await draft_conditions(product, created) == wanted
        return True

    await eventually(is_saved)


async def test_several_events_and_patterns_start_it(page: Page, product: Product) -> None:
    """A second event makes a list of it, a pattern says anything of a kind, and the sentence says both."""
    created = await product.create({"event": "case.created"}, [queue()], status="draft")
    panel = await open_trigger(page, created)
    await panel.get_by_role("button", name="Or another event").click()
    await panel.get_by_role("combobox", name="Event 2").fill("case.escalated")
    await expect(node(page, "Trigger")).to_contain_text("When a case is created or escalated")
    await panel.get_by_role("button", name="Or another event").click()
    await panel.get_by_role("combobox", name="Event 3").fill("lead.*")
    await expect(panel).to_contain_text("a case is created or escalated or anything happens to a lead")
    await panel.get_by_role("button", name="Remove event 2").click()
    await expect(saved(page)).to_be_visible(timeout=SOON_MS)

    async def is_saved() -> bool:
        stored = await product.call("GET", f"/automations/{created['id']}/draft")
        assert stored["trigger"]["event"] == ["case.created", "lead.*"]
        return True

    await eventually(is_saved)


async def test_row_without_an_event_yet_counts_nothing(page: Page, product: Product) -> None:
    """While a second event has no name the count goes on for the first; the same event twice counts once."""
    event = event_of_its_own()
    await publish_cases(product, event, "low")
    created = await product.create({"event": event}, [queue()], status="draft")
    panel = await open_trigger(page, created)
    count = panel.get_by_role("region", name="Recent events")
    await expect(count).to_contain_text(f"matches 1 of the last 1 {event} events")
    await panel.get_by_role("button", name="Or another event").click()
    second = panel.get_by_role("combobox", name="Event 2")
    await expect(second).to_be_focused()
    for name in ("", event):
        await second.fill(name)
        await page.wait_for_timeout(2 * COUNTED_AFTER_MS)  # a question that is refused fails the page in the end
        await expect(count).to_contain_text("matches 1 of the last 1")


async def test_what_no_row_can_show_is_kept_with_the_servers_words(
    page: Page, product: Product, complaints: Complaints
) -> None:
    """A clause that nobody understands stands as JSON with what is wrong with it, and outlives other edits."""
    complaints.expect_failures()
    created = await product.create({"event": event_of_its_own()}, [queue()], status="draft")
    trigger = {**created["trigger"], "conditions": {"amount": {"about": 5}, "priority": "high"}}
    document = {"name": "test", "trigger": trigger, "actions": created["actions"]}
    await product.call("PUT", f"/automations/{created['id']}/draft", document)
    panel = await open_trigger(page, created)
    await expect(panel.get_by_label("Condition 1, as JSON")).to_have_value(re.compile('"about": 5'))
    await panel.get_by_role("combobox", name="Condition 2: value").fill("low")
    row = panel.get_by_role("group", name="Condition 1", exact=True)
    await expect(row.get_by_role("alert")).to_contain_text("about", timeout=SOON_MS)

    async def is_saved() -> bool:
        return await draft_conditions(product, created) == {"amount": {"about": 5}, "priority": "low"}

    await eventually(is_saved)
    await panel.get_by_label("Condition 1, as JSON").fill('{"amount": {"gte": 5}}')
    await expect(row.get_by_role("alert")).to_be_hidden(timeout=SOON_MS)


async def test_event_is_tried_out_on_the_canvas(page: Page, product: Product) -> None:
    """A recent event says whether it would start a run, and why; its dry run lights the canvas."""
    event = event_of_its_own()
    [case] = await publish_cases(product, event, "low")
    conditions = {"priority": "critical"}
    created = await product.create({"event": event, "conditions": conditions}, [queue(), mail()], status="draft")
    await page.goto(f"/automations/{created['id']}")
    await node(page, "Send email").click()
    await page.get_by_role("textbox", name="Subject").fill("Unsaved {{ record.id }}")
    await node(page, "Send email").focus()
    await page.keyboard.press("t")
    panel = page.get_by_role("complementary", name="Test")
    await expect(panel.get_by_role("combobox", name="Event")).to_have_value(re.compile(case))
    verdict = panel.get_by_role("region", name="Would it start?")
    await expect(verdict).to_contain_text("Starts no run")
    await expect(verdict.get_by_role("list", name="Conditions, one by one")).to_contain_text("It is “low”.")

    await panel.get_by_role("button", name="Run dry").click()
    await expect(node(page, "Assign to queue")).to_contain_text("Completed", timeout=SOON_MS)
    await expect(node(page, "Send email")).to_contain_text("Completed")
    await node(page, "Send email").click()
    step = panel.get_by_role("region", name="Request that would have been sent")
    await expect(step).to_contain_text(f"Unsaved {case}")
    assert await product.runs(created["id"]) == []

    await page.keyboard.press("Escape")
    await expect(node(page, "Send email")).not_to_contain_text("Completed")
    await expect(panel.get_by_role("region", name="Dry run")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("textbox", name="Subject")).to_be_visible()


async def test_event_of_ones_own_is_tried_out_and_a_failure_told(
    page: Page, product: Product, complaints: Complaints
) -> None:
    """An event nobody has seen can be written; a document that cannot run says what is missing."""
    conditions = {"priority": {"in": ["critical", "high"]}}
    created = await product.create({"event": event_of_its_own(), "conditions": conditions}, [queue()], status="draft")
    document = {"name": "test", "trigger": created["trigger"], "actions": [{"type": "send_email", "params": {}}]}
    await product.call("PUT", f"/automations/{created['id']}/draft", document)
    await page.goto(f"/automations/{created['id']}")
    await page.get_by_role("toolbar", name="Building").get_by_role("button", name="Test").click()
    panel = page.get_by_role("complementary", name="Test")
    written = panel.get_by_role("textbox", name="The event as JSON")
    await expect(written).to_have_value(re.compile('"priority": "critical"'))
    verdict = panel.get_by_role("region", name="Would it start?")
    await expect(verdict).to_contain_text("Would start a run")
    await written.fill('{"type": "case.created"')
    await expect(panel).to_contain_text("This is no JSON object yet.")
    await expect(panel.get_by_role("button", name="Run dry")).to_be_disabled()
    await written.fill('{"type": "case.created", "record": {"id": "5"}}')
    await expect(verdict).to_contain_text("Starts no run")
    complaints.expect_failures()
    await panel.get_by_role("button", name="Run dry").click()
    told = panel.get_by_role("alert").filter(has_text="It cannot be run yet")
    await expect(told.get_by_role("listitem").filter(has_text="subject")).to_be_visible(timeout=SOON_MS)


async def test_loop_is_named_before_it_is_published(page: Page, product: Product) -> None:
    """An automation that writes what it listens to says so among its problems and in the question before it acts."""
    event = event_of_its_own().replace("created", "updated")
    update = {"type": "update_field", "params": {"field": "stage", "value": "new"}}
    created = await product.create({"event": event}, [update], status="draft")
    await page.goto(f"/automations/{created['id']}")
    await node(page, "Update field").click()
    await page.get_by_role("textbox", name="Name of this step").fill("Start over")
    await problems(page, 1).click(timeout=SOON_MS)
    await expect(page.get_by_role("list", name="Problems")).to_contain_text("may start itself again")
    await page.get_by_role("button", name="Set active").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("alert")).to_contain_text("may start itself again")
    await expect(dialog.get_by_role("button", name="Set active")).to_be_enabled()


async def test_names_are_offered_in_texts_with_values_of_a_recent_event(page: Page, product: Product) -> None:
    """Two braces open the names of the record and of earlier steps; the text is shown as it would read."""
    event = event_of_its_own()
    await publish_cases(product, event, "critical")
    created = await product.create({"event": event}, [queue(), mail()], status="draft")
    await page.goto(f"/automations/{created['id']}")
    await node(page, "Send email").click()
    subject = page.get_by_role("textbox", name="Subject")
    await subject.fill("A {{ prio")
    offered = page.get_by_role("option", name=re.compile("^record.priority"))
    await expect(offered).to_contain_text("critical")
    await page.keyboard.press("Enter")
    await expect(subject).to_have_value("A {{ record.priority }}")
    await expect(page.get_by_text("As in a recent event: A critical", exact=True)).to_be_visible()
    await subject.fill("{{ steps")
    await expect(page.get_by_role("option", name=re.compile(r"^steps\.assign_to_queue\.output\."))).not_to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("option")).to_have_count(0)
    await expect(subject).to_be_focused()
