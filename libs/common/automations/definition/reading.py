"""Reading a document from JSON or YAML text, so that both give the same value.

A key that stands twice in one object is an error, never a silent choice. YAML is read as JSON is: no tags,
no dates, and only `true` and `false` are booleans, so `no` and `2026-01-01` stay text. A document's own
limits come later; here a text is at most 1 MiB, and aliases may not make it grow.
"""

import json
import re
from collections.abc import Hashable
from typing import Any, Final, NoReturn

import yaml

from automations.problems import Problem

TEXT_LIMIT_BYTES: Final = 1_048_576

_HALF: Final = re.compile("[\ud800-\udfff]").search


class ReadError(ValueError):
    """The text is not JSON or not YAML; `problem` says where and why."""

    def __init__(self, message: str, code: str, pointer: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(pointer, message, code)


def read_json(raw: bytes | str) -> object:
    """Return the value of a JSON text.

    Raises:
        ReadError: it is not JSON in UTF-8, a key stands twice, or it is longer than the limit.
    """
    text = _decode(raw)
    try:
        return json.loads(text, object_pairs_hook=_unique_pairs, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        message = f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise ReadError(message, "syntax") from error
    except RecursionError as error:
        raise ReadError("This is nested too deep.", "too_deep") from error
    except ReadError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise ReadError(f"This is not JSON: {error}.", "syntax") from error


def read_yaml(text: bytes | str) -> object:
    """Return the value of a YAML text of one document.

    Raises:
        ReadError: it is not YAML, a key stands twice or is no text, it uses aliases, or it is too long.
    """
    try:
        return yaml.load(_decode(text), Loader=_JsonLikeLoader)  # noqa: S506 (derived from the safe loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise ReadError(f"This is not YAML: {error.problem or error.context}{place}.", "syntax") from error
    except yaml.YAMLError as error:
        raise ReadError(f"This is not YAML: {error}.", "syntax") from error
    except RecursionError as error:
        raise ReadError("This is nested too deep.", "too_deep") from error
    except ReadError:
        raise
    except ValueError as error:
        raise ReadError(f"This is not YAML: {error}.", "syntax") from error


def _decode(raw: bytes | str) -> str:
    size = len(raw) if isinstance(raw, bytes) else len(raw.encode("utf-8", "surrogatepass"))
    if size > TEXT_LIMIT_BYTES:
        raise ReadError(f"The text is longer than {TEXT_LIMIT_BYTES} bytes.", "too_large")
    if isinstance(raw, str):
        return raw
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadError(f"The text is not UTF-8: byte {error.start} is wrong.", "syntax") from error


def _unique_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ReadError(f'The key "{key}" stands twice in one object.', "duplicate_key")
            seen.add(key)
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise ReadError(f"{name} is no number of JSON.", "syntax")


class _JsonLikeLoader(yaml.SafeLoader):
    """YAML with the values of JSON alone."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases: a short text could stand for a huge value."""
        if self.check_event(yaml.AliasEvent):
            raise ReadError(f"Line {self.line + 1}: aliases are not read here.", "alias")
        return super().compose_node(parent, index)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        """Join the two halves of a character, which JSON writes as two escapes."""
        value = super().construct_scalar(node)
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") if _HALF(value) else value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that stands twice, or that is no text."""
        seen: set[object] = set()
        for key_node, _ in node.value:
            place = f"Line {key_node.start_mark.line + 1}"
            if not isinstance(key_node, yaml.ScalarNode):
                raise ReadError(f"{place}: a key is text.", "syntax")
            if key_node.value in seen:
                message = f'{place}: the key "{key_node.value}" stands twice in one mapping.'
                raise ReadError(message, "duplicate_key")
            seen.add(key_node.value)
            key_node.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep=deep)


def _resolve_as_json() -> None:
    """Give the loader the plain scalars of JSON, in place of those of YAML 1.1."""
    rules = (
        ("tag:yaml.org,2002:null", r"^(?:null|Null|NULL|~|)$", "nN~\0"),
        ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
        ("tag:yaml.org,2002:float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
    )
    _JsonLikeLoader.yaml_implicit_resolvers = {}
    foreign = ("binary", "timestamp", "omap", "pairs", "set")
    _JsonLikeLoader.yaml_constructors = {
        tag: construct
        for tag, construct in yaml.SafeLoader.yaml_constructors.items()
        if tag not in {f"tag:yaml.org,2002:{name}" for name in foreign}
    }
    for tag, pattern, first in rules:
        _JsonLikeLoader.add_implicit_resolver(tag, re.compile(pattern), list(first))


_resolve_as_json()
