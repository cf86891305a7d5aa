"""A terminal is replaced: the new one sells, and each invoice keeps its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditEvent, SourceName, SubjectType, Terminal
from payments import tasks
from payments.availability.pause import paused_terminals
from payments.invoices import send
from payments.invoices.cancel import cancel_invoice
from payments.invoices.send import send_invoice
from payments.models import (
    CancelReason,
    Invoice,
    InvoiceStatus,
    Refund,
    RefundStatus,
)
from payments.recovery import find_work
from payments.refunds.send import send_refund
from payments.seqr import SentInvoice, SeqrConfigurationError
from payments.terminals import (
    TerminalIsRetired,
    TerminalOfAnotherSeller,
    obligations_of,
    put_in_use,
    retire,
)
from tests.factories import SellerFactory, ShopFactory, TerminalFactory
from tests.payments.refunds.steps import requested_refund
from tests.payments.steps import (
    added_terminal,
    age_invoice,
    expire_lease,
    issued_invoice,
    new_invoice,
    querying_terminals,
    reference,
    refresh,
    reloaded,
)
from tests.payments.terminal_steps import (
    BY_OPERATOR,
    ended_invoice,
    events_of,
    is_retired,
    replaced_at,
    run_next,
)
from tests.races import run_concurrently
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_terminal_in_settings")]


# --- Everything by the invoice's own terminal ----------------------------------------------------


def test_invoice_is_polled_paid_refunded_and_reported_by_the_terminal_that_issued_it(
    sandbox: SandboxProcess, old: Terminal, clerk: User
) -> None:
    paid, canceled = issued_invoice(old), issued_invoice(old)
    new = replaced_at(sandbox, paid.order.shop, canceled.order.shop)
    sold = issued_invoice(new)

    sandbox.pay(reference(paid))
    refresh(paid)
    tasks.submit_receipts([paid.pk])
    send_refund(requested_refund(reloaded(paid), "5.00", clerk).pk)
    cancel_invoice(canceled.pk, CancelReason.CUSTOMER, ChangeSource(SourceName.CUSTOMER))

    by_old = {old.principal_id}
    assert querying_terminals(sandbox, "sendInvoice") == [*by_old, *by_old, new.principal_id]
    assert set(querying_terminals(sandbox, "getPaymentStatus")) == by_old
    assert querying_terminals(sandbox, "cancelInvoice") == [*by_old]
    assert querying_terminals(sandbox, "submitPaymentReceipt") == [*by_old]
    assert [reloaded(each).terminal for each in (paid, canceled, sold)] == [old, old, new]
    refund = Refund.objects.get()
    assert (reloaded(paid).status, refund.status) == (S.PAID, RefundStatus.REFUNDED)
    assert reloaded(canceled).status == S.CANCELED


def test_unsent_invoice_of_the_paused_old_terminal_is_found_and_sent_by_the_new_one(
    sandbox: SandboxProcess, old: Terminal
) -> None:
    """A payment would otherwise wait until its terminal, which nobody corrects, is accepted."""
    unsent, deferred = new_invoice(old), new_invoice(old)
    for invoice in (unsent, deferred):
        age_invoice(invoice, 3)
    sandbox.change_terminal_password(old.principal_id, "another one")
    with pytest.raises(SeqrConfigurationError):
        send_invoice(deferred.pk)
    before = find_work().invoices_to_send

    new = replaced_at(sandbox, unsent.order.shop, deferred.order.shop)
    after = find_work().invoices_to_send
    for invoice_id in after:
        send_invoice(invoice_id)

    assert (before, sorted(after)) == ([], sorted([unsent.pk, deferred.pk]))
    assert {reloaded(each).terminal for each in (unsent, deferred)} == {new}
    assert {reloaded(each).status for each in (unsent, deferred)} == {S.ISSUED}
    refused, *accepted = querying_terminals(sandbox, "sendInvoice")
    assert (refused, set(accepted)) == (old.principal_id, {new.principal_id})
    assert paused_terminals() == {old.pk}


def test_shop_moved_during_a_call_keeps_the_reference_with_the_terminal_that_issued_it(
    sandbox: SandboxProcess, old: Terminal
) -> None:
    """The first call outlasts its lease; a second one sends the invoice by the new terminal."""
    invoice = new_invoice(old)
    new = added_terminal(sandbox)
    second_call: list[int] = []

    def move_and_send_again(_reference: str) -> None:
        if not second_call:
            second_call.append(invoice.pk)
            put_in_use(invoice.order.shop_id, new, BY_OPERATOR)
            expire_lease(invoice)
            send_invoice(invoice.pk)

    with pytest.MonkeyPatch.context() as patch:
        after_answer(patch, move_and_send_again)
        send_invoice(invoice.pk)

    by_new, by_old = sorted(
        sandbox.invoices(),
        key=lambda each: each["invoice_reference"] != reloaded(invoice).invoice_reference,
    )
    assert reloaded(invoice).terminal == new
    assert (by_new["status"], by_old["status"]) == ("ISSUED", "CANCELED")
    assert querying_terminals(sandbox, "cancelInvoice") == [old.principal_id]


def test_late_reference_of_a_terminal_retired_meanwhile_is_not_shown(
    sandbox: SandboxProcess, old: Terminal
) -> None:
    """Nobody could query it, and a payment of it would go back."""
    invoice = new_invoice(old)
    new = added_terminal(sandbox)

    def move_lease_and_retire(_reference: str) -> None:
        put_in_use(invoice.order.shop_id, new, BY_OPERATOR)
        Invoice.objects.filter(pk=invoice.pk).update(terminal=new)  # by another call's lease
        assert retire(old.pk, BY_OPERATOR)

    with pytest.MonkeyPatch.context() as patch:
        after_answer(patch, move_lease_and_retire)
        send_invoice(invoice.pk)

    stored = reloaded(invoice)
    assert (stored.status, stored.invoice_reference, stored.terminal) == (S.SENDING, None, new)
    assert paused_terminals() == frozenset()
    expire_lease(invoice)
    send_invoice(invoice.pk)
    assert (reloaded(invoice).status, reloaded(invoice).terminal) == (S.ISSUED, new)


def after_answer(patch: pytest.MonkeyPatch, hook: Callable[[str], None]) -> None:
    """Call the hook with each reference that SEQR answers, before it is stored."""
    original = send._store

    def hooked(leased: Invoice, sent: SentInvoice) -> Invoice | None:
        hook(sent.invoice_reference)
        return original(leased, sent)

    patch.setattr(send, "_store", hooked)


# --- Putting a terminal in use -------------------------------------------------------------------


def test_terminal_put_in_use_is_recorded_once(old: Terminal) -> None:
    shop = ShopFactory.create(terminal=old, name="Kafé Lyktan")
    new = TerminalFactory.create(principal_id="web-2", label="Web 2", password="its own")

    changes = [put_in_use(shop.pk, new, BY_OPERATOR) for _ in range(2)]

    shop.refresh_from_db()
    assert (changes, shop.terminal) == ([True, False], new)
    event = AuditEvent.objects.get(subject_type=SubjectType.TERMINAL, subject_id=new.pk)
    assert (event.name, event.detail) == ("terminal_takes_shop", "Kafé Lyktan, from Till 1")


def test_terminal_of_another_seller_is_not_put_in_use(old: Terminal) -> None:
    shop = ShopFactory.create(terminal=old)
    other = TerminalFactory.create(
        principal_id="web-2", seller=SellerFactory.create(reseller_id="another")
    )

    with pytest.raises(TerminalOfAnotherSeller):
        put_in_use(shop.pk, other, BY_OPERATOR)

    shop.refresh_from_db()
    assert shop.terminal == old


def test_retired_terminal_is_not_put_in_use(old: Terminal) -> None:
    """SEQR would refuse it, and the shop's payments would be paused."""
    shop = ShopFactory.create(terminal=old)
    new = TerminalFactory.create(principal_id="web-2", password="", retired_at=database_now())

    with pytest.raises(TerminalIsRetired):
        put_in_use(shop.pk, new, BY_OPERATOR)

    shop.refresh_from_db()
    assert (shop.terminal, events_of(new)) == (old, [])


def test_two_shops_of_one_terminal_move_one_by_one(sandbox: SandboxProcess, old: Terminal) -> None:
    first, second = new_invoice(old), new_invoice(old)
    new = replaced_at(sandbox, first.order.shop)

    for invoice in (first, second):
        send_invoice(invoice.pk)

    assert [reloaded(each).terminal for each in (first, second)] == [new, old]
    assert obligations_of(old).shops == 1
    assert not retire(old.pk, BY_OPERATOR)


@pytest.mark.django_db(transaction=True)
def test_terminal_is_not_retired_while_it_is_put_in_use_again(old: Terminal) -> None:
    ended_invoice(old)
    shop = ShopFactory.create(terminal=TerminalFactory.create(principal_id="web-2"))
    Terminal.objects.filter(pk=old.pk).update(added_at=F("added_at") - timedelta(days=30))
    started = threading.Event()

    def put_back() -> str:
        with transaction.atomic():
            put_in_use(shop.pk, old, BY_OPERATOR)
            started.set()
            threading.Event().wait(0.3)  # the other one has to wait for this transaction
        return "put"

    def retire_meanwhile() -> str:
        started.wait(20)
        return "retired" if retire(old.pk, BY_OPERATOR) else "in use"

    actions = iter((put_back, retire_meanwhile))
    results = run_concurrently(2, partial(run_next, actions))

    assert sorted(results) == ["in use", "put"]
    assert not is_retired(old)


@pytest.mark.django_db(transaction=True)
def test_locked_terminal_delays_no_payment_of_its_shops(
    sandbox: SandboxProcess, old: Terminal
) -> None:
    """Somebody saves the terminal's page, and the transaction stays open."""
    unsent, issued = new_invoice(old), issued_invoice(old)
    sandbox.pay(reference(issued))
    locked, done = threading.Event(), threading.Event()

    def hold_lock() -> None:
        try:
            with transaction.atomic():
                Terminal.objects.select_for_update(no_key=True).get(pk=old.pk)
                locked.set()
                done.wait(60)
        finally:
            connection.close()

    holder = threading.Thread(target=hold_lock)
    holder.start()
    try:
        assert locked.wait(20)
        send_invoice(unsent.pk)
        refresh(issued)
        later = issued_invoice(old)
    finally:
        done.set()
        holder.join()

    assert [reloaded(each).status for each in (unsent, issued, later)] == [
        S.ISSUED,
        S.PAID,
        S.ISSUED,
    ]
