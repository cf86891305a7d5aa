"""PostgreSQL that refuses, hangs or is locked: every wait for it has a limit."""

import select
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import OperationalError, connection, transaction
from psycopg_pool import ConnectionPool, PoolTimeout
from psycopg_pool.base import AttemptWithBackoff

from seqrshop import env, postgresql
from seqrshop.postgresql import BoundedConnection, connection_options
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    """A proxy before PostgreSQL."""
    with TcpProxy(int(connection.settings_dict["PORT"])) as proxy:
        yield proxy


@pytest.fixture
def pool(proxy: TcpProxy) -> Iterator[ConnectionPool[Any]]:
    """A pool as Django makes it from the settings, behind the proxy."""
    parameters = connection.get_connection_params() | {"port": proxy.port, "autocommit": True}
    options = connection.settings_dict["OPTIONS"]["pool"]
    with ConnectionPool(
        kwargs=parameters, check=ConnectionPool.check_connection, open=False, **options
    ) as pool:
        pool.wait(30)
        yield pool


def seconds_of(work: Callable[[], object]) -> float:
    began_at = time.monotonic()
    work()
    return time.monotonic() - began_at


def fail_to_connect(pool: ConnectionPool[Any]) -> None:
    with pytest.raises(PoolTimeout):
        pool.getconn()


def seconds_until_connected(pool: ConnectionPool[Any]) -> float:
    """Return the seconds until the pool lends a connection again."""
    began_at = time.monotonic()
    while True:
        try:
            pool.putconn(pool.getconn())
        except PoolTimeout:
            assert time.monotonic() - began_at < 60
        else:
            return time.monotonic() - began_at


def let_idle(pool: ConnectionPool[Any]) -> None:
    """Let the pool's connections have been idle for so long that the pool checks them."""
    for idle in pool._pool:
        idle.answered_at -= postgresql.CHECK_AFTER_IDLE_SECONDS


def test_every_connection_has_the_server_side_limits() -> None:
    with connection.cursor() as cursor:
        limits = {}
        for name in (
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "max_parallel_workers_per_gather",
        ):
            cursor.execute(f"SHOW {name}")
            [limits[name]] = cursor.fetchone()

    assert limits == {
        "statement_timeout": "5s",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "1min",
        "max_parallel_workers_per_gather": "0",
    }


def test_server_ends_a_statement_before_the_client_gives_up() -> None:
    assert postgresql.STATEMENT_TIMEOUT_SECONDS < postgresql.ANSWER_TIMEOUT_SECONDS
    assert postgresql.LOCK_TIMEOUT_SECONDS < postgresql.STATEMENT_TIMEOUT_SECONDS

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '200ms'")
        with pytest.raises(OperationalError, match="statement timeout"):
            cursor.execute("SELECT pg_sleep(30)")
        cursor.execute("RESET statement_timeout")


def test_options_of_the_url_replace_the_limits() -> None:
    options = connection_options({"options": "-c statement_timeout=10s", "sslmode": "require"})

    assert options["options"] == "-c statement_timeout=10s"
    assert options["sslmode"] == "require"
    assert options["pool"]["connection_class"] is BoundedConnection


def test_statement_of_a_hanging_server_fails_and_closes_its_connection(
    pool: ConnectionPool[Any], proxy: TcpProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedConnection, "answer_timeout_seconds", 0.5)
    lent = pool.getconn()
    proxy.hang()

    with pytest.raises(psycopg.OperationalError, match="does not answer"):
        lent.cursor().execute("SELECT 1")

    assert lent.closed
    pool.putconn(lent)


def test_refusing_server_is_reported_within_two_seconds_and_found_within_two(
    pool: ConnectionPool[Any], proxy: TcpProxy
) -> None:
    """The pool's pauses between two attempts grew to minutes."""
    proxy.refuse()
    failed = [seconds_of(lambda: fail_to_connect(pool)) for _ in range(4)]

    proxy.restore()
    recovered = seconds_until_connected(pool)

    assert max(failed) < 2.5
    assert recovered < 2.5


def test_pool_never_pauses_for_long_between_two_attempts(pool: ConnectionPool[Any]) -> None:
    """The pauses doubled for five minutes; the last ones were longer than two."""
    attempt, now, pauses = AttemptWithBackoff(timeout=pool.reconnect_timeout), 1.0, []
    while not attempt.time_to_give_up(now):
        attempt.update_delay(now)
        pauses.append(attempt.delay)
        now += attempt.delay

    assert max(pauses) <= 1.2


def test_hanging_server_is_reported_within_three_seconds_and_found_within_four(
    pool: ConnectionPool[Any], proxy: TcpProxy
) -> None:
    """Nothing bounded the test of an idle connection."""
    let_idle(pool)
    proxy.hang()
    failed = [seconds_of(lambda: fail_to_connect(pool)) for _ in range(4)]

    proxy.restore()
    recovered = seconds_until_connected(pool)

    assert max(failed) < 3
    assert recovered < 4


def waits_of_lending(pool: ConnectionPool[Any], monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how often the pool waits for PostgreSQL to lend a connection."""
    waits = []
    wait = BoundedConnection.wait

    def counted(lent: BoundedConnection, *args: Any) -> Any:
        waits.append(lent)
        return wait(lent, *args)

    with monkeypatch.context() as patch:
        patch.setattr(BoundedConnection, "wait", counted)
        pool.putconn(pool.getconn())
    return len(waits)


def test_connection_is_checked_only_after_a_second_without_an_answer(
    pool: ConnectionPool[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request waited for a check, though another had just used its connection."""
    lent = pool.getconn()
    lent.cursor().execute("SELECT 1")
    pool.putconn(lent)
    after_use = waits_of_lending(pool, monkeypatch)
    let_idle(pool)
    after_idling = waits_of_lending(pool, monkeypatch)

    assert (after_use, after_idling) == (0, 1)


def test_connection_that_the_server_has_closed_is_not_lent_though_just_used(
    pool: ConnectionPool[Any],
) -> None:
    lent = pool.getconn()
    lent.cursor().execute("SELECT 1")
    pid = lent.info.backend_pid
    pool.putconn(lent)
    with psycopg.connect(_own_address(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
    select.select([lent.fileno()], [], [], 10)  # the system tells us a moment later

    with pool.connection() as next_one:
        assert next_one.info.backend_pid != pid
        assert next_one.cursor().execute("SELECT 1").fetchone() == (1,)


def test_repeated_statement_is_prepared() -> None:
    """Every statement was planned at each execution."""
    with connection.cursor() as cursor:
        for number in range(4):
            cursor.execute("SELECT %s::integer + 4711", [number])
        cursor.execute(
            "SELECT calls.generic_plans + calls.custom_plans FROM pg_prepared_statements AS calls"
            " WHERE statement LIKE '%4711'"
        )
        [executions] = cursor.fetchone()

    assert executions == 4 - postgresql.PREPARE_THRESHOLD


@pytest.mark.parametrize(("value", "threshold"), [("none", None), ("0", 0), ("5", 5)])
def test_url_decides_whether_statements_are_prepared(value: str, threshold: int | None) -> None:
    """PgBouncer before 1.21 forwards no prepared statement."""
    url = env.database(f"postgresql://shop@host/shop?prepare_threshold={value}")

    assert connection_options(url["OPTIONS"])["prepare_threshold"] == threshold


@pytest.mark.parametrize("value", ["-1", "often", "1.5"])
def test_malformed_prepare_threshold_is_refused(value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - env.Settings writes the text
        env.database(f"postgresql://shop@host/shop?prepare_threshold={value}")


def test_write_on_a_standby_counts_as_an_outage_and_closes_the_connection(
    pool: ConnectionPool[Any],
) -> None:
    """After a fail-over the pool would have kept its connections to the former primary."""
    lent = pool.getconn()
    lent.cursor().execute("SET default_transaction_read_only = on")

    with pytest.raises(psycopg.OperationalError, match="standby"):
        lent.cursor().execute("CREATE TABLE none (id integer)")

    assert lent.closed
    pool.putconn(lent)


def test_wait_for_a_row_lock_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        psycopg.connect(_own_address()) as other,
        transaction.atomic(),
        connection.cursor() as mine,
    ):
        other.execute("LOCK TABLE orders_shop")
        mine.execute("SET LOCAL lock_timeout = '200ms'")

        with pytest.raises(OperationalError) as raised:
            mine.execute("SELECT * FROM orders_shop FOR NO KEY UPDATE")

        assert isinstance(raised.value.__cause__, psycopg.errors.LockNotAvailable)
        transaction.set_rollback(True)


def test_migrations_have_limits_of_their_own_and_leave_none_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, str, float]] = []
    monkeypatch.setattr(
        migrate.Command, "handle", lambda *_args, **_options: seen.append(_limits())
    )

    call_command("migrate")

    assert seen == [("15min", "3s", 901)]
    assert _limits() == ("5s", "3s", postgresql.ANSWER_TIMEOUT_SECONDS)


def _limits() -> tuple[str, str, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
        )
        statement, lock = cursor.fetchone()
    return statement, lock, connection.connection.answer_timeout_seconds


def _own_address() -> str:
    database = connection.settings_dict
    parts = urlsplit(f"postgresql://{database['HOST']}:{database['PORT']}")
    user = f"{database['USER']}:{database['PASSWORD']}"
    return f"postgresql://{user}@{parts.netloc}/{database['NAME']}"
