"""Text with names in it: `Case {{ record.number }} is yours` becomes what a person reads.

Texts are Liquid. A text that is exactly one `{{ … }}` gives the value itself, not its text: a number stays
a number and a list a list. A field that the record does not have is empty text, and is reported; the
`default` filter gives another. Unknown roots, steps and filters are problems when an automation is
published, not surprises when it runs. Rendering is a pure function: the same text and the same scope give
the same bytes, on every attempt and every machine. Its limits are the constants of `template_language`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from liquid.exceptions import LiquidError, LocalNamespaceLimitError, OutputStreamLimitError
from liquid.static_analysis import TemplateAnalysis
from liquid.undefined import Undefined

from automations.paths import ROOTS, Scope
from automations.problems import Problem, list_words, pointer_join, suggest_nearest
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


@dataclass(frozen=True, slots=True)
class Rendered(Generic[T]):
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


def is_template(value: object) -> bool:
    """Return whether a value is text that has names or tags in it."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def render_params(params: Mapping[str, object], scope: Scope, *, pointer: str = "") -> Rendered[dict[str, object]]:
    """Return an action's parameters with every text in them rendered, however deep; names of fields stay as written.

    `pointer` is where the parameters stand, for the error.

    Raises:
        RenderError: a text fails or takes more than its limits.
    """
    missing: dict[str, None] = {}
    value = {name: _render(part, scope, pointer_join(pointer, name), missing) for name, part in params.items()}
    return Rendered(value, list(missing))


def render_text(text: str, scope: Scope, *, pointer: str = "") -> Rendered[object]:
    """Return what one text gives: a text, or the value itself if it is exactly one `{{ … }}`.

    Raises:
        RenderError: it fails or takes more than its limits.
    """
    missing: dict[str, None] = {}
    return Rendered(_render(text, scope, pointer, missing), list(missing))


def _render(value: object, scope: Scope, pointer: str, missing: dict[str, None]) -> object:
    if isinstance(value, str):
        return _render_template(value, scope, pointer, missing) if is_template(value) else value
    if isinstance(value, Mapping):
        return {
            str(name): _render(part, scope, pointer_join(pointer, str(name)), missing) for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_render(part, scope, pointer_join(pointer, place), missing) for place, part in enumerate(value)]
    return value


def _render_template(text: str, scope: Scope, pointer: str, missing: dict[str, None]) -> object:
    try:
        template = parse_template(text)
        context = context_of(template, scope)
        expression = single_expression(template)
        result = (
            write_text(template, context) if expression is None else _whole_value(expression.evaluate(context), context)
        )
    except LiquidError as error:
        raise RenderError(pointer, _explain(error)) from error
    except Exception as error:  # a filter met a value that it was not made for
        raise RenderError(pointer, f"The text cannot be rendered: {error or type(error).__name__}.") from error
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
    later_steps: Collection[str] = (),
    pointer: str = "",
    inside_loop: bool = False,
) -> list[Problem]:
    """Return what is wrong with a text before it ever runs: its form, unknown roots, steps, filters.

    `known_steps` are the ids of actions that run before; `later_steps` those that stand in the document but
    do not, which is said apart. `item` and `index` are names only inside a loop.
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
        *_unknown_steps(analysis, pointer, known_steps, later_steps),
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
    analysis: TemplateAnalysis, pointer: str, known: Collection[str], later: Collection[str]
) -> list[Problem]:
    problems: dict[str, Problem] = {}
    for variable in analysis.globals.get("steps", ()):
        segments: Sequence[object] = variable.segments
        step = segments[1] if len(segments) > 1 else None
        if not isinstance(step, str):
            message = f'"{variable}" does not name a step; write steps.<id>.output.'
            problems.setdefault(str(variable), Problem(pointer, message, "unknown_step"))
        elif step in later and step not in known:
            message = f'"{step}" has not run yet at this place; only earlier actions can be named.'
            problems.setdefault(step, Problem(pointer, message, "unknown_step"))
        elif step not in known:
            message = f'There is no action "{step}" before this one.{suggest_nearest(step, known)}'
            problems.setdefault(step, Problem(pointer, message, "unknown_step"))
    return list(problems.values())
