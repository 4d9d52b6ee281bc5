"""The demo CRM's one SQLite file, and the one thread that touches it.

Invariants: an act is answered only when it is on the disk; acts are performed one after the other, each wholly or
not at all, so that two requests with the same idempotency key cannot both be performed; what waits together shares
one transaction. A second process on the same folder is refused.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar, cast

from demo_crm.tables import Tables

Result = TypeVar("Result")
_LARGEST_TRANSACTION = 200


class DataFolderInUse(Exception):
    """Another process keeps its records in this folder."""


class _Request:
    """An act that waits for its turn, and where its result goes."""

    def __init__(self, act: Callable[[Tables], object]) -> None:
        self.act = act
        self.future: Future[object] = Future()
        self.result: object = None
        self.error: Exception | None = None


class Database:
    """Performs acts on the tables, durably and one after the other."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "demo-crm.sqlite3"
        self._waiting: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._work, name="demo-crm-database", daemon=True)

    async def open(self) -> None:
        """Create the folder and the tables where they are missing.

        Raises:
            DataFolderInUse: another process has it open.
        """
        self._thread.start()
        await asyncio.wrap_future(self._opened)

    async def perform(self, act: Callable[[Tables], Result]) -> Result:
        """Return the act's result once it is on the disk; an act that raises has changed nothing."""
        request = _Request(act)
        self._waiting.put(request)
        return cast(Result, await asyncio.wrap_future(request.future))

    async def close(self) -> None:
        """Perform what waits, then close the file."""
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        try:
            connection = _connect(self._path)
        except Exception as error:
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        tables = Tables(connection)
        running = True
        while running:
            batch: list[_Request] = []
            running = self._take(batch)
            if batch:
                _perform_together(connection, tables, batch)
        connection.close()

    def _take(self, batch: list[_Request]) -> bool:
        """Fill the batch with what waits, at least one; False when the end was asked for."""
        request = self._waiting.get()
        while request is not None:
            batch.append(request)
            if len(batch) == _LARGEST_TRANSACTION or self._waiting.empty():
                return True
            request = self._waiting.get()
        return False


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, timeout=2)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript((Path(__file__).parent / "schema.sql").read_text())
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" in str(error):
            raise DataFolderInUse(f"Another process has {path} open: stop it, or set DEMO_CRM_DATA") from error
        raise
    return connection


def _perform_together(connection: sqlite3.Connection, tables: Tables, batch: list[_Request]) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
        for request in batch:
            _perform_one(connection, tables, request)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for request in batch:
            request.error = error
    for request in batch:
        if not request.future.set_running_or_notify_cancel():
            continue
        if request.error is not None:
            request.future.set_exception(request.error)
        else:
            request.future.set_result(request.result)


def _perform_one(connection: sqlite3.Connection, tables: Tables, request: _Request) -> None:
    connection.execute("SAVEPOINT act")
    try:
        request.result = request.act(tables)
    except Exception as error:
        request.error = error
        connection.execute("ROLLBACK TO act")
    connection.execute("RELEASE act")
