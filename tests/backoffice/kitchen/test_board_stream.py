"""The kitchen board's stream, from a web process: what it sends, for how long, and to whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from orders.models import OrderState, Shop
from orders.services import advance_order, mark_paused
from seqrshop.backoffice.kitchen.broker import MAX_STREAMS_PER_PERSON
from tests.backoffice.kitchen.boards import BY_POLLER, address, cook, open_order, paid_order, pay
from tests.factories import ShopFactory
from tests.web_process import EventStream, WebProcess

PUSH_LIMIT_SECONDS = 1.0  # from commit to event, by way of Redis
LOST_LIMIT_SECONDS = 10.0  # without Redis the database is compared every two seconds


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    with WebProcess(tmp_path_factory.mktemp("web") / "log", SEQR_POLL_SHARDS="1") as process:
        yield process


@pytest.fixture(autouse=True)
def _committed(transactional_db: None) -> None:
    """Commit the test's changes and publish them in Redis, for the web process."""


@pytest.fixture
def shop() -> Shop:
    return ShopFactory.create()


def cookies_of(client: Client) -> str:
    """Return the header with which a browser proves who is signed in."""
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


Watch = Callable[..., EventStream]


@pytest.fixture
def watch(web: WebProcess) -> Iterator[Watch]:
    """Open a screen's stream, as this person."""
    opened: list[EventStream] = []

    def open_stream(client: Client, shop: Shop, at: WebProcess = web, **headers: str) -> Any:
        path = address("events", shop)
        opened.append(EventStream(at, path, Cookie=cookies_of(client), **headers))
        return opened[-1]

    yield open_stream
    for stream in opened:
        stream.close()


def next_board(stream: EventStream, within: float = PUSH_LIMIT_SECONDS) -> list[tuple[int, str]]:
    """Return the orders of the next board, each with its progress."""
    _, board = stream.next("board", within=within)
    return [(card["id"], card["progress"]) for card in board["cards"]]


def first_board(stream: EventStream) -> list[tuple[int, str]]:
    return next_board(stream, within=LOST_LIMIT_SECONDS)


def test_payment_and_each_step_reach_two_screens_within_a_second(shop: Shop, watch: Watch) -> None:
    order = open_order(shop)
    screens = [watch(cook(shop), shop) for _ in range(2)]
    before = [first_board(screen) for screen in screens]

    pay(order)
    paid = [next_board(screen) for screen in screens]
    advance_order(order.pk, OrderState.READY, BY_POLLER)
    ready = [next_board(screen) for screen in screens]
    advance_order(order.pk, OrderState.SERVED, BY_POLLER)
    served = [next_board(screen) for screen in screens]

    assert before == [[], []]
    assert paid == [[(order.pk, "paid")]] * 2
    assert ready == [[(order.pk, "ready")]] * 2
    assert served == [[], []]


def test_each_screen_gets_its_language_and_its_shop_alone(shop: Shop, watch: Watch) -> None:
    other = ShopFactory.create()
    order = open_order(shop)
    swedish = watch(cook(shop), shop, Accept_Language="sv")
    english = watch(cook(shop), shop, Accept_Language="en")
    elsewhere = watch(cook(other), other)
    for stream in (swedish, english, elsewhere):
        first_board(stream)

    pay(order)
    places = [stream.next("board")[1]["cards"][0]["place"] for stream in (swedish, english)]
    own = paid_order(other)

    assert places == ["Bord 4", "Table 4"]
    assert next_board(elsewhere) == [(own.pk, "paid")]


def test_pause_on_one_screen_is_shown_on_the_others(shop: Shop, watch: Watch) -> None:
    stream = watch(cook(shop), shop)
    first_board(stream)

    mark_paused(shop, paused=True, until=timezone.now() + timedelta(minutes=20))

    _, board = stream.next("board", within=LOST_LIMIT_SECONDS)
    assert board["is_paused"]


def test_without_redis_payment_reaches_the_board_from_the_database(
    shop: Shop, watch: Watch, tmp_path: Path
) -> None:
    order = open_order(shop)
    with WebProcess(tmp_path / "log", REDIS_URL="redis://127.0.0.1:9/0") as web:
        stream = watch(cook(shop), shop, web)
        first_board(stream)

        pay(order)

        assert next_board(stream, LOST_LIMIT_SECONDS) == [(order.pk, "paid")]


@pytest.mark.slow
def test_stream_of_a_person_who_signs_out_ends_and_a_colleagues_continues(
    shop: Shop, watch: Watch
) -> None:
    client, colleague = cook(shop), cook(shop)
    stream, other = watch(client, shop), watch(colleague, shop)
    for each in (stream, other):
        first_board(each)

    client.logout()

    assert stream.next("end") == ("end", {"reason": "signed_out"})
    assert stream.is_over()
    order = paid_order(shop)
    assert next_board(other) == [(order.pk, "paid")]


def test_ninth_screen_of_a_person_replaces_the_first(shop: Shop, watch: Watch) -> None:
    client = cook(shop)
    streams = [watch(client, shop) for _ in range(MAX_STREAMS_PER_PERSON)]
    for stream in streams:
        first_board(stream)

    ninth = watch(client, shop)

    assert first_board(ninth) == []
    assert streams[0].next("end") == ("end", {"reason": "replaced"})
    order = paid_order(shop)
    assert next_board(streams[1]) == [(order.pk, "paid")]


def test_stream_is_refused_to_a_person_without_the_shop(shop: Shop, watch: Watch) -> None:
    stream = watch(cook(ShopFactory.create()), shop)

    assert stream.response.status == 404
