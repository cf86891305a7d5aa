"""A replaced terminal is called until nothing hangs on it, and then retired."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from pytest_django import Settings

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import Terminal
from payments.availability.pause import paused_terminals
from payments.cases.cases import close_case
from payments.invoices.notification import invoice_notified
from payments.models import (
    CancelReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    PaymentPause,
    PeriodStatus,
    Refund,
    RefundStatus,
    TransactionPeriod,
)
from payments.recovery import find_work
from payments.refunds.refund import RefundNotAccepted, request_refund
from payments.refunds.send import send_refund
from payments.terminals import (
    MIN_USE,
    obligations_of,
    retire,
    retire_free_terminals,
    set_password,
)
from tests.factories import InvoiceFactory
from tests.payments.reconciliation.steps import advance_one_day, advance_time, reconcile_day
from tests.payments.refunds.steps import requested_refund
from tests.payments.steps import (
    added_terminal,
    issued_invoice,
    paid_invoice,
    pause_for_refused_password,
    reference,
    refresh,
    reloaded,
)
from tests.payments.terminal_steps import (
    BY_OPERATOR,
    PASSWORD,
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


# --- What hangs on a terminal --------------------------------------------------------------------


def test_obligations_count_what_hangs_on_a_terminal_and_nothing_of_another(
    sandbox: SandboxProcess, old: Terminal, clerk: User
) -> None:
    paid = paid_invoice(sandbox, old)
    issued_invoice(old)
    requested_refund(paid, "5.00", clerk)
    other = paid_invoice(sandbox, added_terminal(sandbox))
    requested_refund(other, "5.00", clerk)
    Invoice.objects.filter(pk=ended_invoice_of(old).pk).update(
        late_query_pending_since=database_now()
    )
    TransactionPeriod.objects.create(day=database_now().date(), terminal=old)

    obligations = obligations_of(old)

    assert (obligations.shops, obligations.open_invoices) == (3, 2)
    assert (obligations.recent_payments, obligations.unfinished_refunds) == (1, 1)
    assert (obligations.unfinished_periods, obligations.open_cases) == (2, 0)
    assert not obligations.is_in_settings


def ended_invoice_of(terminal: Terminal) -> Invoice:
    """Return an ended invoice of a terminal's own shop."""
    return InvoiceFactory.create(canceled=True, order__shop__terminal=terminal)


@pytest.mark.parametrize(
    "status", [S.CREATED, S.SENDING, S.ISSUED, S.RESERVED, S.NEEDS_ATTENTION, S.CANCEL_PENDING]
)
def test_terminal_with_an_open_invoice_is_not_retired(old: Terminal, status: InvoiceStatus) -> None:
    ended_invoice(old, status)

    retire_free_terminals()

    assert not is_retired(old)


def test_terminal_with_an_awaited_answer_is_not_retired(old: Terminal) -> None:
    ended_invoice(old, late_query_pending_since=database_now())

    retire_free_terminals()

    assert not is_retired(old)


def test_terminal_is_retired_once_its_refunds_time_is_over_and_its_report_has_arrived(
    sandbox: SandboxProcess, old: Terminal, settings: Settings
) -> None:
    settings.TERMINAL_REFUND_DAYS = 2
    paid = paid_invoice(sandbox, old)
    replaced_at(sandbox, paid.order.shop)
    reconcile_day(sandbox)
    steps = []
    for _ in range(3):
        retire_free_terminals()
        steps.append(is_retired(old))
        advance_one_day()

    assert steps == [False, False, True]
    assert events_of(old)[-1] == "terminal_retired"


def test_terminal_waits_for_the_report_of_its_last_payment(
    sandbox: SandboxProcess, old: Terminal, settings: Settings
) -> None:
    """SEQR could not close its period that day: the payment would never be compared."""
    settings.TERMINAL_REFUND_DAYS = 1
    paid = paid_invoice(sandbox, old)
    replaced_at(sandbox, paid.order.shop)
    TransactionPeriod.objects.create(
        day=database_now().date(), terminal=old, status=PeriodStatus.VOID
    )
    advance_time(timedelta(days=2))
    retire_free_terminals()
    before = is_retired(old), obligations_of(old)

    reconcile_day(sandbox)
    retire_free_terminals()

    assert (before[0], before[1].recent_payments, before[1].unfinished_periods) == (False, 0, 1)
    assert [
        row.invoice
        for row in TransactionPeriod.objects.get(
            status=PeriodStatus.RECONCILED, terminal=old
        ).rows.all()
    ] == [paid]
    assert is_retired(old)


def test_period_closed_seconds_after_a_payment_may_lack_it(old: Terminal) -> None:
    """SEQR may record the payment a minute later than the shop."""
    long_ago = database_now() - timedelta(days=400)
    ended_invoice(old, S.PAID, paid_at=long_ago, acknowledged_at=long_ago)
    period = TransactionPeriod.objects.create(
        day=long_ago.date(),
        terminal=old,
        status=PeriodStatus.RECONCILED,
        transaction_period_id="P1",
        marking_started_at=long_ago + timedelta(seconds=30),
        marking_ended_at=long_ago + timedelta(seconds=31),
        fetched_at=long_ago + timedelta(seconds=40),
    )
    retire_free_terminals()
    before = is_retired(old)

    TransactionPeriod.objects.filter(pk=period.pk).update(
        marking_started_at=long_ago + timedelta(seconds=61),
        marking_ended_at=long_ago + timedelta(seconds=62),
    )
    retire_free_terminals()

    assert (before, is_retired(old)) == (False, True)


@pytest.mark.parametrize("status", [PeriodStatus.TO_MARK, PeriodStatus.LOST, PeriodStatus.MARKED])
def test_terminal_with_an_unfinished_period_is_not_retired(
    old: Terminal, status: PeriodStatus
) -> None:
    ended_invoice(old)
    now = database_now()
    fields: dict[str, Any] = {}
    if status != PeriodStatus.TO_MARK:
        fields |= {"marking_started_at": now, "marking_ended_at": now}
    if status == PeriodStatus.MARKED:
        fields["transaction_period_id"] = "P1"
    TransactionPeriod.objects.create(day=now.date(), terminal=old, status=status, **fields)

    retire_free_terminals()

    assert not is_retired(old)


def test_terminal_with_an_open_case_of_a_payment_is_not_retired(old: Terminal) -> None:
    """Its advice may be to check the payment with SEQR, or to refund it."""
    invoice = ended_invoice(old)
    case = MoneyCase.objects.create(
        kind=CaseKind.POSSIBLY_REVERSED, key="1", invoice=invoice, summary="possibly reversed"
    )
    retire_free_terminals()
    before = is_retired(old)

    close_case(case.pk, BY_OPERATOR, "served")
    retire_free_terminals()

    assert (before, is_retired(old)) == (False, True)


def test_terminal_that_the_settings_name_is_not_retired(old: Terminal, settings: Settings) -> None:
    """They override its row, and its password would still be used."""
    ended_invoice(old)
    settings.SEQR_TERMINAL_ID = old.principal_id
    retire_free_terminals()
    before = is_retired(old), retire(old.pk, BY_OPERATOR)

    settings.SEQR_TERMINAL_ID = ""
    Terminal.objects.filter(pk=old.pk).update(is_from_settings=True)  # as it was named last
    retire_free_terminals()

    assert (before, is_retired(old)) == ((False, False), True)


def test_new_terminal_without_a_shop_is_not_retired(old: Terminal) -> None:
    """It has been added, and is about to be put in use."""
    retire_free_terminals()

    assert not is_retired(old)


# --- A retired terminal --------------------------------------------------------------------------


def test_refund_is_refused_for_a_retired_terminal_and_nothing_changes(
    old: Terminal, clerk: User
) -> None:
    paid = ended_invoice(old, S.PAID)
    Terminal.objects.filter(pk=old.pk).update(retired_at=database_now(), password_ciphertext="")

    with pytest.raises(RefundNotAccepted, match="retired"):
        request_refund(paid.pk, paid.amount, "cold coffee", by_staff(clerk), "nonce")

    assert Refund.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_refund_requested_while_its_terminal_is_retired_is_refused(
    old: Terminal, clerk: User
) -> None:
    """Otherwise it waits for a terminal that has no password any more."""
    paid = ended_invoice(old, S.PAID)
    retiring = threading.Event()

    def retire_slowly() -> None:
        with transaction.atomic():
            terminal = Terminal.objects.select_for_update(no_key=True).get(pk=old.pk)
            retiring.set()
            threading.Event().wait(0.3)
            terminal.retired_at, terminal.password = database_now(), ""
            terminal.save()

    def request() -> None:
        retiring.wait(20)
        with pytest.raises(RefundNotAccepted):
            request_refund(paid.pk, paid.amount, "cold coffee", by_staff(clerk), "nonce")

    actions = iter((retire_slowly, request))
    run_concurrently(2, partial(run_next, actions))

    assert Refund.objects.count() == 0


def test_password_entered_again_lets_a_retired_terminal_refund_before_it_is_retired_again(
    sandbox: SandboxProcess, old: Terminal, clerk: User
) -> None:
    """The hourly task retired it before the refund was requested."""
    paid = paid_invoice(sandbox, old)
    replaced_at(sandbox, paid.order.shop)
    reconcile_day(sandbox)
    Invoice.objects.filter(pk=paid.pk).update(paid_at=F("paid_at") - timedelta(days=400))
    retire_free_terminals()
    assert is_retired(old)

    set_password(old.pk, PASSWORD, by_staff(clerk))
    retire_free_terminals()
    send_refund(requested_refund(reloaded(paid), "5.00", clerk).pk)

    assert Refund.objects.get().status == RefundStatus.REFUNDED
    assert not is_retired(old)
    assert events_of(old)[-2:] == ["terminal_retired", "terminal_reactivated"]
    Terminal.objects.filter(pk=old.pk).update(added_at=F("added_at") - MIN_USE)
    retire_free_terminals()
    assert not is_retired(old)  # no report has the refund yet
    advance_one_day()
    reconcile_day(sandbox)
    retire_free_terminals()
    assert is_retired(old)


def test_empty_password_is_refused(old: Terminal) -> None:
    with pytest.raises(ValueError, match="empty"):
        set_password(old.pk, "", BY_OPERATOR)

    assert (Terminal.objects.get(pk=old.pk).password, events_of(old)) == (PASSWORD, [])


def test_pause_and_its_case_end_when_the_terminal_is_retired(
    sandbox: SandboxProcess, old: Terminal
) -> None:
    """The probe would go on for ever, with no password."""
    pause = pause_for_refused_password()
    assert pause.terminal == old
    Invoice.objects.update(status=S.EXPIRED)
    ended_invoice(old)

    retire_free_terminals()
    PaymentPause.objects.update(next_probe_at=database_now())

    pause.refresh_from_db()
    assert is_retired(old)
    assert pause.ended_at is not None
    assert pause.case.closed_at is not None
    assert (find_work().pauses_to_probe, paused_terminals()) == ([], frozenset())


def test_late_payment_of_a_retired_terminals_invoice_opens_a_case_without_a_call(
    sandbox: SandboxProcess, old: Terminal
) -> None:
    """Staff ended the invoice without SEQR; SEQR returns the payment, which nobody queries."""
    invoice = issued_invoice(old)
    Invoice.objects.filter(pk=invoice.pk).update(
        status=S.EXPIRED, cancel_reason=CancelReason.CASE_CLOSED
    )
    replaced_at(sandbox, invoice.order.shop)
    assert retire(old.pk, BY_OPERATOR)
    sandbox.pay(reference(invoice))

    for _ in range(2):
        invoice_notified(reloaded(invoice).notify_key)
        refresh(invoice)

    case = MoneyCase.objects.get()
    assert (case.kind, case.invoice) == (CaseKind.POSSIBLY_REVERSED, invoice)
    assert sandbox.calls("getPaymentStatus") == []
    assert reloaded(invoice).late_query_pending_since is None
    assert paused_terminals() == frozenset()


def test_corrected_password_is_probed_at_once(sandbox: SandboxProcess, old: Terminal) -> None:
    pause = pause_for_refused_password()

    set_password(old.pk, PASSWORD, BY_OPERATOR)

    assert find_work().pauses_to_probe == [pause.pk]
    assert events_of(old) == ["terminal_password_changed"]
