"""Text with names in it: `Case {{ record.number }} is yours` becomes what a person reads.

Texts are Liquid. A text that is exactly one `{{ … }}` gives the value itself, not its text: a number stays
a number and a list a list. A field that the record does not have is empty text, and is reported; the
`default` filter gives another. Unknown roots, steps and filters are problems when an automation is
published, not surprises when it runs. Rendering is a pure function: the same text and the same scope give
the same bytes, on every attempt and every machine. Its limits are the constants of `template_language`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Final, Generic, TypeAlias, TypeVar

import msgspec
from liquid.exceptions import LiquidError, LocalNamespaceLimitError, OutputStreamLimitError
from liquid.static_analysis import TemplateAnalysis
from liquid.undefined import Undefined

from automations.paths import ROOTS, Scope
from automations.plain_texts import NOT_PLAIN, parse_plain
from automations.problems import Problem, list_words, nearest_word, pointer_join, suggest_nearest
from automations.template_language import (
    ENVIRONMENT,
    OUTPUT_LIMIT_BYTES,
    TIMES,
    CountedContext,
    context_of,
    parse_template,
    plain_value,
    require_small,
    single_expression,
    write_text,
)

T = TypeVar("T")

_LOOP_ROOTS: Final = frozenset({"item", "index"})


class Rendered(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """What came out, and the names that were written but had no value, each once, in the order met."""

    value: T
    missing: list[str]


class RenderError(ValueError):
    """A text could not be rendered: `problem` says which parameter and why. The step that needs it fails."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer or 'the text'}: {message}")
        self.pointer = pointer
        self.message = message
        self.problem = Problem(pointer, message, "render")

    def within(self, part: str | int) -> "RenderError":
        """Return the error as it is told of the value that this one is a part of."""
        return RenderError(pointer_join("", part) + self.pointer, self.message)


def is_template(value: object) -> bool:
    """Return whether a value is text that has names or tags in it."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def compile_params(params: Mapping[str, object]) -> Callable[[Scope], Rendered[dict[str, object]]]:
    """Return what gives an action's parameters with every text in them rendered; names of fields stay as written.

    The parameters are looked through once, here. What holds no text with names is given as it stands, not copied.
    What is returned raises `RenderError` where a text fails or takes more than its limits.
    """
    render = _compile_fields(params)

    def rendered(scope: Scope) -> Rendered[dict[str, object]]:
        missing: dict[str, None] = {}
        value = dict(params) if render is None else render(scope, missing)
        return Rendered(value, list(missing))

    return rendered


def render_params(params: Mapping[str, object], scope: Scope, *, pointer: str = "") -> Rendered[dict[str, object]]:
    """Return an action's parameters with every text in them rendered, however deep.

    `pointer` is where the parameters stand, for the error.

    Raises:
        RenderError: a text fails or takes more than its limits.
    """
    try:
        return compile_params(params)(scope)
    except RenderError as error:
        raise RenderError(pointer + error.pointer, error.message) from error.__cause__


def render_text(text: str, scope: Scope, *, pointer: str = "") -> Rendered[object]:
    """Return what one text gives: a text, or the value itself if it is exactly one `{{ … }}`.

    Raises:
        RenderError: it fails or takes more than its limits.
    """
    missing: dict[str, None] = {}
    try:
        value = _render_template(text, scope, missing) if is_template(text) else text
        return Rendered(value, list(missing))
    except RenderError as error:
        raise RenderError(pointer, error.message) from error.__cause__


_Part: TypeAlias = Callable[[Scope, dict[str, None]], object]
"""Gives one value that holds texts with names, and notes those without a value."""


def _compile(value: object) -> _Part | None:
    """Return what gives the value; nothing where it holds no text with names."""
    if isinstance(value, str):
        return _compile_text(value) if is_template(value) else None
    if isinstance(value, Mapping):
        return _compile_fields(value)
    if isinstance(value, list | tuple):
        return _compile_elements(value)
    return None


def _compile_text(text: str) -> _Part:
    """Return what gives a text with names: one that only names values is parsed once, here."""
    try:
        plain = parse_plain(text)
    except Exception:  # what is wrong with it is said when it is rendered
        plain = None
    if plain is None:
        return partial(_render_template, text)
    render = plain.render

    def rendered(scope: Scope, missing: dict[str, None]) -> object:
        result = render(scope, missing)
        return _render_template(text, scope, missing) if result is NOT_PLAIN else result

    return rendered


def _compile_fields(fields: Mapping[str, object]) -> Callable[[Scope, dict[str, None]], dict[str, object]] | None:
    as_written = {str(name): part for name, part in fields.items()}
    parts = [(name, render) for name, part in as_written.items() if (render := _compile(part)) is not None]
    if not parts:
        return None

    def fill(scope: Scope, missing: dict[str, None]) -> dict[str, object]:
        filled = as_written.copy()
        for name, render in parts:
            try:
                filled[name] = render(scope, missing)
            except RenderError as error:
                raise error.within(name) from error.__cause__
        return filled

    return fill


def _compile_elements(elements: Sequence[object]) -> _Part | None:
    parts = [(place, render) for place, part in enumerate(elements) if (render := _compile(part)) is not None]
    if not parts:
        return None

    def fill(scope: Scope, missing: dict[str, None]) -> list[object]:
        filled = list(elements)
        for place, render in parts:
            try:
                filled[place] = render(scope, missing)
            except RenderError as error:
                raise error.within(place) from error.__cause__
        return filled

    return fill


def _render_template(text: str, scope: Scope, missing: dict[str, None]) -> object:
    try:
        plain = parse_plain(text)
        result = NOT_PLAIN if plain is None else plain.render(scope, missing)
        return _render_by_library(text, scope, missing) if result is NOT_PLAIN else result
    except LiquidError as error:
        raise RenderError("", _explain(error)) from error
    except Exception as error:  # a filter met a value that it was not made for
        raise RenderError("", f"The text cannot be rendered: {error or type(error).__name__}.") from error


def _render_by_library(text: str, scope: Scope, missing: dict[str, None]) -> object:
    template = parse_template(text)
    context = context_of(template, scope)
    expression = single_expression(template)
    if expression is None:
        result: object = write_text(template, context)
    else:
        result = _whole_value(expression.evaluate(context), context)
    missing.update(context.missing)
    return result


def _whole_value(value: object, context: CountedContext) -> object:
    if isinstance(value, Undefined):
        context.missing.setdefault(value.name)
        return None
    require_small(value)
    return plain_value(value)


def _explain(error: LiquidError) -> str:
    message = str(error.message or "it is not well formed")
    if isinstance(error, OutputStreamLimitError):
        message = f"the text becomes longer than {OUTPUT_LIMIT_BYTES} bytes"
    elif isinstance(error, LocalNamespaceLimitError):
        message = "the text remembers too much in its own names"
    elif isinstance(error.__cause__, RecursionError):
        message = "it is nested too deep"
    place = error.context() if error.token is not None else None
    where = f"Line {place[0]}: " if place is not None and place[0] > 1 else ""
    return f"{where}{message[:1].upper()}{message[1:].rstrip('.')}."


def validate_template(
    text: str,
    known_steps: Collection[str],
    *,
    explain_step: Callable[[str], str] | None = None,
    pointer: str = "",
    inside_loop: bool = False,
) -> list[Problem]:
    """Return what is wrong with a text before it ever runs: its form, unknown roots, steps, filters.

    `known_steps` are the ids of actions that can have run before; `explain_step` says of any other why it has
    no result here. `item` and `index` are names only inside a loop.
    """
    if not is_template(text):
        return []
    try:
        analysis = parse_template(text).analyze(include_partials=False)
    except LiquidError as error:
        return [Problem(pointer, f"This text is not well formed. {_explain(error)}", "template")]
    except RecursionError:
        return [Problem(pointer, "This text is nested too deep.", "template")]
    return [
        *_unknown_filters(analysis, pointer),
        *_unknown_roots(analysis, pointer, inside_loop),
        *_unknown_steps(analysis, pointer, known_steps, explain_step),
    ]


def _unknown_filters(analysis: TemplateAnalysis, pointer: str) -> list[Problem]:
    return [
        Problem(pointer, f'There is no filter "{name}".{suggest_nearest(name, ENVIRONMENT.filters)}', "unknown_filter")
        for name in analysis.filters
        if name not in ENVIRONMENT.filters
    ]


def _unknown_roots(analysis: TemplateAnalysis, pointer: str, inside_loop: bool) -> list[Problem]:
    problems = []
    for root, variables in analysis.globals.items():
        if root in _LOOP_ROOTS and not inside_loop:
            problems.append(Problem(pointer, f'"{root}" has a value only inside a loop.', "unknown_name"))
        elif root not in ROOTS and root not in TIMES:
            known = sorted((ROOTS if inside_loop else ROOTS - _LOOP_ROOTS) | set(TIMES))
            message = (
                f'"{variables[0]}" starts with an unknown name. A name starts with {list_words(known)}; '
                f'a field of the record is written "record.{variables[0]}".'
            )
            problems.append(Problem(pointer, message, "unknown_name"))
    return problems


def _unknown_steps(
    analysis: TemplateAnalysis, pointer: str, known: Collection[str], explain_step: Callable[[str], str] | None
) -> list[Problem]:
    problems: dict[str, Problem] = {}
    for variable in analysis.globals.get("steps", ()):
        segments: Sequence[object] = variable.segments
        step = segments[1] if len(segments) > 1 else None
        if not isinstance(step, str):
            message = f'"{variable}" does not name a step; write steps.<id>.output.'
            problems.setdefault(str(variable), Problem(pointer, message, "unknown_step"))
        elif step not in known:
            message = (
                explain_step(step)
                if explain_step is not None
                else explain_unknown_step(step, nearest_word(step, known))
            )
            problems.setdefault(step, Problem(pointer, message, "unknown_step"))
    return list(problems.values())


def explain_unknown_step(step: str, nearest: str | None) -> str:
    """Return what is said of a step that no action of the document has; `nearest` was probably meant."""
    hint = f' Did you mean "{nearest}"?' if nearest is not None else ""
    return f'There is no action "{step}" before this one.{hint}'
