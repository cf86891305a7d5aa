"""The store writes the results of queries: payments first, and each of them once."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from orders.audit import ChangeSource
from orders.models import AuditEvent, SourceName, SubjectType
from payments.availability.pause import payments_are_paused
from payments.invoices.apply_status import apply_status
from payments.invoices.status_query import (
    StatusQuery,
    StatusResult,
    query_status,
    status_query_for,
)
from payments.invoices.transitions import lock_invoice
from payments.models import CaseKind, Invoice, InvoiceStatus, MoneyCase
from payments.polling import writer
from tests.fault_proxy import FaultProxy
from tests.payments.polling.shard import (
    FakeStatusClient,
    Shard,
    Shards,
    away,
    locked,
    status,
    unchanged_seqr,
)
from tests.payments.steps import (
    call_count,
    event_names,
    invoice_in,
    issued_invoice,
    order_state,
    reference,
    reloaded,
)
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
pytestmark = pytest.mark.django_db(transaction=True)


def unwritten_payments(
    sandbox: SandboxProcess, shard: Shards, number: int
) -> tuple[list[Invoice], Shard]:
    """Return paid invoices, and a shard that has collected the answers and written none."""
    invoices = [issued_invoice() for _ in range(number)]
    for invoice in invoices:
        sandbox.pay(reference(invoice))
    running = shard()
    running.store.step()
    running.poller.step()
    running.collect_answers()
    return invoices, running


def test_payments_are_confirmed_and_acknowledged_in_the_next_round(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoices = [issued_invoice() for _ in range(3)]
    for invoice in invoices:
        sandbox.pay(reference(invoice))
    running = shard()

    running.run_rounds(times=3)

    assert [order_state(invoice) for invoice in invoices] == ["paid"] * 3
    assert all(reloaded(invoice).acknowledged_at for invoice in invoices)
    running.run_rounds()
    assert call_count(sandbox, "getPaymentStatus") == 6  # acknowledged payments are not queried


def test_delay_of_each_payment_is_counted(sandbox: SandboxProcess, shard: Shards) -> None:
    (first, _), running = unwritten_payments(sandbox, shard, 2)

    running.run_rounds(times=2)

    delays = running.poller.stats.paid_to_recorded
    assert sum(delays.counts) == 2
    assert 0 < delays.highest < (datetime.now(UTC) - reloaded(first).created_at).total_seconds()


def test_answer_to_a_query_of_before_the_payment_does_not_acknowledge_it(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    """It did not send the payment's version, so SEQR does not know that the shop has it."""
    invoice = issued_invoice()
    query = status_query_for(invoice)
    assert query
    sandbox.pay(reference(invoice))
    running = shard()
    running.store.step()
    running.poller.step()
    apply_status(
        query,
        query_status(query, invoice.terminal),
        ChangeSource(SourceName.NOTIFICATION),
        silence=timedelta(0),
    )
    running.now += 1
    running.store.step()  # reads that the invoice is paid

    running.collect_answers()
    running.now += 1
    running.store.step()
    before = reloaded(invoice).acknowledged_at
    running.run_rounds(times=2)

    assert reloaded(invoice).status == S.PAID
    assert before is None
    assert reloaded(invoice).acknowledged_at


def test_result_is_kept_until_the_database_is_back(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    running = shard()

    with monkeypatch.context() as broken:
        broken.setattr(writer, "apply_payments", away)
        running.run_rounds()
    before = reloaded(invoice).status
    running.run_rounds(times=2)

    assert before == S.ISSUED
    assert reloaded(invoice).status == S.PAID
    assert reloaded(invoice).acknowledged_at


def test_waiting_loyalty_card_is_reported_once() -> None:
    waiting, other = invoice_in(S.ISSUED), invoice_in(S.ISSUED)
    reported: list[int] = []
    calls = FakeStatusClient(
        lambda key: status("PENDING_ISSUER_ACKNOWLEDGE" if key == waiting.pk else "ISSUED")
    )

    Shard(calls, on_loyalty_card=reported.append).run_rounds(times=3)

    assert reported == [waiting.pk]
    assert reloaded(other).status == S.ISSUED


def test_call_that_confirmed_a_payment_is_in_the_orders_audit(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))

    shard().run_rounds()

    calls = AuditEvent.objects.filter(
        order=invoice.order, subject_type=SubjectType.CALL, source="poller"
    )
    assert [(call.name, call.result_code) for call in calls] == [("getPaymentStatus", 0)]


def test_poller_keeps_polling_while_database_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice_in(S.ISSUED)
    calls = unchanged_seqr()
    running = Shard(calls)
    running.run_rounds()

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", away)
        running.run_rounds(times=2)

    assert len(calls.queried) == 3


def test_payment_that_no_batch_takes_is_written_before_other_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("payments.polling.writer.apply_payments", lambda *_: set())
    ended, paid = invoice_in(S.ISSUED), invoice_in(S.ISSUED)
    outcomes = {ended.pk: status("EXPIRED", 1), paid.pk: status("PAID", 1, "ERS")}
    written: list[int] = []

    def note(query: StatusQuery, *arguments: Any, **options: Any) -> bool:
        written.append(query.invoice_id)
        return apply_status(query, *arguments, **options)

    monkeypatch.setattr("payments.polling.writer.apply_status", note)

    Shard(FakeStatusClient(outcomes.get)).run_rounds(times=2)

    assert written[:2] == [paid.pk, ended.pk]
    assert (reloaded(paid).status, reloaded(ended).status) == (S.PAID, S.EXPIRED)


def test_result_that_cannot_be_written_blocks_no_other(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = issued_invoice(), issued_invoice()
    for invoice in (bad, good):
        sandbox.pay(reference(invoice))

    def not_the_bad_one(query: StatusQuery, *args: object, **options: object) -> None:
        if query.invoice_id == bad.pk:
            raise ValueError("a programming error")
        apply_status(query, *args, **options)  # type: ignore[arg-type]

    def no_batch(results: list[tuple[StatusQuery, StatusResult]], *_args: object) -> set[int]:
        assert {query.invoice_id for query, _ in results} == {bad.pk, good.pk}
        raise ValueError("a programming error")

    running = shard()
    with monkeypatch.context() as broken:
        broken.setattr(writer, "apply_payments", no_batch)
        broken.setattr(writer, "apply_status", not_the_bad_one)
        running.run_rounds()
    before = [reloaded(bad).status, reloaded(good).status]
    running.run_rounds(times=2)

    assert before == [S.ISSUED, S.PAID]
    assert reloaded(bad).status == S.PAID


def test_many_payments_are_written_in_steps_so_that_the_lock_can_be_renewed(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PAYMENT_BATCH_SIZE", 1)
    invoices, running = unwritten_payments(sandbox, shard, 3)
    running.seconds_per_clock_read = 0.6  # per read of the clock

    running.store.writer.write_updates()
    written = [reloaded(invoice).status for invoice in invoices].count(S.PAID)
    for _ in range(3):
        running.store.writer.write_updates()

    assert 0 < written < 3
    assert [reloaded(invoice).status for invoice in invoices] == [S.PAID] * 3


def test_result_that_met_a_lock_is_kept_when_the_step_ends_before_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invoices = [invoice_in(S.ISSUED) for _ in range(3)]
    running = Shard(FakeStatusClient(lambda _key: status("EXPIRED", 1)))
    running.store.step()
    running.poller.step()
    running.collect_answers()

    with monkeypatch.context() as contended:
        contended.setattr(writer, "apply_status", locked)
        running.seconds_per_clock_read = 0.6  # a step tries one
        running.store.writer.write_updates()
    running.seconds_per_clock_read = 0
    running.store.writer.write_updates()

    assert [reloaded(invoice).status for invoice in invoices] == [S.EXPIRED] * 3


def test_result_is_kept_when_the_database_goes_away_while_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invoice = invoice_in(S.ISSUED)
    running = Shard(FakeStatusClient(lambda _key: status("EXPIRED", 1)))
    running.store.step()
    running.poller.step()
    running.collect_answers()

    with monkeypatch.context() as broken:
        broken.setattr(writer, "apply_status", away)
        is_available = running.store.writer.write_updates()
    running.store.writer.write_updates()

    assert not is_available
    assert reloaded(invoice).status == S.EXPIRED


def test_flush_writes_what_one_step_leaves(
    sandbox: SandboxProcess, shard: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PAYMENT_BATCH_SIZE", 1)
    monkeypatch.setattr(writer, "WRITE_STEP_SECONDS", 0.015)
    invoices, running = unwritten_payments(sandbox, shard, 3)
    running.seconds_per_clock_read = 0.01  # a step writes one payment

    running.store.flush()

    assert [reloaded(invoice).status for invoice in invoices] == [S.PAID] * 3


def test_two_loops_over_one_shard_confirm_a_payment_once(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    first, second = shard(), shard()

    for each in (first, second):
        each.store.step()
        each.poller.step()
        each.collect_answers()
    for each in (first, second):
        each.store.step()

    assert order_state(invoice) == "paid"
    assert event_names(invoice).count("payment_confirmed") == 1


def test_late_answer_still_confirms_the_payment(
    sandbox: SandboxProcess, seqr_proxy: FaultProxy, shard: Shards
) -> None:
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    let_go = threading.Event()

    def wait() -> None:
        let_go.wait(30)

    seqr_proxy.before_answer = wait
    running = shard()
    running.run_rounds(times=2, slow=1)
    before = reloaded(invoice).status

    let_go.set()
    running.run_rounds()

    assert before == S.ISSUED
    assert reloaded(invoice).status == S.PAID


def test_refused_settings_open_a_case_and_pause_payments(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    invoice = issued_invoice()
    sandbox.fault("getPaymentStatus", "result_code", code=20, count=9)

    shard().run_rounds(times=8)

    assert reloaded(invoice).status == S.ISSUED
    assert [case.kind for case in MoneyCase.objects.all()] == [CaseKind.CONFIGURATION]
    assert payments_are_paused(invoice.terminal_id)


def test_locked_invoice_keeps_no_other_from_being_written(
    sandbox: SandboxProcess, shard: Shards
) -> None:
    """A wait for its lock, and then the failure, would have ended each step for all."""
    stuck, free = issued_invoice(), issued_invoice()
    for invoice in (stuck, free):
        sandbox.act(reference(invoice), "cancel")
    running = shard()
    running.store.step()
    running.poller.step()
    running.collect_answers()
    release, held = threading.Event(), threading.Event()

    def hold_the_row() -> None:
        with transaction.atomic():
            lock_invoice(stuck.pk)
            held.set()
            release.wait(60)
        connection.close()

    holder = threading.Thread(target=hold_the_row)
    holder.start()
    held.wait(30)
    is_available = all(running.store.writer.write_updates() for _ in range(2))
    meanwhile = [reloaded(each).status for each in (stuck, free)]
    release.set()
    holder.join()
    running.store.writer.write_updates()

    assert is_available
    assert meanwhile == [S.ISSUED, S.CANCELED]
    assert reloaded(stuck).status == S.CANCELED
