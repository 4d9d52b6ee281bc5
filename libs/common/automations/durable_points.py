"""The points between two durable writes, by name: where a process may end, and nothing may be lost or doubled.

Code passes a point right after what it names is durable, and before anything follows from it. Nobody listens
in the product; a fault test does, ends the process there, and so knows that it really happened.
"""

from collections.abc import Callable
from typing import Final, Literal, get_args

DurablePoint = Literal[
    "accepted",  # starts and their first states, in the journal
    "offset committed",  # the batch that they came in
    "effect done",  # at the other side; its outcome is known to nobody else yet
    "result journaled",  # input and fact, in the journal
    "published",  # the facts, on Kafka
    "lease renewed",
    "timer claimed",  # the run is held because its time has come
    "turn handed on",  # the run before it was given up, and this one is held
    "submission stored",  # a person's answer, by api
    "control sent",  # on Kafka, by api
]
POINTS: Final[tuple[DurablePoint, ...]] = get_args(DurablePoint)

_listeners: list[Callable[[DurablePoint], None]] = []


def passed(point: DurablePoint) -> None:
    """Say that what the point names is durable."""
    for listener in _listeners:
        listener(point)


def listen(listener: Callable[[DurablePoint], None]) -> None:
    """Have every point told from now on."""
    _listeners.append(listener)
