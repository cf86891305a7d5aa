"""The poller: every open invoice is asked about, whatever else is slow, away or killed."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries, Settings

from orders.clock import database_now
from payments import services
from payments.models import CancelReason, Invoice, InvoiceStatus, PollShard
from payments.paying import paying_is_closed
from payments.seqr import SeqrAuthenticationError, SeqrOutcomeUnknown
from payments.services import poll
from payments.services.polllock import PollLock
from payments.services.refresh import Answer, Question, ask
from payments.services.shards import shard_of
from tests.payments.steps import (
    age,
    asked,
    fresh,
    invoice_in,
    issued_invoice,
    order_state,
    reference,
    story,
)
from tests.sandbox_process import SandboxProcess
from tests.seqr_proxy import SeqrProxy

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)
Pollers = Callable[..., services.ShardPoller]


@pytest.fixture(autouse=True)
def one_shard(settings: Settings) -> None:
    settings.SEQR_POLL_SHARDS = 1


@pytest.fixture
def poller() -> Iterator[Pollers]:
    made: list[services.ShardPoller] = []

    def make(ask_seqr: Callable[[Question], Answer] = ask) -> services.ShardPoller:
        made.append(services.ShardPoller(0, ask_seqr=ask_seqr))
        return made[-1]

    yield make
    for each in made:
        each.close()


def go_round(poller: services.ShardPoller, times: int = 1, *, slow: int = 0) -> None:
    """Go round so many times, waiting for all answers but those of so many slow calls."""
    for _ in range(times):
        poller.start_round()
        take_answers(poller, slow=slow)
        poller.end_round()


def take_answers(poller: services.ShardPoller, *, slow: int = 0) -> None:
    deadline = time.monotonic() + 10
    poller.take_answers(0.01)
    while poller.under_way > slow:
        assert time.monotonic() < deadline, "SEQR was asked and no answer was taken"
        poller.take_answers(0.01)


def still_issued(question: Question) -> Answer:
    return Answer(question.invoice_version, S.ISSUED)


def test_payments_are_found_and_acknowledged_in_the_next_round(
    sandbox: SandboxProcess, poller: Pollers
) -> None:
    invoices = [issued_invoice() for _ in range(3)]
    for invoice in invoices:
        sandbox.pay(reference(invoice))

    go_round(poller(), times=2)

    assert [order_state(invoice) for invoice in invoices] == ["paid"] * 3
    assert all(fresh(invoice).acknowledged_at for invoice in invoices)
    go_round(poller())
    assert asked(sandbox, "getPaymentStatus") == 6  # nothing is asked about once it is settled


@pytest.mark.parametrize(
    "status",
    [
        S.ISSUED,
        S.PENDING_ISSUER_ACKNOWLEDGE,
        S.RESERVED,
        S.PARTIALLY_PAID,
        S.NEEDS_ATTENTION,
        S.CANCEL_PENDING,
    ],
)
def test_each_open_status_is_asked_about(poller: Pollers, status: InvoiceStatus) -> None:
    invoice = invoice_in(status)
    questions: list[Question] = []

    def note(question: Question) -> Answer:
        questions.append(question)
        return Answer(0, status)

    go_round(poller(note))

    assert [question.invoice_id for question in questions] == [invoice.pk]


def test_what_must_not_be_paid_any_more_is_not_asked_about(poller: Pollers) -> None:
    invoice_in(S.CANCEL_PENDING, cancel_reason=CancelReason.SUPERSEDED)
    invoice_in(S.CANCELED)
    invoice_in(S.CREATED)
    invoice_in(S.PAID, acknowledged_at=database_now())
    questions: list[Question] = []

    def note(question: Question) -> Answer:
        questions.append(question)
        return still_issued(question)

    go_round(poller(note))

    assert questions == []


def test_the_unchanged_costs_one_query_a_round(
    poller: Pollers, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        invoice_in(S.ISSUED)
    going = poller(still_issued)
    go_round(going)

    with django_assert_num_queries(1):
        go_round(going)


def test_a_customer_who_waits_for_our_word_on_a_card_is_handed_over_once(
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    waiting, other = invoice_in(S.ISSUED), invoice_in(S.ISSUED)
    handed_over: list[int] = []

    def opens_the_bill(question: Question) -> Answer:
        status = S.PENDING_ISSUER_ACKNOWLEDGE if question.invoice_id == waiting.pk else S.ISSUED
        return Answer(question.invoice_version, status)

    going = services.ShardPoller(0, ask_seqr=opens_the_bill, on_card=handed_over.append)
    go_round(going, times=3)
    eventually(lambda: bool(handed_over))
    going.close()

    assert handed_over == [waiting.pk]
    assert fresh(other).status == S.ISSUED


def test_a_slow_answer_keeps_no_other_invoice_waiting(poller: Pollers) -> None:
    slow, quick = invoice_in(S.ISSUED), invoice_in(S.ISSUED)
    asked_about: list[int] = []
    let_go = threading.Event()

    def some_are_slow(question: Question) -> Answer:
        asked_about.append(question.invoice_id)
        if question.invoice_id == slow.pk:
            let_go.wait(5)
        return still_issued(question)

    going = poller(some_are_slow)
    go_round(going, times=3, slow=1)
    let_go.set()

    assert asked_about.count(slow.pk) == 1
    assert asked_about.count(quick.pk) == 3


def test_one_failing_invoice_keeps_no_other_from_being_asked_about(poller: Pollers) -> None:
    bad, good = invoice_in(S.ISSUED), invoice_in(S.ISSUED)
    asked_about: list[int] = []

    def some_fail(question: Question) -> Answer:
        asked_about.append(question.invoice_id)
        if question.invoice_id == bad.pk:
            raise SeqrOutcomeUnknown("getPaymentStatus", "no answer came")
        return still_issued(question)

    go_round(poller(some_fail), times=2)

    assert asked_about.count(bad.pk) == asked_about.count(good.pk) == 2


def test_a_refusal_of_our_settings_that_has_passed_meanwhile_does_not_close_paying(
    poller: Pollers,
) -> None:
    invoice_in(S.ISSUED)
    answers = iter([SeqrAuthenticationError("getPaymentStatus", "SEQR answered 20", 20)])

    def refuse_once(question: Question) -> Answer:
        for error in answers:
            raise error
        return still_issued(question)

    going = poller(refuse_once)
    for _ in range(2):
        going.start_round()
        take_answers(going)
    going.end_round()

    assert not paying_is_closed()


def test_with_more_invoices_than_calls_allowed_the_longest_unheard_comes_first(
    poller: Pollers, settings: Settings
) -> None:
    settings.SEQR_MAX_IN_FLIGHT = 2
    invoices = [invoice_in(S.ISSUED) for _ in range(6)]
    asked_about: list[int] = []

    def note(question: Question) -> Answer:
        asked_about.append(question.invoice_id)
        return still_issued(question)

    go_round(poller(note), times=3)

    assert sorted(asked_about) == sorted(invoice.pk for invoice in invoices)


def test_an_answer_is_kept_while_the_database_is_away(
    sandbox: SandboxProcess, poller: Pollers, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    going = poller()

    def away(*_args: object, **_options: object) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as broken:
        broken.setattr(poll, "record_answer", away)
        go_round(going)
    before = fresh(invoice).status
    go_round(going, times=2)

    assert before == S.ISSUED
    assert fresh(invoice).status == S.PAID


def test_it_goes_on_asking_while_the_database_is_away(
    poller: Pollers, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice_in(S.ISSUED)
    asked_about: list[int] = []

    def note(question: Question) -> Answer:
        asked_about.append(question.invoice_id)
        return still_issued(question)

    going = poller(note)
    go_round(going)

    def away(_work: object) -> bool:
        return False

    with monkeypatch.context() as broken:
        broken.setattr(going, "_with_database", away)
        go_round(going, times=2)

    assert len(asked_about) == 3


def test_two_pollers_of_one_shard_do_no_harm(sandbox: SandboxProcess, poller: Pollers) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    first, second = poller(), poller()

    first.start_round()
    second.start_round()
    take_answers(first)
    take_answers(second)

    assert order_state(invoice) == "paid"
    assert story(invoice).count("payment_confirmed") == 1


def test_a_payment_reversed_while_no_poller_was_alive_is_suspected_after_the_restart(
    sandbox: SandboxProcess, poller: Pollers
) -> None:
    invoice = issued_invoice()
    age(invoice, 120)
    heard = database_now() - timedelta(seconds=40)
    PollShard.objects.create(number=0, round_started_at=heard, oldest_answer_at=heard)
    sandbox.pay(reference(invoice))
    sandbox.advance(21)

    go_round(poller())

    assert fresh(invoice).possibly_reversed


def test_the_shards_row_tells_when_it_last_went_round(poller: Pollers) -> None:
    invoice = invoice_in(S.ISSUED)
    before = services.shard_is_stale(shard_of(invoice.pk))

    go_round(poller(still_issued))

    assert before
    assert not services.shard_is_stale(0)
    row = PollShard.objects.get()
    assert row.oldest_answer_at >= fresh(invoice).issued_at  # type: ignore[operator]


def test_a_shard_polled_by_one_worker_is_left_alone_by_another(sandbox: SandboxProcess) -> None:
    lock = PollLock(0)
    assert lock.take()

    ran = services.run_shard(0, for_seconds=5)
    lock.give_back()

    assert not ran
    assert asked(sandbox, "getPaymentStatus") == 0


def test_a_shard_is_polled_without_redis(
    sandbox: SandboxProcess, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from payments.services import polllock  # noqa: PLC0415

    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    polllock._redis.cache_clear()
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    ran = services.run_shard(0, for_seconds=0.1)
    polllock._redis.cache_clear()

    assert ran
    assert order_state(invoice) == "paid"


def test_a_poller_through_seqr_answering_late_still_confirms(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy, poller: Pollers
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    let_go = threading.Event()

    def wait() -> None:
        let_go.wait(5)

    seqr_proxy.before_answer = wait
    going = poller()
    go_round(going, times=2, slow=1)
    before = Invoice.objects.get(pk=invoice.pk).status

    let_go.set()
    take_answers(going)

    assert before == S.ISSUED
    assert fresh(invoice).status == S.PAID


def test_a_worker_that_is_told_to_stop_ends_its_loops_and_frees_their_shards(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll, "_stopping", threading.Event())
    services.stop_polling()

    goes_on = services.run_shard(0, for_seconds=60)

    lock = PollLock(0)
    assert not goes_on
    assert lock.take()
    lock.give_back()
