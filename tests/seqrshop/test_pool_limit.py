"""A pool whose connections are all lent: few requests wait for one, all others are refused."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from psycopg_pool import ConnectionPool, TooManyRequests

from orders.models import Shop
from seqrshop.postgresql import POOL_MAX_WAITING, POOL_SIZE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def full_pool(
    cafe: Shop, eventually: Callable[[Callable[[], bool]], None]
) -> Iterator[ConnectionPool[Any]]:
    """A new pool of this process, of which every connection is lent and waited for.

    Of the former one, threads of earlier tests may hold connections.
    """
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    pool: ConnectionPool[Any] = connection.pool  # type: ignore[attr-defined]  # PostgreSQL's has it
    pool.open()
    lent = [pool.getconn(timeout=30) for _ in range(POOL_SIZE)]
    waiting = [
        threading.Thread(target=lambda: pool.putconn(pool.getconn(timeout=60)))
        for _ in range(POOL_MAX_WAITING)
    ]
    for thread in waiting:
        thread.start()
    eventually(lambda: pool.get_stats()["requests_waiting"] == POOL_MAX_WAITING)
    yield pool
    for each in lent:
        pool.putconn(each)
    for thread in waiting:
        thread.join()
    connection.close_pool()  # type: ignore[attr-defined]


def test_request_beyond_those_that_wait_for_a_connection_is_refused_at_once(
    full_pool: ConnectionPool[Any], client: Client
) -> None:
    """It waited as long as the pool's time-out, in front of those that came later."""
    with pytest.raises(TooManyRequests):
        full_pool.getconn()
    response = client.get("/lyktan/order", headers={"accept": "text/html"})

    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert 'data-retry="2"' in response.content.decode()
