"""Forms of human tasks: whether one is a JSON Schema, and whether an answer fits it.

A form never reaches out: what it refers to lies in itself. Its patterns are searched for in time linear in the text.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from automations.problems import Problem, pointer_join
from automations.templates import is_template

_DIALECT: Final = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
_PATTERNS: Final = jsonschema_rs.RegexOptions()


def form_problems(form: Mapping[str, Any], pointer: str) -> list[Problem]:
    """Return why a form, as it is written, is no JSON Schema of an object; names may stand in place of values."""
    found = {
        tuple(error.instance_path): error
        for error in jsonschema_rs.iter_errors(_DIALECT, form, offline=True)
        if not is_template(error.instance)
    }
    problems = [
        Problem(pointer_join(pointer, *path), f"This is no JSON Schema: {error.message}.", "form")
        for path, error in found.items()
    ]
    kinds = form.get("type", "object")
    if not problems and "object" not in (kinds if isinstance(kinds, list) else [kinds]) and not is_template(kinds):
        problems.append(Problem(pointer_join(pointer, "type"), 'A form asks for an object: "type": "object".', "form"))
    if problems:
        return problems
    try:
        _compile(form)
    except ValidationError as error:
        if not is_template(error.instance):
            where = pointer_join(pointer, *error.instance_path)
            return [Problem(where, f"This form cannot be used: {error.message}.", "form")]
    return []


def answer_problems(form: Mapping[str, Any], answer: Mapping[str, Any], pointer: str) -> list[Problem]:
    """Return where an answer does not fit its form; nothing where the form is none that answers can be held against."""
    try:
        validator = _compile(form)
    except ValidationError:
        return []
    found = {problem.pointer: problem for error in validator.iter_errors(answer) for problem in _read(error, pointer)}
    return list(found.values())


def _compile(form: Mapping[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(dict(form), offline=True, pattern_options=_PATTERNS, validate_formats=True)


def _read(error: ValidationError, pointer: str) -> Iterator[Problem]:
    where = pointer_join(pointer, *error.instance_path)
    match error.kind:
        case ValidationErrorKind.Required(property=name):
            yield Problem(pointer_join(where, str(name)), "is required", "required")
        case ValidationErrorKind.AdditionalProperties(unexpected=names):
            for name in names:
                yield Problem(pointer_join(where, name), "is not asked for by the form", "unknown_field")
        case kind:
            yield Problem(where, error.message, kind.name)
