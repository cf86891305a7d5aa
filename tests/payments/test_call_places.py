import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from payments.call_places import MAX_WAITING_REQUESTS, CallPlaces, NoPlaceForCall

LONG_WAIT_SECONDS = 20.0


@pytest.fixture
def places() -> CallPlaces:
    return CallPlaces(1)


@pytest.fixture
def held(places: CallPlaces) -> Iterator[ExitStack]:
    """Hold the only place; closing the stack releases it."""
    with ExitStack() as stack:
        stack.enter_context(places.hold())
        yield stack


def take(places: CallPlaces, results: list[str], caller: str = "") -> None:
    try:
        with places.hold(caller, LONG_WAIT_SECONDS):
            results.append("held")
    except NoPlaceForCall:
        results.append("refused")


def start_waiting(places: CallPlaces, results: list[str], number: int) -> list[threading.Thread]:
    threads = [threading.Thread(target=take, args=(places, results)) for _ in range(number)]
    for thread in threads:
        thread.start()
    give_up_at = time.monotonic() + LONG_WAIT_SECONDS
    while places.waiting < number and time.monotonic() < give_up_at:
        time.sleep(0.001)
    return threads


def test_request_that_waits_gets_the_place_once_it_is_free(
    places: CallPlaces, held: ExitStack
) -> None:
    """Refused at once, one in twenty customers of a busy hour waited two seconds."""
    results: list[str] = []
    threads = start_waiting(places, results, 3)
    assert not results

    held.close()
    for thread in threads:
        thread.join(LONG_WAIT_SECONDS)

    assert results == ["held"] * 3
    assert places.waiting == 0


def test_request_beyond_those_that_wait_is_refused_at_once(
    places: CallPlaces, held: ExitStack
) -> None:
    waiting: list[str] = []
    threads = start_waiting(places, waiting, MAX_WAITING_REQUESTS)
    refused: list[str] = []

    take(places, refused)

    assert (refused, waiting) == (["refused"], [])
    held.close()
    for thread in threads:
        thread.join(LONG_WAIT_SECONDS)


def test_request_is_refused_where_no_place_is_free_in_time(
    places: CallPlaces, held: ExitStack
) -> None:
    with pytest.raises(NoPlaceForCall), places.hold(wait_seconds=0.01):
        pass

    assert places.waiting == 0


def test_as_many_calls_as_places_are_held_again_after_their_end() -> None:
    places = CallPlaces(2)

    for _ in range(2):
        with places.hold(), places.hold(), pytest.raises(NoPlaceForCall), places.hold():
            pass


def test_caller_with_refused_tokens_waits_for_no_place(places: CallPlaces, held: ExitStack) -> None:
    places.restrict("a")
    results: list[str] = []

    take(places, results, caller="a")

    assert results == ["refused"]
