"""The schedule: once per interval, notified invoices first, all of them after an outage."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.polling.schedule import (
    MAX_BACKOFF_SECONDS,
    OUTAGE_FAILURE_COUNT,
    Schedule,
)
from payments.seqr import InvoiceStatus as SeqrStatus
from payments.seqr import PaymentStatus
from tests.payments.polling.schedules import START, query, schedule_of, taken


def test_new_invoice_is_due_at_once_and_then_once_per_interval() -> None:
    schedule = schedule_of(1)

    first = taken(schedule, START)
    schedule.record_answer(schedule[1], START + 0.2, schedule[1].queried_at)
    early, in_time = taken(schedule, START + 0.99), taken(schedule, START + 1.0)

    assert (first, early, in_time) == ([1], [], [1])


def test_invoice_in_flight_is_not_queried_again() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    schedule.put(query(1, version=2), START + 5, last_answer_at=START, notified_at=7.0)

    assert taken(schedule, START + 60) == []


def test_answer_slower_than_the_interval_makes_the_next_query_due_at_once() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    schedule.record_answer(schedule[1], START + 4, schedule[1].queried_at)

    [entry] = schedule.take_due(START + 4, 10)
    assert entry.lateness_seconds == 0


def test_longest_due_invoices_come_first_when_more_are_due_than_allowed() -> None:
    schedule = schedule_of(1, 2, 3)

    order = [taken(schedule, START, at_most=1)[0] for _ in range(3)]
    for key in (3, 1, 2):
        schedule.record_answer(schedule[key], START, schedule[key].queried_at)
    again = taken(schedule, START + 1)

    assert sorted(order) == [1, 2, 3]
    assert sorted(again) == [1, 2, 3]


def test_notified_invoices_come_first_the_newest_notification_before_older_ones() -> None:
    schedule = schedule_of(1)
    schedule.put(query(2), START + 9, last_answer_at=START, notified_at=100.0)
    schedule.put(query(3), START + 9, last_answer_at=START, notified_at=200.0)

    assert taken(schedule, START + 9) == [3, 2, 1]


def test_notification_during_a_call_makes_the_invoice_due_at_once() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    schedule.put(query(1), START + 0.1, last_answer_at=START, notified_at=1.0)
    schedule.record_answer(schedule[1], START + 0.2, schedule[1].queried_at)

    assert taken(schedule, START + 0.2) == [1]


def test_removed_invoice_is_forgotten_when_its_call_ends() -> None:
    schedule = schedule_of(1, 2)
    taken(schedule, START, at_most=1)

    schedule.remove(1)
    schedule.remove(2)
    still_known = len(schedule)
    schedule.record_answer(schedule[1], START + 0.1, schedule[1].queried_at)

    assert still_known == 1
    assert len(schedule) == 0
    assert taken(schedule, START + 60) == []


def test_held_invoice_is_queried_again_after_it_is_put() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)
    schedule.hold(1)
    schedule.record_answer(schedule[1], START, schedule[1].queried_at)
    held = taken(schedule, START + 60)

    schedule.put(query(1), START + 60, last_answer_at=START, notified_at=None)

    assert (held, taken(schedule, START + 60)) == ([], [1])


def test_invoice_closed_during_a_call_is_queried_again_after_it_is_put() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)
    schedule.remove(1)

    schedule.put(query(1), START + 0.1, last_answer_at=START, notified_at=None)
    schedule.record_answer(schedule[1], START + 0.2, START)

    assert taken(schedule, START + 1.0) == [1]


def test_single_failure_does_not_change_the_cadence() -> None:
    schedule = schedule_of(1, 2)
    taken(schedule, START)

    schedule.record_answer(schedule[1], START, schedule[1].queried_at)
    schedule.record_failure(2, START)

    assert sorted(taken(schedule, START + 1)) == [1, 2]


def fail_all(schedule: Schedule, now: float) -> list[float]:
    """Let every due query fail at once; return the pauses before the retries."""
    keys = taken(schedule, now)
    for key in keys:
        schedule.record_failure(key, now)
    return [schedule[key].due - now for key in keys]


def test_backoff_of_many_invoices_during_an_outage_grows_to_five_seconds() -> None:
    schedule = schedule_of(*range(1000), share=0.999)
    pauses: list[float] = []

    for second in range(0, 60, 6):
        pauses += fail_all(schedule, START + second)

    assert pauses[0] == 1
    assert pauses[-1] > 4
    assert max(pauses) <= MAX_BACKOFF_SECONDS


def test_retries_of_few_invoices_during_an_outage_come_each_second() -> None:
    # SEQR may be back at any moment, and a hundred queries a second do it no harm.
    schedule = schedule_of(*range(OUTAGE_FAILURE_COUNT), share=0.999)
    pauses: list[float] = []

    for second in range(0, 30, 2):
        pauses += fail_all(schedule, START + second)

    assert max(pauses) <= 1


def test_retry_after_a_time_out_is_due_at_once() -> None:
    schedule = schedule_of(*range(1000), share=0.999)
    for key in taken(schedule, START):
        schedule.record_failure(key, START + 5)

    again = taken(schedule, START + 5)

    assert sorted(again) == list(range(1000))


def test_retries_come_more_often_the_longer_the_silence() -> None:
    schedule = schedule_of(1)
    now, pauses = START, list[float]()
    for _ in range(OUTAGE_FAILURE_COUNT - 1):
        pauses += fail_all(schedule, now)
        now = schedule[1].due + 0.02

    assert now < START + 9.5
    assert pauses == sorted(pauses, reverse=True)


def test_answered_invoices_wait_longer_while_seqr_is_busy() -> None:
    schedule = schedule_of(1, 2)
    taken(schedule, START)
    schedule.record_busy_share(0.5)

    schedule.record_answer(schedule[1], START, START)
    schedule.record_failure(2, START)

    assert (taken(schedule, START + 2), taken(schedule, START + 3)) == ([2], [1])


def test_first_answer_after_an_outage_makes_every_invoice_due_within_a_second() -> None:
    schedule = schedule_of(*range(1000))
    for now in (START, START + 5, START + 10):
        fail_all(schedule, now)
    before = taken(schedule, START + 11)
    schedule.put(query(7), START + 11, last_answer_at=START, notified_at=1.0)
    taken(schedule, START + 11)

    ended = schedule.record_answer(schedule[7], START + 11, START + 11)

    assert ended
    assert before == []
    assert sorted(taken(schedule, START + 12)) == list(range(1000))


def test_unanswered_query_is_repeated_once_the_silence_presses() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    schedule.repeat(1, START + 2)
    early = taken(schedule, START + 2)
    schedule.repeat(1, START + 3)
    repeated = taken(schedule, START + 3)
    schedule.repeat(1, START + 3.1)

    assert (early, repeated, taken(schedule, START + 3.1)) == ([], [1], [])
    assert schedule[1].calls == 2


def test_unanswered_query_of_a_notified_invoice_is_repeated_after_a_second() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)
    schedule.put(query(1), START + 0.5, last_answer_at=START, notified_at=1.0)

    schedule.repeat(1, START + 1)

    assert taken(schedule, START + 1) == [1]


@pytest.mark.parametrize("end", [Schedule.remove, Schedule.hold])
def test_unanswered_query_of_a_closed_or_held_invoice_is_not_repeated(
    end: Callable[[Schedule, int], None],
) -> None:
    schedule = schedule_of(1)
    taken(schedule, START)
    end(schedule, 1)

    schedule.repeat(1, START + 4)

    assert taken(schedule, START + 4) == []


def test_failure_of_one_of_two_calls_counts_the_pause_from_the_later_one() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)
    schedule.repeat(1, START + 4.8)
    taken(schedule, START + 4.8)

    schedule.record_failure(1, START + 5)

    assert taken(schedule, START + 5.2) == []
    assert taken(schedule, START + 5.4) == [1]


def test_closed_invoice_with_two_calls_is_removed_when_the_last_one_fails() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)
    schedule.repeat(1, START + 4)
    taken(schedule, START + 4)
    schedule.remove(1)

    schedule.record_failure(1, START + 5)
    after_first = len(schedule)
    schedule.record_failure(1, START + 9)

    assert (after_first, len(schedule)) == (1, 0)


def test_invoice_closed_during_a_call_that_is_refused_is_removed() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)
    schedule.remove(1)

    schedule.record_refusal(1, START + 1)

    assert len(schedule) == 0


def test_answer_without_an_outage_ends_no_outage() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    assert not schedule.record_answer(schedule[1], START, schedule[1].queried_at)


def test_new_query_forgets_the_unchanged_status() -> None:
    schedule = schedule_of(1)
    entry = schedule[1]
    entry.unchanged_status = PaymentStatus(SeqrStatus.ISSUED, 0, None, None, ())

    schedule.put(query(1, version=1), START, last_answer_at=START, notified_at=None)

    assert (schedule[1].unchanged_status, schedule[1].query.invoice_version) == (None, 1)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["answer", "fail", "drop", "put", "notify", "wait"]),
            st.integers(0, 4),
        ),
        max_size=80,
    )
)
def test_every_open_invoice_is_queried_within_the_longest_back_off(
    steps: list[tuple[str, int]],
) -> None:
    schedule = Schedule(1.0, random_share=lambda: 0.7)
    now, open_now, in_flight, waiting_since = START, set[int](), set[int](), dict[int, float]()
    for what, key in steps:
        if what in ("put", "notify"):
            notified = now if what == "notify" else None
            schedule.put(query(key), now, last_answer_at=now, notified_at=notified)
            open_now.add(key)
            waiting_since.setdefault(key, now)
        elif what == "drop":
            schedule.remove(key)
            open_now.discard(key)
            waiting_since.pop(key, None)
        elif what == "wait":
            now += 1.0
        elif key in in_flight:
            if what == "answer":
                schedule.record_answer(schedule[key], now, schedule[key].queried_at)
            else:
                schedule.record_failure(key, now)
            in_flight.discard(key)
            if key in open_now:
                waiting_since[key] = now
        for entry in (*schedule.take_notified(now, 100), *schedule.take_due(now, 100)):
            in_flight.add(entry.query.invoice_id)
            waiting_since.pop(entry.query.invoice_id, None)
        overdue = [k for k, since in waiting_since.items() if now - since > MAX_BACKOFF_SECONDS]
        assert not [key for key in overdue if key in open_now and key not in in_flight]
