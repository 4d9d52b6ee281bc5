"""The models' findings, said to people: which field, what is wrong with it, what would be right."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from automations.problems import Problem, pointer_join

_NAMES: Final = {
    bool: "true or false",
    str: "text",
    int: "a number",
    float: "a number",
    dict: "an object",
    list: "a list",
}


def problems_of(error: ValidationError, value: object, pointer: str) -> list[Problem]:
    """Return one problem for each place that a model refused; `pointer` is where the value stands."""
    found: dict[str, Problem] = {}
    for detail in error.errors(include_url=False):
        place = _place(detail["loc"], value, detail["type"])
        found.setdefault(place, Problem(pointer + place, _explain(detail, place), _code(detail["type"])))
    # Where one of several forms was meant, the form that went furthest is the one to speak of.
    return [
        problem
        for place, problem in found.items()
        if not any(other.startswith(place + "/") for other in found if place)
    ]


def _place(location: tuple[int | str, ...], value: object, kind: str) -> str:
    """Return the pointer of a model's location, without the labels of alternatives in it."""
    place = ""
    for part in location:
        if isinstance(value, Mapping) and part in value:  # noqa: SIM114 (the two are typed apart)
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        elif kind != "missing" or part != location[-1]:
            continue
        place = pointer_join(place, part)
    return place


def _code(kind: str) -> str:
    return "type" if kind.endswith("_type") else _CODES.get(kind, kind)


def _explain(detail: ErrorDetails, place: str) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    message = detail["msg"].removeprefix("Value error, ")
    if not place:
        return f"{message}."
    subject = _subject(place)
    if kind in _WANTED:
        return f"{subject} is {_WANTED[kind]}, not {_NAMES.get(type(detail['input']), 'null')}."
    if kind in _SENTENCES:
        return f"{subject} {_SENTENCES[kind](context)}."
    return f"{subject}: {message}."


def _subject(place: str) -> str:
    before, _, name = place.rpartition("/")
    if name.isdigit():
        return f'Entry {int(name) + 1} of "{before.rpartition("/")[2]}"'
    return '"' + name.replace("~1", "/").replace("~0", "~") + '"'


_CODES: Final = {
    "text": "type",
    "string_too_short": "empty",
    "string_too_long": "too_long",
    "too_long": "too_many",
    "too_short": "empty",
    "greater_than_equal": "range",
    "less_than_equal": "range",
    "literal_error": "choice",
    "value_error": "value",
    "string_pattern_mismatch": "pattern",
}
_WANTED: Final = {
    "string_type": "text",
    "dict_type": "an object",
    "model_type": "an object",
    "list_type": "a list",
    "bool_type": "true or false",
    "int_type": "a number",
    "float_type": "a number",
}
_SENTENCES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "missing": lambda _: "is required",
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda context: f"has at most {context['max_length']} characters",
    "too_long": lambda context: f"has at most {context['max_length']} entries",
    "too_short": lambda _: "has at least one entry",
    "greater_than_equal": lambda context: f"is at least {context['ge']}",
    "less_than_equal": lambda context: f"is at most {context['le']}",
    "literal_error": lambda context: f"is one of {context['expected']}",
    "string_pattern_mismatch": lambda _: (
        "begins with a letter or _, and goes on with letters, digits, _ or -, at most 64 in all"
    ),
}
