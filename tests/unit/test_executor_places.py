"""How many calls go to one destination at a time, who waits, and who is put off."""

import asyncio
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from executor.places import PATIENCE_SECONDS, SLOW_SECONDS, Place, Places


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def asked(places: Places, number: int, destination: str = "a:1") -> list["asyncio.Task[Place | None]"]:
    """Return so many calls that have asked for a place, in order."""
    calls = [asyncio.create_task(places.take(destination)) for _ in range(number)]
    await settle()
    return calls


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def outcomes(calls: Iterable["asyncio.Task[Place | None]"]) -> list[bool | None]:
    """Return for each call whether it has its place, or None where that is not known yet."""
    return [call.result() is not None if call.done() else None for call in calls]


def give_back(places: Places, call: "asyncio.Task[Place | None]") -> None:
    place = call.result()
    assert place is not None
    places.give_back(place)


async def test_calls_wait_in_order_for_a_place() -> None:
    places = Places(2, Clock())
    calls = await asked(places, 4)
    assert outcomes(calls) == [True, True, None, None]
    give_back(places, calls[0])
    await settle()
    assert outcomes(calls) == [True, True, True, None]


async def test_destination_does_not_hold_up_another() -> None:
    places = Places(1, Clock())
    await asked(places, 5)
    assert outcomes(await asked(places, 1, "b:1")) == [True]


async def test_short_wait_puts_nothing_off() -> None:
    clock = Clock()
    places = Places(1, clock)
    calls = await asked(places, 5)
    clock.seconds = PATIENCE_SECONDS - 0.1
    places.put_off_late()
    await settle()
    assert outcomes(calls) == [True, None, None, None, None]


async def test_long_wait_at_a_quick_destination_puts_nothing_off() -> None:
    """Its calls are answered at once: that others wait for long is this process's doing, and giving up costs more."""
    clock = Clock()
    places = Places(1, clock)
    calls = await asked(places, 5)
    clock.seconds = PATIENCE_SECONDS - SLOW_SECONDS / 2
    give_back(places, calls[0])
    await settle()
    clock.seconds = PATIENCE_SECONDS
    places.put_off_late()
    await settle()
    assert outcomes(calls) == [True, True, None, None, None]
    assert places.crowded == 0


async def test_crowded_destination_keeps_as_many_waiting_as_it_has_places() -> None:
    """Those that came first stay, the others are put off, and so is who comes later."""
    clock = Clock()
    places = Places(2, clock)
    calls = await asked(places, 7)
    clock.seconds = PATIENCE_SECONDS
    places.put_off_late()
    await settle()
    assert outcomes(calls) == [True, True, None, None, False, False, False]
    assert (places.crowded, places.waiting) == (1, 2)
    assert outcomes(await asked(places, 1)) == [False]


async def test_places_that_become_free_at_a_crowded_destination_are_offered() -> None:
    clock = Clock()
    places = Places(2, clock)
    calls = await asked(places, 7)
    clock.seconds = PATIENCE_SECONDS
    places.put_off_late()
    assert list(places.free()) == []
    give_back(places, calls[0])
    await places.until_freed(60)
    assert list(places.free()) == [("a:1", 1)]
    places.clear("a:1")
    assert list(places.free()) == []


async def test_destination_that_another_process_put_runs_off_for_is_offered() -> None:
    places = Places(2, Clock())
    places.crowd("b:1")
    await places.until_freed(60)
    assert list(places.free()) == [("b:1", 4)]


async def test_call_that_is_given_up_while_it_waits_leaves_no_gap() -> None:
    places = Places(1, Clock())
    calls = await asked(places, 3)
    calls[1].cancel()
    await settle()
    give_back(places, calls[0])
    await settle()
    assert calls[2].result()


async def test_place_of_a_call_that_was_given_up_meanwhile_goes_to_the_next() -> None:
    """The place was there and the call was broken off before it could go out."""
    places = Places(1, Clock())
    calls = await asked(places, 3)
    give_back(places, calls[0])
    calls[1].cancel()
    await settle()
    assert calls[1].cancelled()
    assert calls[2].result()


@given(st.lists(st.sampled_from(["ask", "back", "break off", "late", "clear"]), max_size=60), st.integers(1, 3))
def test_no_destination_has_more_calls_than_places_and_no_place_is_lost(moves: list[str], each: int) -> None:
    """Whatever happens in which order: places are never exceeded, and free only where nobody waits."""
    asyncio.run(_play(moves, each))


async def _play(moves: list[str], each: int) -> None:
    clock = Clock()
    places = Places(each, clock)
    calls: list[asyncio.Task[Place | None]] = []
    for move in moves:
        clock.seconds += 1
        having = [call for call in calls if call.done() and not call.cancelled() and call.result()]
        waiting = [call for call in calls if not call.done()]
        if move == "ask":
            calls += await asked(places, 1)
        elif move == "back" and having:
            calls.remove(having[0])
            give_back(places, having[0])
        elif move == "break off" and waiting:
            waiting[len(waiting) // 2].cancel()
        elif move == "late":
            places.put_off_late()
        elif move == "clear" and places.crowded:
            places.clear("a:1")
        await settle()
        having = [call for call in calls if call.done() and not call.cancelled() and call.result()]
        waiting = [call for call in calls if not call.done()]
        assert len(having) <= each
        assert not waiting or len(having) == each
        assert places.waiting == len(waiting)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
