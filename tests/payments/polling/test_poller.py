"""The conversation with SEQR: nobody waits for anybody, and no answer that matters is lost."""

from collections import Counter
from collections.abc import Iterator

from payments.invoices.status_query import StatusQuery
from payments.models import InvoiceStatus
from payments.polling.poller import OpenInvoice
from payments.seqr import SeqrAuthenticationError, SeqrOutcomeUnknown, SeqrUnavailable
from tests.payments.polling.shard import MOST_UNDER_WAY, Outcome, Shard, StandIn, status

S = InvoiceStatus


def open_invoice(
    key: int, *, from_state: InvoiceStatus = S.ISSUED, heard_at: float = 1000.0
) -> OpenInvoice:
    return OpenInvoice(StatusQuery(key, f"ref-{key}", 0, from_state), heard_at)


def shard_with(calls: StandIn, *keys: int) -> Shard:
    shard = Shard(calls)
    for key in keys:
        shard.asking.hand_over(open_invoice(key))
    return shard


def ask_for(shard: Shard, seconds: int) -> None:
    for _ in range(seconds):
        shard.asking.step()
        shard.asking.step()
        shard.now += 1


def test_each_invoice_is_asked_about_once_a_second_and_the_unchanged_is_no_news() -> None:
    calls = StandIn(lambda _key: status("ISSUED"))
    shard = shard_with(calls, 1, 2)

    ask_for(shard, 3)

    assert Counter(calls.asked) == {1: 3, 2: 3}
    assert shard.asking.take_news() == []


def test_a_slow_answer_keeps_no_other_invoice_waiting() -> None:
    calls = StandIn(lambda key: None if key == 1 else status("ISSUED"))
    shard = shard_with(calls, 1, 2)

    ask_for(shard, 3)

    assert Counter(calls.asked) == {1: 1, 2: 3}


def test_a_failing_invoice_keeps_no_other_from_being_asked_about() -> None:
    def one_fails(key: int) -> Outcome:
        return SeqrOutcomeUnknown("getPaymentStatus", "none") if key == 1 else status("ISSUED")

    calls = StandIn(one_fails)
    shard = shard_with(calls, 1, 2)

    ask_for(shard, 3)

    assert Counter(calls.asked) == {1: 3, 2: 3}
    assert shard.asking.figures.errors == {"SeqrOutcomeUnknown": 3}


def test_a_payment_is_news_and_is_not_asked_about_until_it_is_written() -> None:
    calls = StandIn(lambda _key: status("PAID", 1, "ERS"))
    shard = shard_with(calls, 1)

    ask_for(shard, 3)

    [news] = shard.asking.take_news()
    assert news.answer.status == S.PAID
    assert calls.asked == [1]


def test_other_news_is_kept_while_asking_goes_on_and_the_latest_answer_counts() -> None:
    answers = iter([status("RESERVED", 1), status("PAID", 2, "ERS")])
    calls = StandIn(lambda _key: next(answers))
    shard = shard_with(calls, 1)

    ask_for(shard, 2)

    [news] = shard.asking.take_news()
    assert (news.answer.status, news.answer.version) == (S.PAID, 2)


def test_the_silence_before_an_answer_counts_until_that_answer_is_written() -> None:
    calls = StandIn(lambda _key: status("CANCELED", 1))
    shard = Shard(calls)
    shard.asking.hand_over(open_invoice(1, heard_at=shard.now - 40))

    ask_for(shard, 3)

    [news] = shard.asking.take_news()
    assert news.unheard_seconds == 40


def test_the_silence_before_an_answer_counts_for_one_that_comes_during_its_writing() -> None:
    calls = StandIn(lambda _key: status("CANCELED", 1))
    shard = Shard(calls)
    shard.asking.hand_over(open_invoice(1, heard_at=shard.now - 40))
    ask_for(shard, 2)
    being_written = shard.asking.take_news()
    ask_for(shard, 2)

    shard.asking.give_back(being_written)  # too many others were to be written before it

    [news] = shard.asking.take_news()
    assert news.unheard_seconds == 40


def test_news_that_could_not_be_written_is_kept_unless_there_is_a_later_answer() -> None:
    answers = {1: status("RESERVED", 1), 2: status("RESERVED", 1)}
    calls = StandIn(lambda key: answers[key])
    shard = shard_with(calls, 1, 2)
    ask_for(shard, 1)
    unwritten = shard.asking.take_news()
    answers[2] = status("FAILED", 2)
    ask_for(shard, 1)
    later = {each.question.invoice_id: each for each in shard.asking.take_news()}
    shard.asking.give_back([later[2]])

    shard.asking.give_back([each for each in unwritten if each.question.invoice_id == 1])

    kept = {each.question.invoice_id: each.answer.status for each in shard.asking.take_news()}
    assert kept == {1: S.RESERVED, 2: S.FAILED}


def test_no_more_calls_are_under_way_than_there_may_be() -> None:
    calls = StandIn(lambda _key: None)
    shard = shard_with(calls, *range(200))

    ask_for(shard, 5)

    assert len(calls) <= MOST_UNDER_WAY


def test_at_the_end_of_an_outage_calls_that_hang_are_given_up_and_made_again() -> None:
    is_over = False

    def answer(key: int) -> Outcome:
        if key == 99:  # its first call hangs for good
            return None if calls.asked.count(99) < 2 else status("ISSUED")
        return status("ISSUED") if is_over else SeqrUnavailable("getPaymentStatus", "busy")

    calls = StandIn(answer)
    shard = shard_with(calls, 99, *range(30))
    ask_for(shard, 2)
    is_over = True

    ask_for(shard, 6)

    assert calls.abandoned == [99]
    assert calls.asked.count(99) > 1
    assert shard.asking.under_way == 0


def test_settings_that_seqr_refuses_are_remembered_for_the_desk() -> None:
    refusal = SeqrAuthenticationError("getPaymentStatus", "no", 20)
    shard = shard_with(StandIn(lambda _key: refusal), 1)

    ask_for(shard, 1)

    assert shard.asking.take_refused() == {1: refusal}


def test_a_refusal_of_our_settings_that_has_passed_meanwhile_is_forgotten() -> None:
    refusal = SeqrAuthenticationError("getPaymentStatus", "no", 20)
    outcomes: Iterator[Outcome] = iter([refusal, status("ISSUED")])
    shard = shard_with(StandIn(lambda _key: next(outcomes)), 1)

    ask_for(shard, 2)

    assert shard.asking.take_refused() == {}


def test_an_answer_about_an_invoice_that_was_closed_meanwhile_is_still_news() -> None:
    answers: dict[int, Outcome] = {1: None}
    calls = StandIn(lambda key: answers[key])
    shard = shard_with(calls, 1)
    ask_for(shard, 1)
    shard.asking.hand_over_closed(1)
    ask_for(shard, 1)

    answers[1] = status("PAID", 1, "ERS")
    ask_for(shard, 2)

    assert [news.answer.status for news in shard.asking.take_news()] == [S.PAID]
    assert len(shard.asking.schedule) == 0


def test_it_tells_how_it_goes() -> None:
    calls = StandIn(lambda _key: status("ISSUED"))
    shard = shard_with(calls, 1, 2)

    ask_for(shard, 3)

    assert shard.asking.word.open == 2
    assert shard.now - shard.asking.word.oldest_heard <= 2
    assert shard.asking.figures.asked == 6
