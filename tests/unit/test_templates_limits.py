"""What a text may cost: every way to make a rendering endless or huge ends in a clear error, soon."""

import pytest

from automations.paths import Scope
from automations.templates import RenderError, render_text

SCOPE = Scope(record={"big": "x" * 1_000_000, "list": list(range(9_000)), "name": "Ada"})
FILTERS = "{{ record.name | upcase | downcase | append: 'x' | size }}"

COSTLY = {
    "replacement": ("{{ record.big | replace: '', record.big }}", "characters"),
    "long loop": ("{% for i in (1..100000000) %}x{% endfor %}", "turns"),
    "nested loops": ("{% for i in (1..200) %}{% for j in (1..200) %}{% endfor %}{% endfor %}", "turns"),
    "many loops": ("{% for i in (1..9000) %}{% endfor %}" * 2, "turns"),
    "long body": ("{% for i in (1..9000) %}" + "{% if true %}{% endif %}" * 500 + "{% endfor %}", "too long"),
    "many filters": ("{% for i in (1..9000) %}" + FILTERS * 20 + "{% endfor %}", "too long"),
    "range as list": ("{{ (1..10000000000) | join: ',' }}", "elements"),
    "range as value": ("{{ (1..10000000000) }}", "elements"),
    "doubling": ("{% assign a = 'xxxxxxxx' %}" + "{% assign a = a | append: a %}" * 60, "characters"),
    "large number": ("{% assign a = 9 %}" + "{% assign a = a | times: a %}" * 60, "too large"),
    "infinite number": ("{{ '1e999999999' | ceil }}", "infinity"),
    "split": ("{{ record.big | split: '' | size }}", "elements"),
    "uniq": ("{{ record.list | uniq | uniq | size }}", "too long"),
    "markup": ("{{ record.big | strip_html }}", "too long"),
    "output": ("{{ record.big }}{{ record.big }}", "bytes"),
    "encoding": ("{{ 'x' " + "| base64_encode" * 200 + " }}", "characters"),
    "search": ("{% for i in (1..9000) %}{% if record.big contains 'xy' %}{% endif %}{% endfor %}", "too long"),
    "nesting": ("{{" + "a[" * 5000 + "1" + "]" * 5000 + "}}", "deep"),
    "template": ("{{ record.name }}" + "x" * 65_536, "65536"),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", COSTLY)
def test_costly_text_ends_in_a_clear_error(name: str) -> None:
    """The error says which limit was met."""
    text, words = COSTLY[name]
    with pytest.raises(RenderError) as failed:
        render_text(text, SCOPE, pointer="/body")
    assert failed.value.pointer == "/body"
    assert words in failed.value.message


def test_ordinary_text_is_far_within_the_limits() -> None:
    """A list of a thousand contacts with four fields each is an ordinary text."""
    contacts = [{"name": f"N{n}", "email": f"{n}@x", "phone": str(n), "city": "C"} for n in range(1000)]
    line = "{{ c.name | upcase }} {{ c.email }} {{ c.phone }} {{ c.city | default: '-' }}\n"
    text = "{% for c in record.contacts %}" + line + "{% endfor %}"
    result = render_text(text, Scope(record={"contacts": contacts})).value
    assert str(result).count("\n") == 1000


def test_refused_text_leaves_nothing_behind() -> None:
    """The budget is each rendering's own."""
    with pytest.raises(RenderError):
        render_text(COSTLY["uniq"][0], SCOPE)
    assert render_text("{{ record.name }}!", SCOPE).value == "Ada!"
