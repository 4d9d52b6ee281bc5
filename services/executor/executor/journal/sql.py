"""The journal's named queries; each file of SQL lies beside the module that runs it."""

from pathlib import Path
from typing import Any, Final

import aiosql

_FILES: Final = ("queries.sql", "turns.sql", "pruning.sql")

queries: Any = aiosql.from_str(
    "\n".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _FILES), "asyncpg"
)
