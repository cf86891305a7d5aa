"""The poller: no invoice delays another one, and no result is lost."""

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from payments.invoices.status_query import StatusQuery
from payments.models import InvoiceStatus
from payments.polling.poller import OpenInvoice, ShardPoller
from payments.seqr import SeqrAuthenticationError, SeqrOutcomeUnknown, SeqrUnavailable
from tests.payments.polling.shard import MAX_IN_FLIGHT, FakeStatusClient, Outcome, Shard, status
from tests.payments.polling.virtual_seqr import START, TERMINAL_ID, Profile, VirtualSeqr

S = InvoiceStatus


def open_invoice(
    key: int, *, from_state: InvoiceStatus = S.ISSUED, last_answer_at: float = 1000.0
) -> OpenInvoice:
    return OpenInvoice(
        StatusQuery(key, TERMINAL_ID, f"ref-{key}", 0, from_state, key), last_answer_at
    )


def shard_with(calls: FakeStatusClient, *keys: int) -> Shard:
    shard = Shard(calls)
    for key in keys:
        shard.poller.submit(open_invoice(key))
    return shard


def poll_for(shard: Shard, seconds: int) -> None:
    for _ in range(seconds):
        shard.poller.step()
        shard.poller.step()
        shard.now += 1


def test_each_invoice_is_queried_once_a_second_and_unchanged_results_make_no_update() -> None:
    calls = FakeStatusClient(lambda _key: status("ISSUED"))
    shard = shard_with(calls, 1, 2)

    poll_for(shard, 3)

    assert Counter(calls.queried) == {1: 3, 2: 3}
    assert shard.poller.drain_updates() == []


def test_delay_of_each_due_query_is_counted() -> None:
    shard = shard_with(FakeStatusClient(lambda _key: status("ISSUED")), 1, 2)
    poll_for(shard, 1)
    shard.now += 2

    shard.poller.step()

    lateness = shard.poller.stats.lateness
    assert sum(lateness.counts) == 4
    assert lateness.highest == pytest.approx(2)


def test_invoice_submitted_after_one_was_closed_is_queried_in_the_same_step() -> None:
    calls = FakeStatusClient(lambda _key: status("ISSUED"))
    shard = shard_with(calls, 1)
    shard.poller.submit_closed(1)
    shard.poller.submit(open_invoice(2))

    shard.poller.step()

    assert calls.queried == [2]


def test_slow_answer_delays_no_other_invoice() -> None:
    calls = FakeStatusClient(lambda key: None if key == 1 else status("ISSUED"))
    shard = shard_with(calls, 1, 2)

    poll_for(shard, 3)

    assert Counter(calls.queried) == {1: 1, 2: 3}


def test_failing_invoice_delays_no_other_invoice_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def one_fails(key: int) -> Outcome:
        return SeqrOutcomeUnknown("getPaymentStatus", "none") if key == 1 else status("ISSUED")

    calls = FakeStatusClient(one_fails)
    shard = shard_with(calls, 1, 2)

    poll_for(shard, 3)

    assert Counter(calls.queried) == {1: 3, 2: 3}
    assert shard.poller.stats.errors == {"SeqrOutcomeUnknown": 3}
    assert [message.partition(":")[0] for message in caplog.messages] == ["invoice 1"]


def test_paid_invoice_is_not_queried_until_the_payment_is_written() -> None:
    calls = FakeStatusClient(lambda _key: status("PAID", 1, "ERS"))
    shard = shard_with(calls, 1)

    poll_for(shard, 3)

    [update] = shard.poller.drain_updates()
    assert update.result.status == S.PAID
    assert calls.queried == [1]


def test_latest_result_replaces_an_unwritten_one() -> None:
    answers = iter([status("RESERVED", 1), status("PAID", 2, "ERS")])
    calls = FakeStatusClient(lambda _key: next(answers))
    shard = shard_with(calls, 1)

    poll_for(shard, 2)

    [update] = shard.poller.drain_updates()
    assert (update.result.status, update.result.version) == (S.PAID, 2)


def test_silence_before_an_answer_counts_until_the_answer_is_written() -> None:
    calls = FakeStatusClient(lambda _key: status("CANCELED", 1))
    shard = Shard(calls)
    shard.poller.submit(open_invoice(1, last_answer_at=shard.now - 40))

    poll_for(shard, 3)

    [update] = shard.poller.drain_updates()
    assert update.silence_seconds == 40


def test_silence_before_an_answer_counts_for_an_answer_that_arrives_during_the_write() -> None:
    calls = FakeStatusClient(lambda _key: status("CANCELED", 1))
    shard = Shard(calls)
    shard.poller.submit(open_invoice(1, last_answer_at=shard.now - 40))
    poll_for(shard, 2)
    being_written = shard.poller.drain_updates()
    poll_for(shard, 2)

    shard.poller.requeue(being_written)  # the write step was over before it

    [update] = shard.poller.drain_updates()
    assert update.silence_seconds == 40


def test_requeued_update_is_kept_unless_a_later_one_has_arrived() -> None:
    answers = {1: status("RESERVED", 1), 2: status("RESERVED", 1)}
    calls = FakeStatusClient(lambda key: answers[key])
    shard = shard_with(calls, 1, 2)
    poll_for(shard, 1)
    unwritten = shard.poller.drain_updates()
    answers[2] = status("FAILED", 2)
    poll_for(shard, 1)
    later = {each.query.invoice_id: each for each in shard.poller.drain_updates()}
    shard.poller.requeue([later[2]])

    shard.poller.requeue([each for each in unwritten if each.query.invoice_id == 1])

    kept = {each.query.invoice_id: each.result.status for each in shard.poller.drain_updates()}
    assert kept == {1: S.RESERVED, 2: S.FAILED}


def test_answer_repeated_after_the_query_was_replaced_is_compared_with_the_new_query() -> None:
    issued = status("ISSUED")
    answers: dict[int, Outcome] = {1: None}
    calls = FakeStatusClient(lambda key: answers[key])
    shard = shard_with(calls, 1)
    shard.poller.step()
    shard.poller.submit(open_invoice(1, from_state=S.PAID))
    answers[1] = issued
    poll_for(shard, 1)
    earlier = shard.poller.drain_updates()

    poll_for(shard, 2)

    assert earlier == []
    [update] = shard.poller.drain_updates()
    assert (update.query.status, update.result.status) == (S.PAID, S.ISSUED)


def test_calls_in_flight_never_exceed_the_maximum() -> None:
    calls = FakeStatusClient(lambda _key: None)
    shard = shard_with(calls, *range(200))

    poll_for(shard, 5)

    assert len(calls) <= MAX_IN_FLIGHT


def test_hanging_calls_are_abandoned_and_repeated_at_the_end_of_an_outage() -> None:
    is_over = False

    def result(key: int) -> Outcome:
        if key == 99:  # its first call hangs for good
            return None if calls.queried.count(99) < 2 else status("ISSUED")
        return status("ISSUED") if is_over else SeqrUnavailable("getPaymentStatus", "busy")

    calls = FakeStatusClient(result)
    shard = shard_with(calls, 99, *range(30))
    poll_for(shard, 2)
    is_over = True

    poll_for(shard, 6)

    assert calls.abandoned == [99]
    assert calls.queried.count(99) > 1
    assert shard.poller.in_flight == 0


def test_stopping_poller_sends_no_query_at_the_end_of_an_outage() -> None:
    is_over = False

    def result(key: int) -> Outcome:
        if key == 99:
            return None
        return status("ISSUED") if is_over else SeqrUnavailable("getPaymentStatus", "busy")

    calls = FakeStatusClient(result)
    shard = shard_with(calls, 99, *range(30))
    poll_for(shard, 2)
    shard.poller.step()
    sent = len(calls.queried)
    is_over = True

    shard.poller.stop()
    poll_for(shard, 2)

    assert len(calls.queried) == sent
    assert len(calls) == 1  # the answers of the others were collected


def test_stopping_poller_repeats_no_query_that_hangs() -> None:
    calls = FakeStatusClient(lambda _key: None)
    shard = shard_with(calls, 1)
    poll_for(shard, 1)

    shard.poller.stop()
    poll_for(shard, 6)

    assert calls.queried == [1]


@pytest.mark.parametrize("second_at", [5.61, 5.612, 5.614, 5.616, 5.618])
def test_result_collected_while_others_are_sent_is_credited_to_no_later_query(
    second_at: float,
) -> None:
    """The end of an outage: its first answer has the stuck calls replaced, while others end."""
    first, twice, *stuck = range(100, 120)

    def profile_of(key: int) -> Profile:
        def profile(now: float, _: Random) -> tuple[float, bool]:
            is_out = 1.9 < now < 5.6
            if key in (first, twice) and is_out:
                ends_at = 5.605 if key == first else 5.606 if now < 3 else second_at
                return ends_at - now, False
            return (99.0, False) if key in stuck and is_out else (0.001, is_out)

        return profile

    seqr = VirtualSeqr(profile_of(0), max_in_flight=MAX_IN_FLIGHT, seconds_per_send=0.001)
    seqr.profile_of = profile_of
    poller = ShardPoller(0, seqr, interval=1.0, max_in_flight=MAX_IN_FLIGHT, clock=lambda: seqr.now)
    keys = [first, twice, *stuck, *range(25)]
    for key in keys:
        poller.submit(open_invoice(key, last_answer_at=START))

    while seqr.now < START + 8:
        seqr.now += poller.step()
        counted = {key: calls for key in keys if (calls := poller.schedule[key].calls)}
        assert counted == seqr.uncollected


def test_configuration_errors_are_kept_for_the_store() -> None:
    refusal = SeqrAuthenticationError("getPaymentStatus", "no", 20)
    shard = shard_with(FakeStatusClient(lambda _key: refusal), 1)

    poll_for(shard, 1)

    assert shard.poller.drain_configuration_errors() == {1: refusal}


def test_configuration_error_is_cleared_by_a_later_answer() -> None:
    refusal = SeqrAuthenticationError("getPaymentStatus", "no", 20)
    outcomes: Iterator[Outcome] = iter([refusal, status("ISSUED")])
    shard = shard_with(FakeStatusClient(lambda _key: next(outcomes)), 1)

    poll_for(shard, 2)

    assert shard.poller.drain_configuration_errors() == {}


def test_answer_about_an_invoice_closed_during_the_call_makes_an_update() -> None:
    answers: dict[int, Outcome] = {1: None}
    calls = FakeStatusClient(lambda key: answers[key])
    shard = shard_with(calls, 1)
    poll_for(shard, 1)
    shard.poller.submit_closed(1)
    poll_for(shard, 1)

    answers[1] = status("PAID", 1, "ERS")
    poll_for(shard, 2)

    assert [update.result.status for update in shard.poller.drain_updates()] == [S.PAID]
    assert len(shard.poller.schedule) == 0


def steps_until(shard: Shard, until: float) -> None:
    while shard.now < until:
        shard.poller.step()
        shard.now += 0.02


def test_hanging_calls_are_replaced_as_soon_as_another_one_is_answered() -> None:
    is_over = False
    calls = FakeStatusClient(lambda key: status("ISSUED") if is_over and key == 0 else None)
    shard = shard_with(calls, *range(5))
    steps_until(shard, START + 2.7)
    abandoned_before = list(calls.abandoned)
    is_over = True

    steps_until(shard, START + 2.9)

    assert abandoned_before == []
    assert {1, 2, 3, 4} <= set(calls.abandoned)


def test_answered_invoices_are_queried_less_often_while_seqr_is_too_busy_for_others() -> None:
    def busy_for_half(key: int) -> Outcome:
        return SeqrUnavailable("getPaymentStatus", "busy") if key < 5 else status("ISSUED")

    calls = FakeStatusClient(busy_for_half)
    steps_until(shard_with(calls, *range(10)), START + 5.9)

    assert {calls.queried.count(key) for key in range(5)} == {9}
    assert {calls.queried.count(key) for key in range(5, 10)} == {3}


def test_busy_answer_among_many_others_makes_no_answered_invoice_wait_longer() -> None:
    """It is collected apart from the others."""

    def busy_for_one_and_later(key: int) -> Outcome:
        if key > 0:
            return status("ISSUED")
        return SeqrUnavailable("getPaymentStatus", "busy") if shard.now % 1 > 0.1 else None

    calls = FakeStatusClient(busy_for_one_and_later)
    shard = shard_with(calls, *range(20))
    steps_until(shard, START + 5.9)

    assert {calls.queried.count(key) for key in range(1, 20)} == {6}


def test_heartbeat_counts_the_submissions_that_the_poller_has_accepted() -> None:
    shard = shard_with(FakeStatusClient(lambda _key: status("ISSUED")), 1, 2)
    shard.poller.submit_closed(2)
    before = shard.poller.heartbeat.accepted_count

    poll_for(shard, 2)

    assert before == 0
    assert shard.poller.heartbeat.accepted_count == shard.poller.submitted_count == 3


def test_heartbeat_reports_open_invoices_oldest_answer_and_queries() -> None:
    calls = FakeStatusClient(lambda _key: status("ISSUED"))
    shard = shard_with(calls, 1, 2)

    poll_for(shard, 3)

    assert shard.poller.heartbeat.open == 2
    assert shard.now - shard.poller.heartbeat.oldest_answer <= 2
    assert shard.poller.stats.queries == 6
