"""The months of the run history, each a partition of `runs` and one of `steps`; pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

_NAME: Final = re.compile(r"runs_(\d{4})_(\d{2})")


class Month(NamedTuple):
    """One month, by UTC."""

    year: int
    month: int

    @property
    def first(self) -> datetime:
        """When it begins."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        """When the next one begins."""
        later = self.first + timedelta(days=31)
        return datetime(later.year, later.month, 1, tzinfo=UTC)

    @property
    def suffix(self) -> str:
        """What the names of its tables end with."""
        return f"{self.year:04}_{self.month:02}"


def read_month(partition: str) -> Month | None:
    """Return the month of a partition of `runs`; None where it has another name."""
    found = _NAME.fullmatch(partition)
    return None if found is None else Month(int(found[1]), int(found[2]))
