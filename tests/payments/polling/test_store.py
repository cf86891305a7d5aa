"""The desk: reads what is open, writes what is news, costs nothing for the unchanged."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from orders.clock import database_now
from orders.models import AuditEvent, SubjectType
from payments.availability.pause import payments_are_paused
from payments.invoices.apply_status import apply_status
from payments.invoices.status_query import StatusQuery
from payments.invoices.transitions import lock_invoice
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, MoneyCase, shard_of
from payments.polling import store
from tests.factories import InvoiceFactory
from tests.payments.polling.shard import Shard, Shards, StandIn, away, status, still_issued
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


def test_payments_are_found_and_acknowledged_in_the_next_round(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoices = [issued_invoice() for _ in range(3)]
    for invoice in invoices:
        sandbox.pay(reference(invoice))
    going = shard()

    going.go_round(times=3)

    assert [order_state(invoice) for invoice in invoices] == ["paid"] * 3
    assert all(fresh(invoice).acknowledged_at for invoice in invoices)
    going.go_round()
    assert asked(sandbox, "getPaymentStatus") == 6  # nothing is asked about once it is settled


@pytest.mark.parametrize(
    "open_status",
    [
        S.ISSUED,
        S.PENDING_ISSUER_ACKNOWLEDGE,
        S.RESERVED,
        S.PARTIALLY_PAID,
        S.NEEDS_ATTENTION,
        S.CANCEL_PENDING,
    ],
)
def test_each_open_status_is_asked_about(open_status: InvoiceStatus) -> None:
    invoice = invoice_in(open_status)
    calls = still_issued()

    Shard(calls).go_round()

    assert calls.asked == [invoice.pk]


def test_what_is_routine_is_written_for_many_at_once(
    sandbox: SandboxProcess, shard: Shards, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    invoices = [issued_invoice() for _ in range(20)]
    going = shard()
    going.desk.step()
    going.asking.step()
    going.take_answers()
    going.desk.write_news()

    with django_assert_num_queries(5):  # one for all, in a transaction; two to ask about them anew
        going.desk.finish()

    assert [fresh(invoice).invoice_version for invoice in invoices] == [1] * 20


def test_a_routine_answer_about_an_invoice_that_another_process_is_at_waits_for_its_turn(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice, other = issued_invoice(), issued_invoice()
    going = shard()
    going.desk.step()
    going.asking.step()
    going.take_answers()
    going.desk.write_news()
    released = threading.Event()
    locked = threading.Event()

    def hold_the_row() -> None:
        with transaction.atomic():
            lock_invoice(invoice.pk)
            locked.set()
            released.wait(5)
        connection.close()

    holder = threading.Thread(target=hold_the_row)
    holder.start()
    locked.wait(5)
    threading.Timer(0.2, released.set).start()
    going.desk.finish()
    holder.join()

    assert [fresh(each).invoice_version for each in (invoice, other)] == [1, 1]


def test_what_must_not_be_paid_any_more_is_not_asked_about() -> None:
    invoice_in(S.CANCEL_PENDING, cancel_reason=CancelReason.SUPERSEDED)
    invoice_in(S.CANCELED)
    invoice_in(S.CREATED)
    invoice_in(S.PAID, acknowledged_at=database_now())
    calls = still_issued()

    Shard(calls).go_round()

    assert calls.asked == []


def test_of_another_shards_invoices_none_is_asked_about(settings: Settings) -> None:
    settings.SEQR_POLL_SHARDS = 2
    invoices = [invoice_in(S.ISSUED) for _ in range(4)]
    calls = still_issued()

    Shard(calls).go_round()

    assert calls.asked == [invoice.pk for invoice in invoices if shard_of(invoice.pk) == 0]


def test_the_unchanged_costs_two_queries_a_second(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(5):
        invoice_in(S.ISSUED)
    going = Shard(still_issued())
    going.go_round(times=2)

    with django_assert_num_queries(2):
        going.go_round()


def test_a_new_invoice_is_taken_up_within_a_second_and_a_closed_one_let_go_within_five() -> None:
    first = invoice_in(S.ISSUED)
    calls = still_issued()
    going = Shard(calls)
    going.go_round()

    second = invoice_in(S.ISSUED)
    Invoice.objects.filter(pk=first.pk).update(status=S.CANCELED)
    going.go_round(times=2)
    taken_up = calls.asked.count(second.pk)
    going.go_round(times=3)  # all are read again every five seconds
    asked_before = calls.asked.count(first.pk)
    going.go_round()

    assert taken_up == 2
    assert calls.asked.count(first.pk) == asked_before


def test_what_another_payment_supersedes_is_let_go_within_a_second() -> None:
    invoice = invoice_in(S.ISSUED)
    age(invoice, 60)
    calls = still_issued()
    going = Shard(calls)
    going.go_round()

    Invoice.objects.filter(pk=invoice.pk).update(
        status=S.CANCEL_PENDING, cancel_reason=CancelReason.SUPERSEDED
    )
    going.go_round(times=3)

    assert calls.asked == [invoice.pk]


def test_an_invoice_that_was_dead_before_another_one_was_paid_is_let_go_within_a_second() -> None:
    invoice = invoice_in(S.ISSUED)
    age(invoice, 60)
    calls = still_issued()
    going = Shard(calls)
    going.go_round()

    Invoice.objects.filter(pk=invoice.pk).update(status=S.EXPIRED)
    InvoiceFactory.create(
        order=invoice.order,
        attempt=2,
        status=S.PAID,
        ers_reference="ERS",
        paid_at=database_now(),
        acknowledged_at=database_now(),
    )
    going.go_round(times=3)

    assert calls.asked == [invoice.pk]


def test_after_a_start_the_newest_notification_is_asked_about_first() -> None:
    plain = invoice_in(S.ISSUED)
    older = invoice_in(S.ISSUED, notified_at=database_now() - timedelta(seconds=9))
    newer = invoice_in(S.ISSUED, notified_at=database_now())
    calls = still_issued()

    Shard(calls).go_round()

    assert calls.asked == [newer.pk, older.pk, plain.pk]


def test_an_answer_is_kept_while_the_database_is_away(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    going = shard()

    with monkeypatch.context() as broken:
        broken.setattr(store, "apply_status", away)
        going.go_round()
    before = fresh(invoice).status
    going.go_round(times=2)

    assert before == S.ISSUED
    assert fresh(invoice).status == S.PAID
    assert fresh(invoice).acknowledged_at


def test_a_customer_who_waits_for_our_word_on_a_card_is_handed_over_once() -> None:
    waiting, other = invoice_in(S.ISSUED), invoice_in(S.ISSUED)
    handed_over: list[int] = []
    calls = StandIn(
        lambda key: status("PENDING_ISSUER_ACKNOWLEDGE" if key == waiting.pk else "ISSUED")
    )

    Shard(calls, on_card=handed_over.append).go_round(times=3)

    assert handed_over == [waiting.pk]
    assert fresh(other).status == S.ISSUED


def test_the_call_that_found_a_payment_is_in_the_orders_timeline(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    shard().go_round()

    calls = AuditEvent.objects.filter(
        order=invoice.order, subject_type=SubjectType.CALL, source="poller"
    )
    assert [(call.name, call.result_code) for call in calls] == [("getPaymentStatus", 0)]


def test_it_goes_on_asking_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice_in(S.ISSUED)
    calls = still_issued()
    going = Shard(calls)
    going.go_round()

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", away)
        going.go_round(times=2)

    assert len(calls.asked) == 3


def test_an_answer_that_cannot_be_written_keeps_no_other_from_being_written(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = issued_invoice(), issued_invoice()
    for invoice in (bad, good):
        sandbox.pay(reference(invoice))

    def not_the_bad_one(question: StatusQuery, *args: object, **options: object) -> None:
        if question.invoice_id == bad.pk:
            raise ValueError("a mistake of ours")
        apply_status(question, *args, **options)  # type: ignore[arg-type]

    going = shard()
    with monkeypatch.context() as broken:
        broken.setattr(store, "apply_status", not_the_bad_one)
        going.go_round()
    before = [fresh(bad).status, fresh(good).status]
    going.go_round(times=2)

    assert before == [S.ISSUED, S.PAID]
    assert fresh(bad).status == S.PAID


def test_many_payments_at_once_are_written_in_steps_that_leave_time_for_the_lock(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoices = [issued_invoice() for _ in range(3)]
    for invoice in invoices:
        sandbox.pay(reference(invoice))
    going = shard()
    going.desk.step()
    going.asking.step()
    going.take_answers()
    going.seconds_per_look = 0.6  # each look at the clock takes this long

    going.desk.write_news()
    written = [fresh(invoice).status for invoice in invoices].count(S.PAID)
    for _ in range(3):
        going.desk.write_news()

    assert 0 < written < 3
    assert [fresh(invoice).status for invoice in invoices] == [S.PAID] * 3


def test_two_loops_over_one_shard_do_no_harm(sandbox: SandboxProcess, shard: Shards) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    first, second = shard(), shard()

    for each in (first, second):
        each.desk.step()
        each.asking.step()
        each.take_answers()
    for each in (first, second):
        each.desk.step()

    assert order_state(invoice) == "paid"
    assert story(invoice).count("payment_confirmed") == 1


def test_a_poller_that_seqr_answers_late_still_confirms(
    sandbox: SandboxProcess, seqr_proxy: SeqrProxy, shard: Shards
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    let_go = threading.Event()

    def wait() -> None:
        let_go.wait(5)

    seqr_proxy.before_answer = wait
    going = shard()
    going.go_round(times=2, slow=1)
    before = fresh(invoice).status

    let_go.set()
    going.go_round()

    assert before == S.ISSUED
    assert fresh(invoice).status == S.PAID


def test_settings_that_seqr_refuses_are_told_to_a_person(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    sandbox.fault("getPaymentStatus", "result_code", code=20, count=9)

    shard().go_round(times=8)

    assert fresh(invoice).status == S.ISSUED
    assert [case.kind for case in MoneyCase.objects.all()] == [CaseKind.CONFIGURATION]
    assert payments_are_paused()


def test_a_desk_reads_nothing_twice_within_a_second(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    going = Shard(still_issued())
    going.desk.step()
    going.desk.step()  # leaves word of what the first has read

    with django_assert_num_queries(0):
        going.desk.step()
