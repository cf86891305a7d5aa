"""Steps that the tests of closings share: receipts at a given time, and SEQR's report of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from orders.models import Shop, Terminal
from payments.closings.figures import DayFigures
from payments.closings.local_days import bounds_of
from payments.closings.read import read_figures
from payments.models import (
    Invoice,
    PeriodStatus,
    Receipt,
    ReceiptKind,
    Refund,
    RefundStatus,
    TransactionPeriod,
)
from payments.receipts.content import STOCKHOLM
from payments.reconciliation.reconcile import store_report
from payments.seqr import TransactionRow
from tests.factories import (
    InvoiceFactory,
    OrderRowFactory,
    ProductFactory,
    ReceiptFactory,
    TipRowFactory,
)
from tests.payments.reconciliation.steps import BY_RECONCILIATION

DAY = date(2026, 11, 10)
LONG_AGO = datetime(2026, 1, 1, tzinfo=STOCKHOLM)


def at(hour: int, minute: int = 0, *, day: date = DAY) -> datetime:
    """Return a time of a day in Sweden."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=STOCKHOLM)


def sale(shop: Shop, moment: datetime, *, tip: str = "0.00") -> Receipt:
    """Sell a bun for 45.00, and perhaps take a tip; return the receipt of the payment."""
    amount = Decimal("45.00") + Decimal(tip)
    invoice = InvoiceFactory.create(
        paid=True, order__shop=shop, order__total=amount, paid_at=moment, receipt=False
    )
    OrderRowFactory.create(order=invoice.order, product=ProductFactory.create(shop=shop))
    if Decimal(tip):
        TipRowFactory.create(order=invoice.order, unit_price=Decimal(tip))
    receipt: Receipt = ReceiptFactory.create(invoice=invoice, amount=amount, issued_at=moment)
    return receipt


def refund_of(payment: Receipt, amount: str, moment: datetime, person: Any) -> Receipt:
    """Refund an amount of a payment; return the credit receipt."""
    refund = Refund.objects.create(
        invoice=payment.invoice,
        status=RefundStatus.REFUNDED,
        amount=Decimal(amount),
        currency=payment.currency,
        reason="cold",
        requested_by=person,
        ers_reference=f"refund-{payment.number}",
        sent_at=moment,
    )
    receipt: Receipt = ReceiptFactory.create(
        invoice=payment.invoice,
        kind=ReceiptKind.REFUND,
        amount=refund.amount,
        refund=refund,
        credited=payment,
        issued_at=moment,
    )
    return receipt


def reversal_of(payment: Receipt, moment: datetime) -> Receipt:
    """Let SEQR reverse a payment; return the credit receipt."""
    Invoice.objects.filter(pk=payment.invoice_id).update(
        status="CANCELED", cancel_reason="CUSTOMER"
    )
    receipt: Receipt = ReceiptFactory.create(
        invoice=payment.invoice,
        kind=ReceiptKind.REVERSAL,
        amount=payment.amount,
        credited=payment,
        issued_at=moment,
    )
    return receipt


def row_of(receipt: Receipt) -> tuple[str, str]:
    """Return the row of a receipt in SEQR's report: its amount and reference."""
    if receipt.refund is None:
        return str(receipt.amount), receipt.invoice.ers_reference or ""
    return str(-receipt.amount), receipt.refund.ers_reference or ""


def period_marked(
    terminal: Terminal, moment: datetime, *rows: tuple[str, str]
) -> TransactionPeriod:
    """Close a terminal's period at this time, and reconcile a report of rows."""
    period = marked_period(terminal, moment)
    report = [TransactionRow("t", None, Decimal(amount), name) for amount, name in rows]
    store_report(period.pk, report, BY_RECONCILIATION)
    return period


def marked_period(terminal: Terminal, moment: datetime) -> TransactionPeriod:
    """Close a terminal's period at this time; its report is not there yet."""
    return TransactionPeriod.objects.create(
        day=moment.astimezone(STOCKHOLM).date(),
        terminal=terminal,
        status=PeriodStatus.MARKED,
        transaction_period_id=f"{terminal.principal_id} {moment.isoformat()}",
        marking_started_at=moment,
        marking_ended_at=moment + timedelta(seconds=1),
    )


def in_use_since_long(*terminals: Terminal) -> None:
    """Let terminals have been in use before the days of the tests."""
    for terminal in terminals:
        Terminal.objects.filter(pk=terminal.pk).update(added_at=LONG_AGO)


def figures_of(shop: Shop, day: date = DAY, *, now: datetime | None = None) -> DayFigures:
    """Return the figures of a day, by default as they are at noon two days later."""
    moment = now or bounds_of(day)[1] + timedelta(hours=36)
    (figures,) = read_figures({shop: [day]}, moment)
    return figures
