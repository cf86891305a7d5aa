"""The shop's ledger and SEQR's at one moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from orders.models import Order, Shop, Terminal
from payments.models import (
    Invoice,
    MoneyCase,
    PaymentPause,
    Receipt,
    Refund,
    RefundRow,
    RefundStatus,
)

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import Simulation

OPEN_AT_SEQR = ("ISSUED", "PENDING_ISSUER_ACKNOWLEDGE")


@dataclass(frozen=True)
class Ledgers:
    """The shop's rows, and SEQR's invoices by reference."""

    orders: list[Order]
    invoices: list[Invoice]
    refunds: list[Refund]
    refund_rows: list[RefundRow]
    receipts: list[Receipt]
    cases: list[MoneyCase]
    pauses: list[PaymentPause]
    shops: list[Shop]
    terminals: list[Terminal]
    seqr_invoices: dict[str, dict[str, Any]]

    def invoices_of(self, order: Order) -> list[Invoice]:
        """Return the order's invoices, the oldest first."""
        return [each for each in self.invoices if each.order_id == order.pk]

    def case_kinds(self, invoice: Invoice) -> set[str]:
        """Return the kinds of the cases that an invoice has or had."""
        return {case.kind for case in self.cases if case.invoice_id == invoice.pk}

    def seqr_invoice(self, invoice: Invoice) -> dict[str, Any] | None:
        """Return SEQR's invoice, None for one without a reference."""
        return self.seqr_invoices.get(invoice.invoice_reference or "")

    def refunds_of(self, invoice: Invoice, *statuses: RefundStatus) -> Decimal:
        """Return the sum of an invoice's refunds of these statuses."""
        return total(
            each.amount
            for each in self.refunds
            if each.invoice_id == invoice.pk and each.status in statuses
        )

    def comparable(self) -> list[Any]:
        """Return all values that must not change without a cause, for comparison."""
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
                    each.terminal_id,
                )
                for each in self.invoices
            ],
            [(each.pk, each.status, each.amount, each.ers_reference) for each in self.refunds],
            [(each.refund_id, each.order_row_id, each.quantity) for each in self.refund_rows],
            [(each.pk, each.number) for each in self.receipts],
            [(each.pk, each.closed_at is None) for each in self.cases],
            [(each.pk, each.ended_at is None) for each in self.pauses],
            [(each.pk, each.terminal_id) for each in self.shops],
            [(each.pk, each.retired_at is None) for each in self.terminals],
            [
                (reference, each["status"], each["version"], len(each["refunds"]))
                for reference, each in self.seqr_invoices.items()
            ],
        ]


def read_ledgers(sim: Simulation) -> Ledgers:
    """Return both ledgers as they are now."""
    return Ledgers(
        orders=list(Order.objects.order_by("pk")),
        invoices=list(Invoice.objects.select_related("order__shop", "terminal").order_by("pk")),
        refunds=list(Refund.objects.order_by("pk")),
        refund_rows=list(RefundRow.objects.select_related("order_row").order_by("pk")),
        receipts=list(Receipt.objects.order_by("pk")),
        cases=list(MoneyCase.objects.order_by("pk")),
        pauses=list(PaymentPause.objects.select_related("terminal").order_by("pk")),
        shops=list(Shop.objects.order_by("pk")),
        terminals=list(Terminal.objects.select_related("seller").order_by("pk")),
        seqr_invoices={each["invoice_reference"]: each for each in sim.sandbox.invoices()},
    )


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum; 0.00 where there are no amounts."""
    return sum(amounts, Decimal("0.00"))


def times_refunded(seqr_invoices: Iterable[dict[str, Any]], refund: Refund) -> int:
    """Return how often SEQR has executed a refund, whatever it answered."""
    number = f"-R{refund.pk}"
    made = [each for payment in seqr_invoices for each in payment["refunds"]]
    return sum(each["client_invoice_id"].endswith(number) for each in made)


def refunded_at_seqr(seqr_invoice: dict[str, Any]) -> Decimal:
    """Return the sum of SEQR's refunds of one payment."""
    return total(Decimal(each["amount"]) for each in seqr_invoice["refunds"])
