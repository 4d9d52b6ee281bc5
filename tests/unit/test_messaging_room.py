"""When readers hand on, and when they pause."""

import asyncio

from automations.messaging.room import Room


def test_room_ends_when_as_many_are_held_as_may_be() -> None:
    room = Room(100)
    room.hold(99)
    assert room.is_open
    room.hold(100)
    assert not room.is_open


def test_room_begins_again_only_when_a_quarter_has_gone() -> None:
    room = Room(100)
    told: list[bool] = []
    room.tell(lambda: told.append(room.is_open))
    for held in (100, 99, 76, 100, 75, 99):
        room.hold(held)
    assert told == [False, True]
    assert room.is_open


async def test_whoever_waits_for_room_goes_on_when_there_is_some() -> None:
    room = Room(4)
    room.hold(4)
    waiting = asyncio.create_task(room.until_open())
    await asyncio.sleep(0)
    assert not waiting.done()
    room.hold(3)
    await waiting


def test_room_that_was_shut_does_not_open_again() -> None:
    room = Room(4)
    room.shut()
    room.hold(0)
    assert not room.is_open
