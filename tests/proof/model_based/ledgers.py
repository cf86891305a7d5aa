"""Both sides' books at a moment: what we hold, and what SEQR holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orders.models import Order
from payments.models import Invoice, MoneyCase, PaymentPause, Refund, RefundStatus

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import World

OPEN_AT_SEQR = ("ISSUED", "PENDING_ISSUER_ACKNOWLEDGE")


@dataclass(frozen=True)
class Books:
    """Our rows, and SEQR's invoices by their references."""

    orders: list[Order]
    invoices: list[Invoice]
    refunds: list[Refund]
    cases: list[MoneyCase]
    stops: list[PaymentPause]
    at_seqr: dict[str, dict[str, Any]]

    def of_order(self, order: Order) -> list[Invoice]:
        """Return the order's invoices, the oldest first."""
        return [each for each in self.invoices if each.order_id == order.pk]

    def kinds_of(self, invoice: Invoice) -> set[str]:
        """Return the kinds of the cases that an invoice has or had."""
        return {case.kind for case in self.cases if case.invoice_id == invoice.pk}

    def seqrs(self, invoice: Invoice) -> dict[str, Any] | None:
        """Return what SEQR holds of an invoice, None for one without a reference."""
        return self.at_seqr.get(invoice.invoice_reference or "")

    def refunds_of(self, invoice: Invoice, *statuses: RefundStatus) -> Decimal:
        """Return the sum of an invoice's refunds of these statuses."""
        return total(
            each.amount
            for each in self.refunds
            if each.invoice_id == invoice.pk and each.status in statuses
        )

    def facts(self) -> list[Any]:
        """Return all that may not change by itself, to be compared."""
        return [
            [(each.pk, each.state) for each in self.orders],
            [
                (
                    each.pk,
                    each.status,
                    each.invoice_reference,
                    each.invoice_version,
                    each.cancel_reason,
                    each.ers_reference,
                    each.paid_amount,
                    each.acknowledged_at is None,
                    each.receipt_accepted_at is None,
                    each.possibly_reversed,
                )
                for each in self.invoices
            ],
            [(each.pk, each.status, each.amount, each.ers_reference) for each in self.refunds],
            [(each.pk, each.closed_at is None) for each in self.cases],
            [(each.pk, each.ended_at is None) for each in self.stops],
            [
                (reference, each["status"], each["version"], len(each["refunds"]))
                for reference, each in self.at_seqr.items()
            ],
        ]


def read_books(world: World) -> Books:
    """Return both sides' books as they are now."""
    return Books(
        orders=list(Order.objects.order_by("pk")),
        invoices=list(Invoice.objects.select_related("order").order_by("pk")),
        refunds=list(Refund.objects.order_by("pk")),
        cases=list(MoneyCase.objects.order_by("pk")),
        stops=list(PaymentPause.objects.order_by("pk")),
        at_seqr={each["invoice_reference"]: each for each in world.sandbox.invoices()},
    )


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum, 0.00 of none."""
    return sum(amounts, Decimal("0.00"))


def times_made(at_seqr: Iterable[dict[str, Any]], refund: Refund) -> int:
    """Return how often SEQR has made a refund of ours, whatever it answered."""
    number = f"-R{refund.pk}"
    made = [each for payment in at_seqr for each in payment["refunds"]]
    return sum(each["client_invoice_id"].endswith(number) for each in made)


def refunded_amount(seqrs: dict[str, Any]) -> Decimal:
    """Return the sum of SEQR's refunds of one payment."""
    return total(Decimal(each["amount"]) for each in seqrs["refunds"])
