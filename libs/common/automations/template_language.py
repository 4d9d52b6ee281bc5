"""Which Liquid texts are written in: its tags and filters, how names are found, and what a rendering may
cost.

Names are found by `paths`, as in conditions. Nothing depends on the machine: `now`, `today` and the `date`
filter take the scope's time, in UTC, and no tag loads another template. The cost is counted, not timed, so
that the same text and the same record give the same answer everywhere: a value that is read and a filter that
is applied cost one unit and some for their size, a turn of a loop costs one and some for the template's
length. The whole budget is spent in about a second.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import StringIO
from typing import Any, Final, TextIO

from liquid import BoundTemplate, Environment, RenderContext, Token
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.echo_tag import EchoNode, EchoTag
from liquid.exceptions import ResourceLimitError
from liquid.filter import with_context
from liquid.output import LimitedStringIO
from liquid.stringify import to_liquid_string
from liquid.undefined import UNDEFINED, Undefined
from liquid.utils import ReadOnlyChainMap

from automations.paths import ROOTS, Scope, resolve_segments

TEMPLATE_LIMIT_CHARACTERS: Final = 65_536
OUTPUT_LIMIT_BYTES: Final = 1_048_576
VALUE_LIMIT_CHARACTERS: Final = 1_048_576
"""The most text, with all its parts, that a value has which goes into a filter or comes out of one."""
LIST_LIMIT_ELEMENTS: Final = 10_000
"""The longest list that goes into a filter or comes out of one."""
NUMBER_LIMIT_BITS: Final = 4_096
LOOP_TURNS_LIMIT: Final = 10_000
"""The turns of all loops of one rendering together."""
WORK_LIMIT: Final = 200_000

TIMES: Final = ("now", "today")
_QUADRATIC_FILTERS: Final = {"uniq": 2, "strip_html": 64}
"""Filters whose time grows with the square of the length, and how many such steps are as one character's."""
_NOW: Final = "automations: now"
_CHARACTERS_PER_UNIT: Final = 256
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class NoValue(Undefined):
    """A name without a value: empty text, false in a test, noted where it is written, silent under `default`."""

    __slots__ = ("_note",)
    force_liquid_default = True

    def __init__(self, name: str, note: Callable[[str], None]) -> None:
        super().__init__(name)
        self._note = note

    def __str__(self) -> str:
        self._note(self.name)
        return ""

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Undefined)

    __hash__ = Undefined.__hash__


class CountedContext(RenderContext):
    """The state of one rendering: it finds names, counts the cost, and notes what was written without a value."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The library's own chain ends in names that read the clock of the machine.
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)
        self.missing: dict[str, None] = {}
        self._work = 0
        self._turns = 0

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """Return the value of a path, or the default, or a value that is empty text and notes its name."""
        root = path[0]
        start = self.scope.get(root) if isinstance(root, str) else None
        segments = [part for part in path[1:] if isinstance(part, str | int) and not isinstance(part, bool)]
        value = resolve_segments(start, segments) if len(segments) == len(path) - 1 else None
        self.charge(1 + weigh(value) // _CHARACTERS_PER_UNIT)
        if value is not None:
            return value
        return NoValue(path_text(path), self._note) if default is UNDEFINED else default

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """Return the filter of a name, within the limits of what goes in and comes out."""
        apply = super().filter(name, token)

        def apply_within_limits(*values: Any, **options: Any) -> object:
            size = sum(require_small(value) for value in values)
            if name in _QUADRATIC_FILTERS:
                length = len(values[0]) if isinstance(values[0], list | tuple | str) else size
                size += length * length // _QUADRATIC_FILTERS[name]
            self.charge(1 + size // _CHARACTERS_PER_UNIT)
            if name in ("replace", "replace_first", "replace_last"):
                _require_small_replacement(*(str(value) for value in values))
            elif name == "join" and len(values) > 1 and isinstance(values[0], list | tuple):
                _require_length(len(values[0]) * len(str(values[1])) + size)
            result = apply(*values, **options)
            require_small(result)
            return result

        return apply_within_limits

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Take the turns of a loop that begins from the budget; the library asks once as it enters one."""
        self._turns += length
        if self._turns > LOOP_TURNS_LIMIT:
            raise ResourceLimitError(f"the loops of a text take at most {LOOP_TURNS_LIMIT} turns", token=None)
        self.charge(length * (1 + getattr(self.template, "characters", 0) // 128))

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        """Return where a part of the text is written, with the ends of its lines as they are."""
        return limited_buffer(buf.size if isinstance(buf, LimitedStringIO) else 0)

    def charge(self, units: int) -> None:
        """Take from the budget of this rendering.

        Raises:
            ResourceLimitError: the budget is spent.
        """
        self._work += units
        if self._work > WORK_LIMIT:
            raise ResourceLimitError("rendering this text takes too long; make it do less", token=None)

    def _note(self, name: str) -> None:
        self.missing.setdefault(name)


def weigh(value: object) -> int:
    """Return about how many characters a value has when written out; it stops counting beyond the limit."""
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, list | tuple | dict):
        return value.bit_length() // 3 if isinstance(value, int) else 8
    weight, waiting = 0, [value]
    while waiting and weight <= VALUE_LIMIT_CHARACTERS:
        container = waiting.pop()
        weight += 2 + 2 * len(container)
        if isinstance(container, dict):
            weight += sum(map(len, map(str, container)))
        for part in container.values() if isinstance(container, dict) else container:
            if isinstance(part, list | tuple | dict):
                waiting.append(part)
            else:
                weight += len(part) if isinstance(part, str) else 8
    return weight


def require_small(value: object) -> int:
    """Return a value's weight.

    Raises:
        ResourceLimitError: the value is larger than what a filter may take or give.
    """
    if isinstance(value, list | tuple | range) and _too_long(value):
        raise ResourceLimitError(f"a list in a text has at most {LIST_LIMIT_ELEMENTS} elements", token=None)
    if isinstance(value, int) and value.bit_length() > NUMBER_LIMIT_BITS:
        raise ResourceLimitError("a number in a text is too large", token=None)
    return _require_length(weigh(value))


def _too_long(value: list[object] | tuple[object, ...] | range) -> bool:
    if isinstance(value, range):
        return value.stop - value.start > LIST_LIMIT_ELEMENTS
    return len(value) > LIST_LIMIT_ELEMENTS


def _require_length(characters: int) -> int:
    if characters > VALUE_LIMIT_CHARACTERS:
        raise ResourceLimitError(f"a value in a text has at most {VALUE_LIMIT_CHARACTERS} characters", token=None)
    return characters


def _require_small_replacement(text: str = "", old: str = "", new: str = "") -> None:
    _require_length(len(text) + text.count(old) * len(new))


def path_text(path: list[object]) -> str:
    """Return a path as a person wrote it, but for brackets."""
    return ".".join(str(part) for part in path)


class TextNode(OutputNode):
    """A `{{ … }}` whose lists and objects are written as people can read them."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        """Write the value as text."""
        return buffer.write(write_value(self.expression.evaluate(context)))


class TextTag(Output):
    """The pseudo tag of `{{ … }}`."""

    node_class = TextNode


class EchoTextNode(EchoNode, TextNode):
    """The `echo` tag, which is `{{ … }}` inside of `{% liquid %}`."""

    render_to_output = TextNode.render_to_output


class EchoTextTag(EchoTag):
    """The tag of `EchoTextNode`."""

    node_class = EchoTextNode


def write_value(value: object) -> str:
    """Return a value as text: an object, and a list that holds one, as JSON; all else as Liquid has it."""
    require_small(value)
    if isinstance(value, Mapping) and not isinstance(value, Undefined):
        return write_json(value)
    if isinstance(value, list | tuple) and any(isinstance(part, list | tuple | dict) for part in value):
        return write_json(value)
    if isinstance(value, list | tuple):
        return "".join(to_liquid_string(part, False) for part in value)
    return to_liquid_string(value, False)


def write_json(value: object) -> str:
    """Return a value as JSON (the `json` filter)."""
    return json.dumps(plain_value(value), ensure_ascii=False, separators=(", ", ": "))


def plain_value(value: object) -> object:
    """Return a value of a rendering as a value of JSON."""
    if value is None or isinstance(value, str | int | float):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Undefined):
        return None
    if isinstance(value, Mapping):
        return {str(name): plain_value(part) for name, part in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain_value(part) for part in value]
    return str(value)


@with_context
def format_date(value: object, pattern: object = "%Y-%m-%d", *, context: CountedContext) -> object:
    """Return a time in a pattern of strftime; `now` is the scope's time, and what is no time stays as it is."""
    if isinstance(value, Undefined):
        return str(value)
    moment = read_moment(context.globals.get(_NOW) if value in TIMES else value)
    if moment is None:
        return value
    return moment.strftime(re.sub(r"%s", str(int((_aware(moment) - _EPOCH).total_seconds())), str(pattern)))


def read_moment(value: object) -> datetime | None:
    """Return the time that an ISO 8601 text or a number of seconds since 1970 means; without a zone it has none."""
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and not value.isdigit():
            return datetime.fromisoformat(value)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return _EPOCH + timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        return None
    return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


class LimitedTemplate(BoundTemplate):
    """A parsed text; `characters` is how long it was written."""

    context_class = CountedContext
    characters = 0


class TemplateEnvironment(Environment):
    """Liquid as it is here: no partial templates, no names that read the clock, the limits of this module."""

    template_class = LimitedTemplate
    output_stream_limit = OUTPUT_LIMIT_BYTES
    local_namespace_limit = 4 * VALUE_LIMIT_CHARACTERS

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register the standard tags and filters, without those that load templates or read the clock."""
        super().setup_tags_and_filters(extra=extra)
        for name in ("include", "render", "tablerow"):
            del self.tags[name]
        self.add_tag(TextTag)
        self.add_tag(EchoTextTag)
        self.add_filter("date", format_date)
        self.add_filter("json", write_json)


ENVIRONMENT: Final = TemplateEnvironment()


@lru_cache(maxsize=1024)
def parse_template(text: str) -> LimitedTemplate:
    """Return the parsed text; the last thousand are remembered.

    Raises:
        LiquidError: the text is not well formed, or is longer than the limit.
    """
    if len(text) > TEMPLATE_LIMIT_CHARACTERS:
        raise ResourceLimitError(f"a text with names has at most {TEMPLATE_LIMIT_CHARACTERS} characters", token=None)
    template = ENVIRONMENT.from_string(text)
    assert isinstance(template, LimitedTemplate)
    template.characters = len(text)
    return template


def single_expression(template: LimitedTemplate) -> FilteredExpression | None:
    """Return the expression of a text that is exactly one `{{ … }}`, or `None`."""
    if len(template.nodes) != 1 or type(template.nodes[0]) is not TextNode:
        return None
    expression = template.nodes[0].expression
    return expression if isinstance(expression, FilteredExpression) else None


def context_of(template: LimitedTemplate, scope: Scope) -> CountedContext:
    """Return a fresh state in which a text finds the names of a scope."""
    names: dict[str, object] = {root: getattr(scope, root) for root in ROOTS}
    if scope.now is not None:
        moment = scope.now.astimezone(UTC)
        names["now"] = moment.isoformat().replace("+00:00", "Z")
        names["today"] = moment.date().isoformat()
        names[_NOW] = moment
    return CountedContext(template, globals=names)


def limited_buffer(written_bytes: int = 0) -> LimitedStringIO:
    """Return an empty text that takes what is left of the output's limit, and translates no ends of lines."""
    return LimitedStringIO(OUTPUT_LIMIT_BYTES - written_bytes, "", "")


def write_text(template: LimitedTemplate, context: CountedContext) -> str:
    """Return the rendered text."""
    buffer = limited_buffer()
    template.render_with_context(context, buffer)
    return buffer.getvalue()
