"""Counts new receipts into the takings, each exactly once.

The number of a seller's last counted receipt is in TakingsCursor. Its row is locked, the receipts
after it are added to the takings, and the number is moved, all in one transaction: a process that
is killed has counted all of them or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from orders.models import Seller
from payments.models import (
    Measure,
    Receipt,
    ReceiptKind,
    TakingsCursor,
    TakingsDay,
    TakingsHour,
    TakingsProduct,
    TakingsVat,
    TimesDay,
)
from payments.receipts.content import STOCKHOLM
from payments.takings.allotment import Allotment
from payments.takings.contents import Contents
from payments.takings.histogram import bucket_of
from payments.takings.sums import Sums

BATCH_SIZE = 500  # receipts in one transaction
_NOTHING = Decimal(0)
_COUNT_OF = {
    ReceiptKind.PAYMENT: "payments",
    ReceiptKind.REFUND: "refunds",
    ReceiptKind.REVERSAL: "reversals",
}


def update_takings(max_batches: int | None = None) -> int:
    """Count the receipts that are committed and not counted yet; return how many.

    With `max_batches`, the rest is left to the next call.
    """
    counted, batches = 0, 0
    for seller_id in sellers_with_new_receipts():
        while max_batches is None or batches < max_batches:
            in_batch = count_batch(seller_id)
            counted, batches = counted + in_batch, batches + 1
            if in_batch < BATCH_SIZE:
                break
    return counted


def sellers_with_new_receipts() -> list[int]:
    """Return the IDs of the sellers with receipts that are not counted yet."""
    of_seller = OuterRef("pk")
    counted = TakingsCursor.objects.filter(seller=of_seller).values("last_number")[:1]
    # Each seller's newest number is the last of an index. Asked whether there is a receipt after
    # the cursor, PostgreSQL may read all receipts, and the cursor for each of them.
    numbers = Receipt.objects.filter(seller=of_seller, number__isnull=False)
    newest = numbers.order_by("-number").values("number")[:1]
    sellers = Seller.objects.alias(newest=Subquery(newest), counted=Coalesce(counted, 0))
    behind = sellers.filter(newest__gt=F("counted")).order_by("pk")
    return list(behind.values_list("pk", flat=True))


@transaction.atomic
def count_batch(seller_id: int) -> int:
    """Count the next receipts of a seller, at most BATCH_SIZE; return how many."""
    TakingsCursor.objects.bulk_create([TakingsCursor(seller_id=seller_id)], ignore_conflicts=True)
    cursor = TakingsCursor.objects.select_for_update(no_key=True).get(seller=seller_id)
    receipts = receipts_after(seller_id, cursor.last_number)
    if not receipts:
        return 0
    takings = Takings()
    takings.count(receipts)
    takings.save()
    cursor.last_number = receipts[-1].number or 0
    cursor.save(update_fields=["last_number"])
    return len(receipts)


def receipts_after(seller_id: int, number: int) -> list[Receipt]:
    """Return the next receipts of a seller after this number, at most BATCH_SIZE."""
    receipts = Receipt.objects.filter(seller=seller_id, number__gt=number).order_by("number")
    return list(_with_what_is_counted(receipts)[:BATCH_SIZE])


def _with_what_is_counted(receipts: QuerySet[Receipt]) -> QuerySet[Receipt]:
    return receipts.select_related("invoice__order").only(
        *("seller", "number", "kind", "amount", "currency", "issued_at", "refund", "credited"),
        *("invoice__shop", "invoice__amount", "invoice__order__total"),
        *("invoice__paid_at", "invoice__paid_at_seqr"),
    )


def _days() -> Sums:
    sums = dict.fromkeys(
        ("payments", "refunds", "reversals", "tips", "tips_refunded", "discounts"), "+"
    )
    numbers = {"first_number": "first", "last_number": "last"}
    return Sums(TakingsDay, ("shop", "day", "currency"), sums | numbers)


def _vat_lines() -> Sums:
    return Sums(TakingsVat, ("takings", "kind", "rate"), dict.fromkeys(("net", "vat"), "+"))


def _hours() -> Sums:
    columns = ("payments", "sales_net", "sales_gross", "refunds_net", "refunds_gross")
    return Sums(TakingsHour, ("shop", "day", "hour", "currency"), dict.fromkeys(columns, "+"))


def _products() -> Sums:
    columns = dict.fromkeys(("units", "net", "gross"), "+")
    return Sums(TakingsProduct, ("shop", "day", "currency", "product"), columns)


def _recorded() -> Sums:
    return Sums(TimesDay, ("shop_id", "day", "measure", "bucket"), {"count": "+"})


@dataclass
class Takings:
    """The sums of some receipts. `vat_lines` has the key of the day in place of its row."""

    days: Sums = field(default_factory=_days)
    vat_lines: Sums = field(default_factory=_vat_lines)
    hours: Sums = field(default_factory=_hours)
    products: Sums = field(default_factory=_products)
    recorded: Sums = field(default_factory=_recorded)

    def count(self, receipts: Sequence[Receipt]) -> None:
        """Add receipts, whose rows are read in a few statements for all of them."""
        contents = Contents(receipts)
        for receipt in receipts:
            self._add(receipt, contents.allotment_of(receipt), contents.discounts_of(receipt))

    def save(self) -> None:
        """Add the sums to the tables, always in the same order."""
        of_key = self.days.save()
        lines = {
            (of_key[day], kind, rate): row for (day, kind, rate), row in self.vat_lines.rows.items()
        }
        Sums(TakingsVat, self.vat_lines.key, self.vat_lines.columns, lines).save()
        self.hours.save()
        self.products.save()
        self.recorded.save()

    def _add(self, receipt: Receipt, allotment: Allotment, discounts: Decimal) -> None:
        local = receipt.issued_at.astimezone(STOCKHOLM)
        day = (receipt.invoice.shop_id, local.date(), receipt.currency)
        is_payment = receipt.kind == ReceiptKind.PAYMENT
        tips = sum((each.gross for each in allotment.shares if each.row.is_tip), _NOTHING)
        self.days.add(
            day,
            first_number=receipt.number,
            last_number=receipt.number,
            discounts=discounts,
            **{_COUNT_OF[ReceiptKind(receipt.kind)]: 1},
            **{"tips" if is_payment else "tips_refunded": tips},
        )
        net = gross = _NOTHING
        for line in allotment.lines:
            tip = _NOTHING if line.rate else tips  # a tip has no VAT
            if line.gross != tip:
                key = (day, receipt.kind, line.rate)
                self.vat_lines.add(key, net=line.net - tip, vat=line.vat)
            net, gross = net + line.net - tip, gross + line.gross - tip
        kind = "sales" if is_payment else "refunds"
        self.hours.add(
            (*day[:2], local.hour, receipt.currency),
            payments=int(is_payment),
            **{f"{kind}_net": net, f"{kind}_gross": gross},
        )
        delay = _delay_of(receipt)
        if delay is not None:
            self.recorded.add((*day[:2], Measure.RECORDED.value, bucket_of(delay)), count=1)
        for each in allotment.shares:
            if each.row.product_id is not None:
                product = (*day, each.row.product_id)
                self.products.add(product, units=each.units, net=each.net, gross=each.gross)


def _delay_of(receipt: Receipt) -> float | None:
    """Return the milliseconds from a payment, by SEQR's clock, to its record here.

    The times of a payment that SEQR reversed are not known once the invoice is paid again.
    """
    paid_at, paid_at_seqr = receipt.invoice.paid_at, receipt.invoice.paid_at_seqr
    if receipt.kind != ReceiptKind.PAYMENT or paid_at is None or paid_at_seqr is None:
        return None
    is_of_later_payment = paid_at > receipt.issued_at
    delay = (receipt.issued_at - paid_at_seqr) / timedelta(milliseconds=1)
    return None if is_of_later_payment else max(delay, 0.0)
