"""Forms of human tasks: refused where they are no JSON Schema, and held against answers."""

from typing import Any

import pytest

from automations.definition import validate_document
from automations.definition.forms import answer_problems, form_problems

FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean"},
        "amount": {"type": "number", "minimum": 0},
        "lines": {"type": "array", "items": {"type": "object", "required": ["sku"]}},
        "code": {"type": "string", "pattern": "^(a+)+$"},
    },
    "required": ["approved"],
    "additionalProperties": False,
}


def pointers(form: dict[str, Any]) -> set[str]:
    return {problem.pointer for problem in form_problems(form, "/form")}


def test_form_that_is_a_schema_of_an_object_is_taken() -> None:
    assert form_problems(FORM, "/form") == []
    assert form_problems({}, "/form") == []


@pytest.mark.parametrize(
    ("form", "where"),
    [
        ({"type": "objekt"}, {"/form/type"}),
        ({"type": "string"}, {"/form/type"}),
        (
            {"properties": {"a": {"minLength": "x"}}, "required": "a"},
            {"/form/properties/a/minLength", "/form/required"},
        ),
        ({"properties": {"a~b/c": 5}}, {"/form/properties/a~0b~1c"}),
        ({"properties": {"a": {"pattern": "("}}}, {"/form/properties/a/pattern"}),
        ({"properties": {"a": {"pattern": "(?=x)"}}}, {"/form/properties/a/pattern"}),
        ({"$schema": "https://example.com/own"}, {"/form"}),
        ({"properties": {"a": {"$ref": "#/$defs/none"}}}, {"/form"}),
    ],
)
def test_form_that_is_no_schema_is_refused_where_it_is_none(form: dict[str, Any], where: set[str]) -> None:
    assert pointers(form) == where


@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/form.json", "file:///etc/hostname"])
def test_form_reaches_for_nothing_outside_of_itself(reference: str) -> None:
    """A reference elsewhere is refused without being followed."""
    assert pointers({"properties": {"a": {"$ref": reference}}}) == {"/form"}
    assert answer_problems({"$ref": reference}, {}, "/output") == []


def test_names_may_stand_in_a_form() -> None:
    """What a name comes to is not known when a document is published."""
    assert form_problems({"properties": {"a": {"maximum": "{{ record.limit }}"}}}, "/form") == []
    assert pointers({"properties": {"a": {"maximum": "{{ record.limit }}", "minimum": "much"}}}) == {
        "/form/properties/a/minimum"
    }


def test_answer_names_each_field_that_does_not_fit() -> None:
    answer = {"amount": -1, "lines": [{"sku": 1}, {}], "code": "b", "other": 1}
    found = {problem.pointer: problem.code for problem in answer_problems(FORM, answer, "/output")}
    assert found == {
        "/output/approved": "required",
        "/output/amount": "minimum",
        "/output/lines/1/sku": "required",
        "/output/code": "pattern",
        "/output/other": "unknown_field",
    }
    assert answer_problems(FORM, {"approved": True, "code": "aaa"}, "/output") == []


def test_answer_to_a_form_of_an_earlier_release_is_taken_as_it_is() -> None:
    """A form that was published before forms were checked must not make its tasks impossible to complete."""
    assert answer_problems({"type": "objekt"}, {"approved": True}, "/output") == []


def test_wrong_form_is_refused_with_its_place_in_the_document() -> None:
    document = {
        "name": "Ask",
        "trigger": {"event": "case.created"},
        "actions": [{"type": "human_task", "params": {"form": {"properties": {"a": {"type": "nmber"}}}}}],
    }
    assert [problem.pointer for problem in validate_document(document).problems] == [
        "/actions/0/params/form/properties/a/type"
    ]
