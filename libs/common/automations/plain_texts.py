"""Texts that only name values, as nearly all do: `Case {{ record.number }} is yours`.

They are parsed by the library like every text, and then written without it: a rendering in the library's own
context costs ten times as much. What such a text gives is the same to the byte; where a value is not short and
simple, this says so and the library renders the text, with its limits. Tests hold both against each other.
"""

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path

from automations.paths import ROOTS, Scope, resolve_segments
from automations.template_language import NUMBER_LIMIT_BITS, LimitedTemplate, TextNode, parse_template, path_text

_MOST_NAMES: Final = 32
_MOST_CHARACTERS: Final = 4_096
"""Of one value. With so few names no text comes near the limits that the library watches."""

NOT_PLAIN: Final = object()
"""A value is not short and simple."""


Render: TypeAlias = Callable[[Scope, dict[str, None]], object]
"""Gives what a text gives, noting names without a value; `NOT_PLAIN` where the library has to render it."""


class _Name(NamedTuple):
    value: Callable[[Scope], object]
    text: str


class PlainText:
    """A text of words and names, or of one name alone, whose value then stays what it is."""

    __slots__ = ("render",)

    def __init__(self, parts: tuple[str | _Name, ...]) -> None:
        first = parts[0]
        self.render: Final[Render] = _alone(first) if len(parts) == 1 and isinstance(first, _Name) else _written(parts)


def _alone(name: _Name) -> Render:
    value_in, text = name

    def render(scope: Scope, missing: dict[str, None]) -> object:
        value = value_in(scope)
        if value is None:
            missing.setdefault(text)
            return None
        return value if _is_simple(value) else NOT_PLAIN

    return render


def _written(parts: tuple[str | _Name, ...]) -> Render:
    def render(scope: Scope, missing: dict[str, None]) -> object:
        written = []
        for part in parts:
            if isinstance(part, str):
                written.append(part)
                continue
            value = part.value(scope)
            if value is None:
                missing.setdefault(part.text)
            elif not _is_simple(value):
                return NOT_PLAIN
            else:
                written.append(str(value).lower() if value is True or value is False else str(value))
        return "".join(written)

    return render


def _compile_name(root: str, segments: tuple[str | int, ...]) -> Callable[[Scope], object]:
    start_in = attrgetter(root)
    if len(segments) != 1:
        return lambda scope: resolve_segments(start_in(scope), segments)
    (name,) = segments

    def value(scope: Scope) -> object:
        start = start_in(scope)
        return start.get(name) if type(start) is dict else resolve_segments(start, segments)

    return value


@lru_cache(maxsize=1024)
def parse_plain(text: str) -> PlainText | None:
    """Return the text if it only names values, or `None`; the last thousand are remembered.

    Raises:
        LiquidError: the text is not well formed, or is longer than the limit.
    """
    parts = _parts_of(parse_template(text))
    return None if parts is None else PlainText(tuple(parts))


def _parts_of(template: LimitedTemplate) -> list[str | _Name] | None:
    if not 1 <= len(template.nodes) <= 2 * _MOST_NAMES:
        return None
    parts: list[str | _Name] = []
    for node in template.nodes:
        if type(node) is ContentNode:
            parts.append(node.text)
        elif type(node) is TextNode and (name := _name_of(node.expression)) is not None:
            parts.append(name)
        else:
            return None
    return parts if sum(isinstance(part, _Name) for part in parts) <= _MOST_NAMES else None


def _name_of(expression: object) -> _Name | None:
    if type(expression) is not FilteredExpression or expression.filters or type(expression.left) is not Path:
        return None
    root, *segments = expression.left.path
    names = tuple(segment for segment in segments if isinstance(segment, str | int))
    if root not in ROOTS or len(names) < len(segments):
        return None
    return _Name(_compile_name(str(root), names), path_text([root, *segments]))


def _is_simple(value: object) -> bool:
    if type(value) is str:
        return len(value) <= _MOST_CHARACTERS
    if type(value) is int:
        return value.bit_length() <= NUMBER_LIMIT_BITS
    return type(value) is bool or type(value) is float
