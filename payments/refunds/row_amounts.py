"""The lines of an order that can still be refunded, and their amounts, exact to the öre.

A line is a product with its options, which are refunded together by the unit, or the tip. A
discount lowers the rows of its VAT rate in proportion to their totals, and never the tip. A part of
a row's units costs its share of the row, rounded so that all units together cost exactly what was
paid for them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Sum

from orders.models import OrderRow
from orders.services import lines_of
from payments.invoices.discounts import discounts_of
from payments.models import RESERVING_REFUND_STATUSES, Invoice, InvoiceDiscount, RefundRow

_ORE = Decimal("0.01")


class RowNotRefundable(Exception):
    """More units of a row were chosen than can still be refunded. `row` has what remains."""

    def __init__(self, row: "RefundableRow") -> None:
        super().__init__(f"{row.remaining} of {row.order_row} can be refunded")
        self.row = row


class UnknownRow(Exception):
    """A chosen row is not one of the order's, or an option, which is refunded with its product."""


@dataclass(frozen=True)
class RefundableRow:
    """An order row, what was paid for it, and what refunds have paid back or may pay back.

    Amounts are in major units, VAT included and discounts deducted.
    """

    order_row: OrderRow
    paid_amount: Decimal
    refunded_quantity: int = 0
    refunded_amount: Decimal = Decimal(0)

    @property
    def remaining(self) -> int:
        """The number of units that can still be refunded."""
        return self.order_row.quantity - self.refunded_quantity

    def amount_of(self, quantity: int) -> Decimal:
        """Return what a refund of so many of the remaining units pays back, 0 or more.

        After the last unit, the refunds of the row sum up to what was paid for it. Raises
        RowNotRefundable for more units than remain, or fewer than one.
        """
        if not 1 <= quantity <= self.remaining:
            raise RowNotRefundable(self)
        units = self.refunded_quantity + quantity
        due = share(self.paid_amount, units, self.order_row.quantity)
        return max(due - self.refunded_amount, Decimal(0))


@dataclass(frozen=True)
class RefundableLine:
    """A product's row with the rows of its options, or the tip's row: refunded by the unit."""

    rows: tuple[RefundableRow, ...]

    @property
    def row(self) -> OrderRow:
        """The product's row, or the tip's."""
        return self.rows[0].order_row

    @property
    def options(self) -> tuple[OrderRow, ...]:
        """The rows of the product's options."""
        return tuple(row.order_row for row in self.rows[1:])

    @property
    def remaining(self) -> int:
        """The number of units that can still be refunded."""
        return self.rows[0].remaining

    @property
    def paid_amount(self) -> Decimal:
        """What was paid for the product and its options, in major units."""
        return sum((row.paid_amount for row in self.rows), Decimal(0))

    def amount_of(self, quantity: int) -> Decimal:
        """Return what a refund of so many units pays back: the sum of its rows' amounts.

        Raises RowNotRefundable.
        """
        return sum((row.amount_of(quantity) for row in self.rows), Decimal(0))


def refundable_lines(invoice: Invoice) -> list[RefundableLine]:
    """Return the lines of an invoice's order, with what its refunds reserve of each row.

    Reads stand still under the invoice's lock. `invoice.order` is set.
    """
    lines = lines_of(invoice.order.rows.all())
    order_rows = [row for line in lines for row in line.rows]
    paid = paid_amounts(order_rows, discounts_of(invoice))
    reserved = {
        row["order_row"]: (row["units"], row["sum"])
        for row in RefundRow.objects.filter(
            refund__invoice=invoice, refund__status__in=RESERVING_REFUND_STATUSES
        )
        .values("order_row")
        .annotate(units=Sum("quantity"), sum=Sum("amount"))
        .order_by()
    }
    return [
        RefundableLine(
            tuple(
                RefundableRow(row, paid[row.pk], *reserved.get(row.pk, (0, Decimal(0))))
                for row in line.rows
            )
        )
        for line in lines
    ]


def refund_rows(lines: Iterable[RefundableLine], quantities: Mapping[int, int]) -> list[RefundRow]:
    """Return the unsaved rows of a refund, given the quantity of each chosen line by its row's ID.

    A product's options are refunded with it, in as many units. Raises RowNotRefundable, and
    UnknownRow for an ID that is none of a line.
    """
    of_id = {line.row.pk: line for line in lines}
    if not quantities.keys() <= of_id.keys():
        raise UnknownRow
    return [
        RefundRow(order_row=row.order_row, quantity=quantity, amount=row.amount_of(quantity))
        for pk, quantity in quantities.items()
        for row in of_id[pk].rows
    ]


def paid_amounts(
    rows: Iterable[OrderRow], discounts: Iterable[InvoiceDiscount]
) -> dict[int, Decimal]:
    """Return what was paid for each row, by its ID: its total, less its part of the discounts."""
    paid: dict[int, Decimal] = {}
    of_rate: dict[Decimal, list[OrderRow]] = defaultdict(list)
    for row in rows:
        if row.is_tip:
            paid[row.pk] = row.total
        else:
            of_rate[row.vat_rate].append(row)
    discount_of_rate: dict[Decimal, Decimal] = defaultdict(Decimal)
    for discount in discounts:
        discount_of_rate[discount.vat_rate] += discount.amount
    for rate, rows_of_rate in of_rate.items():
        total = sum((row.total for row in rows_of_rate), Decimal(0))
        total_paid, before = total + discount_of_rate[rate], Decimal(0)
        for row in rows_of_rate:
            after = before + row.total
            paid[row.pk] = share(total_paid, after, total) - share(total_paid, before, total)
            before = after
    return paid


def share(amount: Decimal, part: Decimal | int, whole: Decimal | int) -> Decimal:
    """Return the part of an amount, rounded half up to the öre; 0 of nothing."""
    if not whole:
        return Decimal(0)
    return (amount * part / whole).quantize(_ORE, ROUND_HALF_UP)
