"""Since when every invoice has had an answer: what the health and the heartbeat report."""

from payments.polling.schedule import OldestAnswers, Schedule
from tests.payments.polling.schedules import START, TERMINAL_ID, query, schedule_of, taken


def test_schedule_reports_the_oldest_answer_and_the_oldest_due_time() -> None:
    schedule = Schedule(1.0)
    schedule.put(query(1), START, last_answer_at=START - 7, notified_at=None)
    schedule.put(query(2), START, last_answer_at=START - 3, notified_at=None)

    assert schedule.oldest_answers(START) == OldestAnswers(START - 7, START - 7, {})
    assert schedule.oldest_due(START + 2) == START


def test_answer_counts_from_when_its_query_was_sent() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)

    schedule.record_answer(schedule[1], START + 14, schedule[1].queried_at)

    assert schedule.oldest_answers(START + 14).received == START


def test_unwritten_answer_does_not_count_as_written_but_as_an_answer() -> None:
    schedule = schedule_of(1)
    schedule[1].last_answer_at = START - 9
    taken(schedule, START)
    schedule.mark_unwritten(1, START)
    schedule.record_answer(schedule[1], START, schedule[1].queried_at)
    answered, before = (
        schedule.oldest_answers(START).received,
        schedule.oldest_answers(START).written,
    )

    schedule.mark_written(1)

    assert answered == START
    assert (before, schedule.oldest_answers(START + 1).written) == (START - 9, START)


def test_held_invoice_counts_as_answered() -> None:
    schedule = schedule_of(1)
    taken(schedule, START)
    schedule.hold(1)
    schedule.record_answer(schedule[1], START, schedule[1].queried_at)

    assert schedule.oldest_answers(START + 60).received == START + 60


def test_refused_invoice_hides_no_silence_about_the_others() -> None:
    schedule = schedule_of(1)
    schedule.put(query(2), START, last_answer_at=START - 7, notified_at=None)
    taken(schedule, START)

    schedule.record_refusal(1, START + 1)

    oldest = schedule.oldest_answers(START + 1)
    assert oldest == OldestAnswers(START - 7, START - 7, {TERMINAL_ID: START})
