"""Checks the shop's receipts: gapless numbers, and one for each capture and each refund."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Protocol


class ReceiptRow(Protocol):
    """A receipt, as the shop's model or a row of plain SQL has it."""

    @property
    def seller_id(self) -> int: ...
    @property
    def number(self) -> int | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def invoice_id(self) -> int: ...
    @property
    def refund_id(self) -> int | None: ...
    @property
    def amount(self) -> Decimal: ...


def receipt_violations(
    receipts: Collection[ReceiptRow],
    is_captured: Mapping[int, bool],
    executed_refunds: Collection[int],
) -> Iterator[str]:
    """Describe each violation in a sentence.

    `is_captured` says of each invoice whether SEQR holds its money for the shop now.
    """
    yield from _numbers(receipts)
    yield from _captures(receipts, is_captured)
    credited = Counter(each.refund_id for each in receipts if each.refund_id is not None)
    for refund in {*credited, *executed_refunds}:
        expected = int(refund in executed_refunds)
        if credited[refund] != expected:
            yield f"Refund {refund} has {credited[refund]} credit receipts, not {expected}."


def _numbers(receipts: Iterable[ReceiptRow]) -> Iterator[str]:
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for each in receipts:
        numbers[each.seller_id].append(each.number or 0)
    for seller, of_seller in numbers.items():
        if sorted(of_seller) != list(range(1, len(of_seller) + 1)):
            yield f"The receipts of seller {seller} have the numbers {sorted(of_seller)}."


def _captures(receipts: Iterable[ReceiptRow], is_captured: Mapping[int, bool]) -> Iterator[str]:
    of_kind: defaultdict[int, Counter[str]] = defaultdict(Counter)
    rest: defaultdict[int, Decimal] = defaultdict(Decimal)
    for each in receipts:
        of_kind[each.invoice_id][each.kind] += 1
        rest[each.invoice_id] += each.amount if each.kind == "payment" else -each.amount
    for invoice, captured in is_captured.items():
        kinds = of_kind[invoice]
        if captured and kinds["payment"] - kinds["reversal"] != 1:
            yield (
                f"Invoice {invoice} is paid, with {kinds['payment']} receipts,"
                f" {kinds['reversal']} of them reversed."
            )
        if not captured and rest[invoice] > 0:
            yield f"Invoice {invoice} is not paid, and {rest[invoice]} of its receipts is left."
