"""Which invoice is due: once an interval, the notified first, all of them after an outage."""

from hypothesis import given
from hypothesis import strategies as st

from payments.invoices.status_query import StatusQuery
from payments.models import InvoiceStatus
from payments.polling.schedule import LONGEST_PAUSE, OUTAGE_AFTER, Schedule
from payments.seqr import InvoiceStatus as SeqrStatus
from payments.seqr import PaymentStatus

START = 1000.0


def question(key: int, version: int = 0) -> StatusQuery:
    return StatusQuery(key, f"ref-{key}", version, InvoiceStatus.ISSUED)


def schedule_of(*keys: int, interval: float = 1.0, share: float = 0.5) -> Schedule:
    schedule = Schedule(interval, random_share=lambda: share)
    for key in keys:
        schedule.put(question(key), START, heard_at=START, notified_at=None)
    return schedule


def taken(schedule: Schedule, now: float, at_most: int = 1000) -> list[int]:
    return [entry.question.invoice_id for entry in schedule.take_due(now, at_most)]


def test_a_new_invoice_is_due_at_once_and_then_once_an_interval() -> None:
    schedule = schedule_of(1)

    first = taken(schedule, START)
    schedule.answered(1, START + 0.2)
    early, in_time = taken(schedule, START + 0.99), taken(schedule, START + 1.0)

    assert (first, early, in_time) == ([1], [], [1])


def test_an_invoice_is_not_asked_about_twice_at_a_time() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    schedule.put(question(1, version=2), START + 5, heard_at=START, notified_at=7.0)

    assert taken(schedule, START + 60) == []


def test_an_answer_that_took_longer_than_the_interval_makes_the_next_question_due_at_once() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    schedule.answered(1, START + 4)

    [entry] = schedule.take_due(START + 4, 10)
    assert entry.late_by == 0


def test_with_more_due_than_may_be_asked_the_longest_due_comes_first() -> None:
    schedule = schedule_of(1, 2, 3)

    order = [taken(schedule, START, at_most=1)[0] for _ in range(3)]
    for key in (3, 1, 2):
        schedule.answered(key, START)
    again = taken(schedule, START + 1)

    assert sorted(order) == [1, 2, 3]
    assert sorted(again) == [1, 2, 3]


def test_of_the_notified_the_newest_notification_comes_first_and_all_before_the_rest() -> None:
    schedule = schedule_of(1)
    schedule.put(question(2), START + 9, heard_at=START, notified_at=100.0)
    schedule.put(question(3), START + 9, heard_at=START, notified_at=200.0)

    assert taken(schedule, START + 9) == [3, 2, 1]


def test_a_notification_during_the_call_has_it_asked_about_again_at_once() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    schedule.put(question(1), START + 0.1, heard_at=START, notified_at=1.0)
    schedule.answered(1, START + 0.2)

    assert taken(schedule, START + 0.2) == [1]


def test_what_is_not_open_any_more_is_forgotten_when_its_call_has_ended() -> None:
    schedule = schedule_of(1, 2)
    taken(schedule, START, at_most=1)

    schedule.drop(1)
    schedule.drop(2)
    still_known = len(schedule)
    schedule.answered(1, START + 0.1)

    assert still_known == 1
    assert len(schedule) == 0
    assert taken(schedule, START + 60) == []


def test_a_held_invoice_is_asked_about_again_once_it_is_put_back() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)
    schedule.hold(1)
    schedule.answered(1, START)
    held = taken(schedule, START + 60)

    schedule.put(question(1), START + 60, heard_at=START, notified_at=None)

    assert (held, taken(schedule, START + 60)) == ([], [1])


def test_a_failure_among_answers_changes_nothing_of_the_cadence() -> None:
    schedule = schedule_of(1, 2)
    taken(schedule, START)

    schedule.answered(1, START)
    schedule.failed(2, START)

    assert sorted(taken(schedule, START + 1)) == [1, 2]


def test_in_an_outage_each_is_asked_ever_less_often_but_at_least_every_five_seconds() -> None:
    schedule = schedule_of(1, share=0.999)
    now, pauses = START, []
    for _ in range(OUTAGE_AFTER + 10):
        assert taken(schedule, now) == [1]
        schedule.failed(1, now)
        pauses.append(schedule[1].due - now)
        now = schedule[1].due

    assert pauses[0] == 1
    assert pauses[-1] > 4
    assert max(pauses) <= LONGEST_PAUSE


def test_one_answer_after_an_outage_makes_everything_due_within_a_second() -> None:
    schedule = schedule_of(*range(100))
    for now in (START, START + 5, START + 10):
        for key in taken(schedule, now):
            schedule.failed(key, now)
    before = taken(schedule, START + 11)
    schedule.put(question(7), START + 11, heard_at=START, notified_at=1.0)
    taken(schedule, START + 11)

    ended = schedule.answered(7, START + 11)

    assert ended
    assert before == []
    assert sorted(taken(schedule, START + 12)) == list(range(100))


def test_an_answer_where_there_was_no_outage_ends_none() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    assert not schedule.answered(1, START)


def test_it_knows_since_when_all_have_been_heard_and_what_has_waited_longest() -> None:
    schedule = Schedule(1.0)
    schedule.put(question(1), START, heard_at=START - 7, notified_at=None)
    schedule.put(question(2), START, heard_at=START - 3, notified_at=None)

    assert schedule.oldest_heard(START) == START - 7
    assert schedule.oldest_due(START + 2) == START


def test_an_answer_tells_how_it_stood_when_it_was_asked_for_not_when_it_came() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    schedule.answered(1, START + 14)

    assert schedule.oldest_heard(START + 14) == START


def test_an_answer_that_changes_something_is_not_counted_as_heard_until_it_is_written() -> None:
    schedule = schedule_of(1)
    schedule[1].heard_at = START - 9
    taken(schedule, START)
    schedule.to_be_written(1, START)
    schedule.answered(1, START)
    before = schedule.oldest_heard(START)

    schedule.written(1)

    assert (before, schedule.oldest_heard(START + 1)) == (START - 9, START)


def test_what_is_new_about_an_invoice_forgets_what_its_last_answer_was() -> None:
    schedule = schedule_of(1)
    entry = schedule[1]
    entry.no_news = PaymentStatus(SeqrStatus.ISSUED, 0, None, None, ())

    schedule.put(question(1, version=1), START, heard_at=START, notified_at=None)

    assert (schedule[1].no_news, schedule[1].question.invoice_version) == (None, 1)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["answer", "fail", "drop", "put", "notify", "wait"]),
            st.integers(0, 4),
        ),
        max_size=80,
    )
)
def test_whatever_happens_each_open_invoice_is_asked_about_within_the_longest_pause(
    steps: list[tuple[str, int]],
) -> None:
    schedule = Schedule(1.0, random_share=lambda: 0.7)
    now, open_now, asked, waiting_since = START, set[int](), set[int](), dict[int, float]()
    for what, key in steps:
        if what in ("put", "notify"):
            notified = now if what == "notify" else None
            schedule.put(question(key), now, heard_at=now, notified_at=notified)
            open_now.add(key)
            waiting_since.setdefault(key, now)
        elif what == "drop":
            schedule.drop(key)
            open_now.discard(key)
            waiting_since.pop(key, None)
        elif what == "wait":
            now += 1.0
        elif key in asked:
            (schedule.answered if what == "answer" else schedule.failed)(key, now)
            asked.discard(key)
            if key in open_now:
                waiting_since[key] = now
        for entry in schedule.take_due(now, 100):
            asked.add(entry.question.invoice_id)
            waiting_since.pop(entry.question.invoice_id, None)
        overdue = [k for k, since in waiting_since.items() if now - since > LONGEST_PAUSE]
        assert not [key for key in overdue if key in open_now and key not in asked]
