"""Random histories of payments, refunds and reversals, and their receipts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from django.contrib.auth.models import User
from hypothesis import strategies as st

from orders.models import Shop
from payments.balance import captured_amount, refunded_amount
from payments.models import Invoice, Receipt, ReceiptKind, Refund, RefundStatus
from payments.refunds.row_amounts import refund_rows, refundable_lines
from tests.factories import (
    InvoiceDiscountFactory,
    InvoiceFactory,
    OptionFactory,
    OptionRowFactory,
    OrderFactory,
    OrderRowFactory,
    ProductFactory,
    ReceiptFactory,
    ShopFactory,
    TerminalFactory,
    TipRowFactory,
)

D = Decimal
RATES = [D("0.00"), D("6.00"), D("12.00"), D("25.00")]
_numbers = count()


class History:
    """Receipts of three shops and two sellers, drawn one after the other.

    Times are around the nights on which clocks are changed, and the end of a year. A payment's time
    by SEQR's clock is before it is recorded, a little after it, or not known.
    """

    NIGHTS = (
        datetime(2026, 3, 28, 12, tzinfo=UTC),
        datetime(2026, 10, 24, 12, tzinfo=UTC),
        datetime(2026, 12, 31, 12, tzinfo=UTC),
    )

    def __init__(self, data: st.DataObject, clerk: User) -> None:
        self.data = data
        self.clerk = clerk
        self.shops = [self._new_shop(seller) for seller in ("one", "one", "other")]
        self.payments: list[Receipt] = []

    def _new_shop(self, seller: str) -> Shop:
        terminal = TerminalFactory.create(principal_id=seller, seller__reseller_id=seller)
        shop = ShopFactory.create(terminal=terminal)
        for rate in RATES:
            ProductFactory.create(shop=shop, vat_rate=rate, price=D("19.99"))
        return shop

    def go_on(self) -> None:
        """Add one receipt, if what is drawn allows it."""
        step = self.data.draw(st.sampled_from(["pay", "pay", "refund", "reverse"]))
        if step == "pay" or not self.payments:
            self._pay()
        elif step == "refund":
            self._refund(self.data.draw(st.sampled_from(self.payments)))
        else:
            self._reverse(self.data.draw(st.sampled_from(self.payments)))

    def _issued_at(self) -> datetime:
        night = self.data.draw(st.sampled_from(self.NIGHTS))
        return night + timedelta(minutes=self.data.draw(st.integers(0, 24 * 60)))

    def _pay(self) -> None:
        shop = self.data.draw(st.sampled_from(self.shops))
        currency = self.data.draw(st.sampled_from(["SEK", "EUR"]))
        order = OrderFactory.create(shop=shop, state="paid", currency=currency)
        goods, rates = D(0), dict[Decimal, Decimal]()
        products = list(shop.products.all())
        chosen = self.data.draw(st.lists(st.sampled_from(products), min_size=1, max_size=3))
        for product in chosen:
            quantity = self.data.draw(st.integers(1, 3))
            row = OrderRowFactory.create(order=order, product=product, quantity=quantity)
            total = row.total
            if self.data.draw(st.booleans()):
                option = OptionFactory.create(group__shop=shop, price=D("3.33"))
                total += OptionRowFactory.create(parent=row, option=option).total
            goods += total
            rates[product.vat_rate] = rates.get(product.vat_rate, D(0)) + total
        tip = D(self.data.draw(st.sampled_from(["0.00", "5.00", "7.77"])))
        if tip:
            TipRowFactory.create(order=order, unit_price=tip)
        order.total = goods + tip
        order.save()
        off = D(self.data.draw(st.sampled_from(["0.00", "0.00", "1.11"])))
        rate = chosen[0].vat_rate
        amount = order.total - off
        # SEQR may say that another amount was paid: how much of what is not known then.
        paid = amount + D(
            self.data.draw(st.sampled_from(["0.00", "0.00", "0.00", "-1.23", "4.56"]))
        )
        issued_at = self._issued_at()
        delay = self.data.draw(st.none() | st.integers(-500, 90_000))
        paid_at_seqr = None if delay is None else issued_at - timedelta(milliseconds=delay)
        invoice = InvoiceFactory.create(
            order=order,
            paid=True,
            paid_at=issued_at,
            paid_at_seqr=paid_at_seqr,
            amount=amount,
            receipt=False,
            paid_amount=paid,
            paid_currency=currency,
        )
        if off:
            InvoiceDiscountFactory.create(invoice=invoice, amount=-off, vat_rate=rate)
        self.payments.append(
            ReceiptFactory.create(invoice=invoice, amount=paid, issued_at=issued_at)
        )

    def _refund(self, payment: Receipt) -> None:
        invoice = Invoice.objects.select_related("order").get(pk=payment.invoice_id)
        left = self._left_of(invoice)
        rows = []
        amount = min(left, D(self.data.draw(st.integers(1, 6000))) / 100)
        lines = [line for line in refundable_lines(invoice) if line.remaining]
        if self.data.draw(st.booleans()) and lines:
            line = self.data.draw(st.sampled_from(lines))
            units = self.data.draw(st.integers(1, line.remaining))
            if line.amount_of(units) <= left:
                rows = refund_rows(lines, {line.row.pk: units})
                amount = line.amount_of(units)
        if amount <= 0:
            return
        refund = Refund.objects.create(
            invoice=invoice,
            status=RefundStatus.REFUNDED,
            amount=amount,
            currency=invoice.currency,
            reason="cold",
            requested_by=self.clerk,
            ers_reference=f"R{next(_numbers)}",
        )
        for row in rows:
            row.refund = refund
            row.save()
        self._credit(payment, ReceiptKind.REFUND, amount, refund)

    def _reverse(self, payment: Receipt) -> None:
        left = self._left_of(payment.invoice)
        if left > 0:
            self._credit(payment, ReceiptKind.REVERSAL, left, None)

    def _left_of(self, invoice: Invoice) -> Decimal:
        if Receipt.objects.filter(invoice=invoice, kind=ReceiptKind.REVERSAL).exists():
            return D(0)
        return captured_amount(invoice) - refunded_amount(invoice)

    def _credit(
        self, payment: Receipt, kind: ReceiptKind, amount: Decimal, refund: Refund | None
    ) -> None:
        ReceiptFactory.create(
            invoice=payment.invoice,
            kind=kind,
            amount=amount,
            refund=refund,
            credited=payment,
            issued_at=self._issued_at(),
        )
