"""What texts with names in them become."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.paths import Scope
from automations.templates import RenderError, render_params, render_text, validate_template

SCOPE = Scope(
    record={
        "name": "Ada",
        "amount": 5,
        "paid": False,
        "none": None,
        "tags": ["vip", "new"],
        "owner": {"email": "a@b.c"},
        "owner.phone": "1",
        "contacts": [{"name": "X"}, {"name": "Y"}],
    },
    event={"type": "case.created", "time": "2026-05-06T07:08:09Z"},
    steps={"ask": {"output": {"approved": True}}},
    now=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ record.amount }}", 5),
        ("{{ record.paid }}", False),
        ("{{ record.tags }}", ["vip", "new"]),
        ("{{ record.owner }}", {"email": "a@b.c"}),
        ("{{ record.amount | plus: 1 }}", 6),
        ("{{ steps.ask.output.approved }}", True),
        ("{{ record.none }}", None),
        (" {{ record.amount }}", " 5"),
        ("{{ record.amount }}{{ record.amount }}", "55"),
    ],
)
def test_single_name_gives_the_value_itself(text: str, value: object) -> None:
    """A text that is exactly one name in braces keeps the type; with anything around it, it is text."""
    result = render_text(text, SCOPE).value
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Dear {{ record.name }}!", "Dear Ada!"),
        ("{{ record.owner.email }} {{ record.owner.phone }}", "a@b.c 1"),
        ("Paid: {{ record.paid }}", "Paid: false"),
        ("{% for c in record.contacts %}{{ forloop.index }}{{ c.name }} {% endfor %}", "1X 2Y "),
        ("{{ record.contacts.first.name }}{{ record.contacts[1].name }}{{ record.tags.size }}.", "XY2."),
        ("is {{ record.owner }}", 'is {"email": "a@b.c"}'),
        ("{% if record.zip %}has{% else %}no{% endif %} zip", "no zip"),
        ("{{ event.time | date: '%d %b' }}.", "06 May."),
        ("no names, {only} braces }}", "no names, {only} braces }}"),
    ],
)
def test_text_is_rendered(text: str, result: str) -> None:
    """Names, loops, tests and filters do what Liquid says, over the paths of this product."""
    assert render_text(text, SCOPE).value == result


@pytest.mark.parametrize(
    ("text", "result", "missing"),
    [
        ("Zip {{ record.zip }}, {{ record.zip | upcase }}.", "Zip , .", ["record.zip"]),
        ("Is {{ record.none }}{{ record.a.b }}", "Is ", ["record.none", "record.a.b"]),
        ("{{ record.zip }}", None, ["record.zip"]),
        ("{{ record.zip | default: 'none' }}", "none", []),
        ("{% if record.zip %}x{% endif %}.", ".", []),
    ],
)
def test_missing_field_is_empty_text_and_noted(text: str, result: object, missing: list[str]) -> None:
    """What was written out without a value is noted once; a test and a default are no notes."""
    rendered = render_text(text, SCOPE)
    assert (rendered.value, rendered.missing) == (result, missing)


def test_params_are_rendered_however_deep() -> None:
    """Every text in objects and lists is rendered; names of fields and other values stay."""
    params = {
        "to": ["{{ record.owner.email }}", "x"],
        "body": {"{{n}}": {"v": "{{ record.amount }}", "k": 1.5}},
        "z": None,
    }
    rendered = render_params(params, SCOPE)
    assert rendered.value == {"to": ["a@b.c", "x"], "body": {"{{n}}": {"v": 5, "k": 1.5}}, "z": None}


def test_now_is_the_scopes_time() -> None:
    """Now and today are the moment of the scope, never the clock's, so that a second rendering gives the same."""
    text = "{{ now }} {{ today }} {{ 'now' | date: '%H:%M' }} {{ 'today' | date }} {{ now | date: '%s' }}"
    assert render_text(text, SCOPE).value == "2026-01-02T03:04:05Z 2026-01-02 03:04 2026-01-02 1767323045"


def test_time_without_a_scope_time_has_no_value() -> None:
    """A scope without a time has no now; the clock does not stand in."""
    assert render_text("<{{ now }}{{ 'now' | date: '%Y' }}>", Scope()).value == "<now>"


def test_error_names_the_parameter() -> None:
    """A text that fails is named by its JSON pointer, with the reason."""
    with pytest.raises(RenderError) as failed:
        render_params({"body": {"a/b": ["ok", "{{ 1 | divided_by: 0 }}"]}}, SCOPE, pointer="/params")
    assert failed.value.pointer == "/params/body/a~1b/1"
    assert "divide by 0" in failed.value.message


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("{{ recrd.name }}", "unknown_name", "recrd"),
        ("{{ name }}", "unknown_name", "record.name"),
        ("{{ item }}", "unknown_name", "inside a loop"),
        ("{{ record.x | default: other }}", "unknown_name", "other"),
        ("{% for x in (1..many) %}{% endfor %}", "unknown_name", "many"),
        ("{{ steps.nobody.output }}", "unknown_step", "nobody"),
        ("{{ steps.aks.output }}", "unknown_step", '"ask"'),
        ("{{ steps }}", "unknown_step", "steps.<id>"),
        ("{{ steps[record.x] }}", "unknown_step", "steps.<id>"),
        ("{{ record.name | upcse }}", "unknown_filter", '"upcase"'),
        ("{{ record.name", "template", "well formed"),
        ("a\n{% nope %}", "template", "Line 2"),
        ("{% include 'x' %}", "template", "include"),
        ("{{" + "a[" * 5000 + "1" + "]" * 5000 + "}}", "template", "deep"),
        ("{{ record.x }}" + " " * 65_536, "template", "65536"),
    ],
)
def test_unknown_name_step_or_filter_is_a_problem_at_publish(text: str, code: str, words: str) -> None:
    """What could never have a value is said before the automation runs, with what would be right."""
    (problem,) = validate_template(text, ["ask"], pointer="/p")
    assert (problem.pointer, problem.code) == ("/p", code)
    assert words in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "no names",
        "{{ record.anything.at.all }} {{ now }} {{ vars.x }} {{ changes.stage.to }}",
        "{{ steps.ask.output.approved }}",
        "{% assign x = record.a %}{{ x }}{% for c in record.cs %}{{ c.name }}{{ forloop.index }}{% endfor %}",
    ],
)
def test_text_with_known_names_is_no_problem(text: str) -> None:
    """Names that the text makes itself are known as well as the roots."""
    assert validate_template(text, ["ask"]) == []


@given(text=st.text(alphabet=st.sampled_from("{}%|'. ard:,[]()1for"), max_size=30))
def test_rendering_and_validating_raise_only_what_they_say(text: str) -> None:
    """Whatever is written, the outcome is a value, a stated error or a list of problems."""
    problems = validate_template(text, [])
    try:
        render_text(text, SCOPE)
    except RenderError:
        return
    assert all(problem.code != "template" for problem in problems)


@given(name=st.text(max_size=20))
def test_values_are_never_read_as_templates(name: str) -> None:
    """A record's text that looks like a name is text."""
    scope = Scope(record={"name": "{{ record.secret }}" + name, "secret": "x"})
    assert render_text("{{ record.name }}", scope).value == "{{ record.secret }}" + name
    assert render_text("<{{ record.name }}>", scope).value == "<{{ record.secret }}" + name + ">"


_PARTS = st.one_of(
    st.text(alphabet=st.characters(exclude_characters="{}%", exclude_categories=["Cs"]), max_size=5),
    st.sampled_from(
        [
            *("record.name", "record.amount", "record.paid", "record.none", "record.tags", "record.owner.email"),
            *("record.owner", "record.owner.phone", "record.contacts.first.name", "record.contacts[1].name"),
            *("record.name.size", "record.nothing", "event.type", "steps.ask.output.approved", "vars.x", "item", "now"),
            *("record.huge", "record.long", "record.rate"),
        ]
    ).map(lambda path: f"{{{{ {path} }}}}"),
)


@given(st.lists(_PARTS, min_size=1, max_size=5).map("".join))
def test_text_of_names_is_what_the_library_makes_of_it(text: str) -> None:
    """A text that only names values gives the same, and misses the same names, as one with a tag beside them."""
    scope = msgspec.structs.replace(SCOPE, record={**SCOPE.record, "huge": 7**1000, "long": "x" * 5_000, "rate": 0.5})
    by_itself, beside_a_tag = (render_text(one, scope) for one in (f" {text}", f" {text}{{% if true %}}{{% endif %}}"))
    assert by_itself == beside_a_tag


def test_error_names_the_place_however_deep() -> None:
    """A text that fails inside of lists and objects is named by the pointer to it."""
    with pytest.raises(RenderError) as raised:
        render_params({"a": [{}, {"b/c": "{{ record.name | divided_by: 0 }}"}]}, SCOPE, pointer="/params")
    assert raised.value.pointer == "/params/a/1/b~1c"
    assert raised.value.problem.pointer == "/params/a/1/b~1c"
