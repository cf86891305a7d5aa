"""A refund that SEQR made is never suggested as not returned, in any order of marks."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import SourceName
from payments.invoices.notification import invoice_notified
from payments.models import (
    CaseKind,
    Invoice,
    InvoiceStatus,
    MoneyCase,
    PeriodStatus,
    Refund,
    RefundStatus,
    TransactionPeriod,
)
from payments.reconciliation.reconcile import store_report
from payments.reconciliation.refund_suggestion import suggest_refund_outcome
from payments.seqr import TransactionRow
from tests.factories import InvoiceFactory
from tests.payments.steps import invoice_in, own_terminal

pytestmark = pytest.mark.django_db

SOURCE = ChangeSource(SourceName.RECONCILIATION)
STEPS = st.lists(
    st.sampled_from(
        [
            "made refund",
            "made refund",
            "duplicate accepted",
            "other till's mark",
            "other till's mark",
            "own mark",
            "sale",
            "known refund",
            "refund not made",
            "duplicate reversed",
        ]
    ),
    min_size=2,
    max_size=8,
)
PAUSES = st.lists(st.sampled_from([1, 300, 300, 40_000]), min_size=8, max_size=8)


@dataclass
class Timeline:
    """SEQR's ledger since the last mark, of any till, and the shop's records of it."""

    now: datetime
    clerk: User
    names_payments: bool = False
    """Whether reports name a refund by its payment's reference, and all are of one payment."""
    marks: int = 0
    transactions: list[TransactionRow] = field(default_factory=list)
    made: list[Refund] = field(default_factory=list)
    accepted: list[MoneyCase] = field(default_factory=list)

    def take(self, step: str) -> None:
        """Let one thing happen now."""
        match step:
            case "sale":
                self.sale()
            case "known refund":
                self.refund(RefundStatus.REFUNDED, is_made=True)
            case "made refund":
                self.made.append(self.refund(RefundStatus.UNKNOWN, is_made=True))
            case "refund not made":
                self.refund(RefundStatus.UNKNOWN, is_made=False)
            case "duplicate accepted":
                self.accepted.append(self.duplicate(is_accepted=True))
            case "duplicate reversed":
                self.duplicate(is_accepted=False)
            case "other till's mark":
                self.transactions.clear()
            case "own mark":
                self.own_mark()

    def book(self, amount: str, reference: str) -> None:
        self.transactions.append(TransactionRow("t", None, Decimal(amount), reference))

    def sale(self) -> Any:
        """Pay 45.00 SEK at SEQR and here."""
        reference = f"S{self.now}"
        self.book("45.00", reference)
        return invoice_in(InvoiceStatus.PAID, ers_reference=reference, paid_at=self.now)

    def refund(self, status: RefundStatus, *, is_made: bool) -> Refund:
        """Send a refund of 12.00 SEK of a payment of last week."""
        paid = self.payment_of_last_week()
        known = status == RefundStatus.REFUNDED
        reference = f"R{self.now}"
        if is_made:
            self.book("-12.00", str(paid.ers_reference) if self.names_payments else reference)
        return Refund.objects.create(
            invoice=paid,
            amount=Decimal("12.00"),
            currency="SEK",
            reason="cold",
            requested_by=self.clerk,
            nonce=reference,
            status=status,
            ers_reference=reference if known else None,
            sent_at=self.now,
        )

    def payment_of_last_week(self) -> Invoice:
        """Return a payment of its own for a refund, or the one of which all refunds are."""
        week_ago = self.now - timedelta(days=7)
        reference = "W" if self.names_payments else f"W{self.now}"
        earlier = Invoice.objects.filter(ers_reference=reference).first()
        return earlier or invoice_in(InvoiceStatus.PAID, ers_reference=reference, paid_at=week_ago)

    def duplicate(self, *, is_accepted: bool) -> MoneyCase:
        """Pay a second invoice of an order; a SEQR that accepts the payment books a sale."""
        paid = self.sale()
        second = InvoiceFactory.create(
            order=paid.order,
            attempt=2,
            status=InvoiceStatus.CANCELED,
            invoice_reference=f"{paid.pk}",
        )
        if is_accepted:
            self.book(f"{second.amount}", f"D{self.now}")
        invoice_notified(second.notify_key)
        case = MoneyCase.objects.get(invoice=second, kind=CaseKind.DUPLICATE_PAYMENT)
        MoneyCase.objects.filter(pk=case.pk).update(opened_at=self.now)
        return case

    def show_refunds(self) -> None:
        """Reconcile a report of a sale and of a known refund, so that an absence can count."""
        for step in ("sale", "known refund", "own mark"):
            self.take(step)
            self.now += timedelta(hours=1)

    def own_mark(self) -> None:
        """Close the terminal's period and reconcile its report."""
        self.marks += 1
        period = TransactionPeriod.objects.create(
            day=self.now.date() + timedelta(days=self.marks),
            terminal=own_terminal(),
            status=PeriodStatus.MARKED,
            transaction_period_id=f"P{self.marks}",
            marking_started_at=self.now,
            marking_ended_at=self.now + timedelta(seconds=1),
        )
        store_report(period.pk, tuple(self.transactions), SOURCE)
        self.transactions.clear()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(["made refund", "other till's mark"], [300] * 8, False)
@example(["made refund", "other till's mark", "sale"], [300] * 8, False)
@example(["sale", "made refund", "other till's mark"], [300] * 8, False)
@example(["duplicate accepted", "other till's mark"], [300] * 8, False)
@example(["known refund", "other till's mark", "sale", "made refund"], [300] * 8, True)
@given(STEPS, PAUSES, st.booleans())
def test_made_refund_and_accepted_duplicate_are_never_taken_for_reversed(
    clerk: User, steps: list[str], pauses: list[int], names_payments: bool
) -> None:
    with transaction.atomic():
        timeline = Timeline(database_now() - timedelta(days=30), clerk, names_payments)
        timeline.show_refunds()
        for step, pause in zip([*steps, "own mark"], [*pauses, 1], strict=False):
            timeline.take(step)
            timeline.now += timedelta(seconds=pause)

            suggested = [suggest_refund_outcome(refund).was_refunded for refund in timeline.made]
            assert False not in suggested
            open_cases = MoneyCase.objects.filter(closed_at=None)
            assert {case.pk for case in timeline.accepted} <= set(
                open_cases.values_list("pk", flat=True)
            )
        transaction.set_rollback(True)
