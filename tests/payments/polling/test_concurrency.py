"""The concurrency limit: grows while SEQR answers quickly, shrinks when it slows down."""

from payments.polling.concurrency import MIN_LIMIT, ConcurrencyLimit


def record_period(
    limit: ConcurrencyLimit, seconds: float, times: int = 100, *, limit_reached: bool = True
) -> None:
    for _ in range(times):
        limit.record_call(seconds)
    if limit_reached:
        limit.record_limit_reached()
    limit.adapt()


def test_limit_grows_to_the_maximum_while_answers_stay_quick() -> None:
    limit = ConcurrencyLimit(800)

    for _ in range(30):
        record_period(limit, 0.050)

    assert limit.limit == 800


def test_limit_stays_when_it_was_not_reached() -> None:
    limit = ConcurrencyLimit(800)
    before = limit.limit

    for _ in range(30):
        record_period(limit, 0.050, limit_reached=False)

    assert limit.limit == before


def test_limit_shrinks_when_answers_slow_down() -> None:
    limit = ConcurrencyLimit(800)
    for _ in range(10):
        record_period(limit, 0.010)
    before = limit.limit

    record_period(limit, 0.200)

    assert limit.limit < before


def test_few_slow_calls_do_not_shrink_the_limit() -> None:
    limit = ConcurrencyLimit(800)
    record_period(limit, 0.010)
    before = limit.limit

    for _ in range(5):
        limit.record_call(5.0)
    record_period(limit, 0.010)

    assert limit.limit >= before


def test_limit_shrinks_to_the_minimum_when_all_calls_are_slow() -> None:
    limit = ConcurrencyLimit(800)

    for _ in range(10):
        record_period(limit, 5.0)

    assert limit.limit == MIN_LIMIT


def test_lasting_slowness_becomes_the_baseline() -> None:
    limit = ConcurrencyLimit(800)
    record_period(limit, 0.010)
    for _ in range(20):
        record_period(limit, 0.300)
    smallest = limit.limit

    for _ in range(200):
        record_period(limit, 0.300)

    assert limit.limit > smallest


def test_limit_stays_within_its_bounds() -> None:
    limit = ConcurrencyLimit(3)

    record_period(limit, 9.0)
    record_period(limit, 0.001)

    assert limit.limit == 3
