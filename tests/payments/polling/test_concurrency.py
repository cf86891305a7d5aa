"""The concurrency limit: what the deadline needs, and above it what SEQR answers quickly."""

from payments.polling.concurrency import (
    ADAPT_INTERVAL_SECONDS,
    MIN_LIMIT,
    ConcurrencyLimit,
)


def record_period(
    limit: ConcurrencyLimit,
    seconds: float,
    times: int = 100,
    *,
    open_count: int = 0,
    in_flight: int = 0,
    timeouts: int = 0,
    limit_reached: bool = True,
) -> None:
    """Record a period between two adaptations, in which so many calls finished after `seconds`."""
    limit.record_step(in_flight, ADAPT_INTERVAL_SECONDS)
    if times:
        limit.record_calls([seconds] * times)
    for _ in range(timeouts):
        limit.record_failure(seconds)
    if limit_reached:
        limit.record_limit_reached()
    limit.adapt(open_count)


def test_limit_grows_to_the_maximum_while_answers_stay_quick() -> None:
    limit = ConcurrencyLimit(800)

    for _ in range(30):
        record_period(limit, 0.050)

    assert limit.limit == 800


def test_calls_recorded_in_parts_count_as_those_recorded_at_once() -> None:
    parts, whole = ConcurrencyLimit(800), ConcurrencyLimit(800)

    for _ in range(3):
        parts.record_step(8, 0.25)
        parts.record_calls([0.25, 0.5, 5.0])
    whole.record_step(24, 0.25)
    whole.record_calls([0.25, 0.5, 5.0] * 3)

    assert sums_of(parts) == sums_of(whole)


def sums_of(limit: ConcurrencyLimit) -> dict[str, float]:
    """Return all numbers that the limit has counted since it was last adapted, and before."""
    return {name: value for name, value in vars(limit).items() if isinstance(value, int | float)}


def test_limit_stays_when_it_was_not_reached() -> None:
    limit = ConcurrencyLimit(800)
    before = limit.limit

    for _ in range(30):
        record_period(limit, 0.050, limit_reached=False)

    assert limit.limit == before


def test_limit_shrinks_when_answers_slow_down_and_the_deadline_needs_few_calls() -> None:
    limit = ConcurrencyLimit(800)
    for _ in range(10):
        record_period(limit, 0.010)
    before = limit.limit

    record_period(limit, 0.200, open_count=10, in_flight=80)

    assert limit.limit < before


def test_few_slow_calls_do_not_shrink_the_limit() -> None:
    limit = ConcurrencyLimit(800)
    record_period(limit, 0.010)
    before = limit.limit

    limit.record_calls([5.0] * 5)
    record_period(limit, 0.010)

    assert limit.limit >= before


def test_limit_shrinks_to_the_minimum_when_all_calls_are_slow_and_nothing_is_open() -> None:
    limit = ConcurrencyLimit(800)

    for _ in range(10):
        record_period(limit, 4.0)

    assert limit.limit == MIN_LIMIT


def test_slow_answers_leave_the_limit_at_what_the_deadline_needs() -> None:
    # 400 open invoices, each to be answered every 5 s, are 80 answers a second; at 0.5 s each, that
    # is 40 calls in flight, and 50 with the margin.
    limit = ConcurrencyLimit(800)
    for _ in range(10):
        record_period(limit, 0.001, open_count=400, in_flight=1)

    for _ in range(40):
        in_flight = limit.limit
        finished = round(in_flight / 0.5 * ADAPT_INTERVAL_SECONDS)
        record_period(limit, 0.5, finished, open_count=400, in_flight=in_flight)

    assert 40 <= limit.limit <= 60
    assert 40 <= limit.needed <= 60


def test_calls_that_hang_raise_the_limit_before_the_first_of_them_ends() -> None:
    limit = ConcurrencyLimit(800)
    for _ in range(10):
        record_period(limit, 0.001, open_count=400, in_flight=1, limit_reached=False)

    for _ in range(5):
        record_period(limit, 0.0, 0, open_count=400, in_flight=limit.limit)

    assert limit.limit == 400  # one call for each invoice


def test_insufficient_maximum_is_reported_with_the_number_that_would_do() -> None:
    limit = ConcurrencyLimit(100)

    for _ in range(20):  # 100 in flight, 25 answers a second
        record_period(limit, 4.0, 6, open_count=1000, in_flight=100)

    assert limit.limit == 100
    assert limit.lasting_need == 1000


def test_limit_falls_to_what_seqr_can_answer_when_most_calls_time_out() -> None:
    # SEQR answers 50 a second. 800 in flight wait 16 s each, and are given up after 5.
    limit = ConcurrencyLimit(800)
    for _ in range(20):
        record_period(limit, 4.9, 12, open_count=1000, in_flight=800)

    record_period(limit, 5.0, 600, open_count=1000, in_flight=800, timeouts=600)

    assert limit.is_overloaded
    assert 50 <= limit.limit <= 150


def test_outage_leaves_the_limit_at_a_call_for_each_invoice() -> None:
    limit = ConcurrencyLimit(800)

    for _ in range(40):
        record_period(limit, 5.0, 10, open_count=400, in_flight=400, timeouts=10)

    assert limit.limit == 400
    assert limit.lasting_need == 0
    assert not limit.is_overloaded


def test_limit_rises_slowly_after_an_overload_and_quickly_once_answers_are_quick() -> None:
    limit = ConcurrencyLimit(800)
    for _ in range(20):
        record_period(limit, 4.9, 12, open_count=1000, in_flight=800)
    record_period(limit, 5.0, 600, open_count=1000, in_flight=800, timeouts=600)
    during = limit.limit

    for _ in range(20):
        record_period(limit, 3.0, 12, open_count=1000, in_flight=limit.limit)
    while_slow = limit.limit
    for _ in range(30):
        record_period(limit, 0.01, open_count=1000, in_flight=10)

    assert during <= while_slow < during * 1.2
    assert limit.limit == 800
    assert not limit.is_overloaded


def test_half_of_the_calls_timing_out_does_not_lower_the_limit_while_others_are_quick() -> None:
    limit = ConcurrencyLimit(800)

    for _ in range(40):
        limit.record_calls([0.01] * 10)
        record_period(limit, 5.0, 15, open_count=1000, in_flight=400, timeouts=15)

    assert not limit.is_overloaded


def test_lost_calls_lower_no_limit_while_the_others_are_answered_in_time() -> None:
    limit = ConcurrencyLimit(800)

    for _ in range(40):  # 7 of 10 calls are lost
        limit.record_calls([1.2] * 3)
        record_period(limit, 5.0, 7, open_count=50, in_flight=50, timeouts=7)

    assert not limit.is_overloaded
    assert limit.limit > 50  # several calls about an invoice


def test_limit_is_restored_if_as_many_calls_time_out_with_fewer_in_flight() -> None:
    limit = ConcurrencyLimit(800)
    for _ in range(20):  # answers after 4.9 s look as if they queued
        limit.record_calls([4.9] * 3)
        record_period(limit, 5.0, 7, open_count=50, in_flight=50, timeouts=7)
    was_overloaded = limit.is_overloaded

    for _ in range(400):
        limit.record_calls([4.9])
        record_period(limit, 5.0, 3, open_count=50, in_flight=10, timeouts=3)

    assert was_overloaded
    assert not limit.is_overloaded


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

    record_period(limit, 9.0, open_count=1000, in_flight=3)
    record_period(limit, 0.001, open_count=1000, in_flight=3)

    assert limit.limit == 3


def test_slowest_answer_is_forgotten_within_minutes() -> None:
    limit = ConcurrencyLimit(800)
    limit.record_slow_answer(12.0)

    record_period(limit, 0.010)
    after_a_quarter_second = limit.slowest_answer_seconds
    for _ in range(int(180 / ADAPT_INTERVAL_SECONDS)):
        record_period(limit, 0.010)

    assert 11 < after_a_quarter_second < 12
    assert limit.slowest_answer_seconds < 0.5
