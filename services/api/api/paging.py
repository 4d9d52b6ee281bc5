"""Pages of a list, newest first: a cursor names the last item of the page before."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Query

from api.problems import unprocessable
from automations.problems import Problem

T = TypeVar("T")

MAX_PAGE = 500
DEFAULT_PAGE = 100

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="items a page")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before")]


def render_cursor(moment: datetime, item_id: str) -> str:
    """Return the cursor behind an item."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{item_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> tuple[datetime | None, str | None]:
    """Return the moment and the id that a page begins after; None, None for the first page.

    Raises:
        Refused: the text is no cursor of ours.
    """
    if cursor is None:
        return None, None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, separator, item_id = text.partition("|")
        if not separator or "\0" in item_id:
            raise ValueError(text)
        parsed = datetime.fromisoformat(moment)
        if parsed.tzinfo is None:
            raise ValueError(text)
        return parsed, item_id
    except (ValueError, binascii.Error, UnicodeDecodeError):
        problem = Problem("/query/cursor", "is no cursor; take `next_cursor` of the page before", "invalid_cursor")
        raise unprocessable([problem]) from None


def render_page(
    items: Sequence[T], limit: int, place: Callable[[T], tuple[datetime, str]]
) -> tuple[Sequence[T], str | None]:
    """Return at most `limit` items and the next page's cursor, of items read one beyond the limit."""
    if len(items) <= limit:
        return items, None
    page = items[:limit]
    return page, render_cursor(*place(page[-1]))
