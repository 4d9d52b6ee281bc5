"""What is wrong with something a person wrote, said so that it can be mended.

A problem names the offending place by an RFC 6901 JSON pointer into the value that was checked, and says
what would be right. Checks collect all problems of a value before they answer; nobody mends a document one
at a time.
"""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: where it is, what is wrong and what would be right, and a word for programs."""

    pointer: str
    message: str
    code: str

    def as_dict(self) -> dict[str, object]:
        """Return the problem as it stands in a response body."""
        return {"pointer": self.pointer, "message": self.message, "code": self.code}


def pointer_join(pointer: str, *segments: str | int) -> str:
    """Return the pointer to a place below another one; `""` points to the whole value."""
    return pointer + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in segments)


def suggest_nearest(word: str, known: Collection[str]) -> str:
    """Return ` Did you mean "x"?` for the known word nearest to a misspelt one, or nothing."""
    nearest = nearest_word(word, known)
    return f' Did you mean "{nearest}"?' if nearest is not None else ""


def nearest_word(word: str, known: Collection[str]) -> str | None:
    """Return the known word nearest to a misspelt one, or `None` if none is near."""
    nearest = get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return nearest[0] if nearest else None


def list_words(words: Collection[str]) -> str:
    """Return words as a readable list: `a, b and c`."""
    ordered = list(words)
    return ordered[0] if len(ordered) == 1 else ", ".join(ordered[:-1]) + " and " + ordered[-1] if ordered else ""
