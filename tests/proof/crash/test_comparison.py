"""The crash run's comparison reports each difference, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.processes import Uptime
from tests.proof.crash.comparison import Payment, differences
from tests.proof.crash.shop_ledger import (
    Case,
    Invoice,
    Order,
    Pause,
    Receipt,
    Refund,
    ShopLedger,
    StateChange,
)
from tests.proof.crash.uptime import longest_known

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRICE, REFUNDED = Decimal("45.00"), Decimal("20.00")
Ledgers = tuple[list[Payment], ShopLedger]


def equal_ledgers() -> Ledgers:
    """Return one order paid and partly refunded, and one whose payment was reversed."""
    kept = Payment(
        "R1",
        "1001",
        PRICE,
        "SEK",
        "E1",
        NOON,
        NOON + timedelta(seconds=2),
        None,
        (("B1", REFUNDED),),
    )
    reversed_payment = Payment(
        "R2", "1002", PRICE, "SEK", "E2", NOON, None, NOON + timedelta(seconds=20), ()
    )
    paid = Invoice(11, 1, "PAID", PRICE, "SEK", "R1", "E1", NOON, NOON, NOON, NOON, "poller", "T1")
    canceled = Invoice(
        12, 2, "CANCELED", PRICE, "SEK", "R2", None, NOON, NOON, None, None, None, "T2"
    )
    refund = Refund(21, 11, "REFUNDED", REFUNDED, "SEK", "B1")
    changes = [
        StateChange("order", 1, "created", "paid"),
        StateChange("order", 1, "paid", "partly_refunded"),
        StateChange("order", 2, "created", "canceled"),
        StateChange("invoice", 11, "CREATED", "ISSUED"),
        StateChange("invoice", 11, "ISSUED", "PAID"),
        StateChange("invoice", 12, "CREATED", "CANCELED"),
        StateChange("refund", 21, "", "CREATED"),
        StateChange("refund", 21, "CREATED", "REFUNDED"),
    ]
    orders = [Order(1, "one", "partly_refunded", PRICE), Order(2, "two", "canceled", PRICE)]
    case = Case("possibly_reversed", 12, True)
    receipts = [
        Receipt(1, 1, "payment", 11, None, PRICE),
        Receipt(1, 2, "refund", 11, 21, REFUNDED),
    ]
    return [kept, reversed_payment], ShopLedger(
        orders, [paid, canceled], [refund], [case], changes, [], 0, receipts
    )


def differences_of(found: Ledgers) -> list[str]:
    return differences(
        *found,
        shown_orders={"one", "two"},
        shown={"R1": "one", "R2": "two"},
        shown_paid={"one"},
        issuers={"R1": "T1", "R2": "T2"},
        open_at_seqr={"R3"},  # its answer was lost
        refused={"T2"},
    )


def with_invoice(found: Ledgers, position: int, **fields: object) -> Ledgers:
    payments, ledger = found
    invoices = list(ledger.invoices)
    invoices[position] = replace(invoices[position], **fields)  # type: ignore[arg-type]
    return payments, replace(ledger, invoices=invoices)


def with_payment(found: Ledgers, **fields: object) -> Ledgers:
    (kept, reversed_payment), ledger = found
    return [replace(kept, **fields), reversed_payment], ledger  # type: ignore[arg-type]


def with_shop(found: Ledgers, **fields: object) -> Ledgers:
    payments, ledger = found
    return payments, replace(ledger, **fields)  # type: ignore[arg-type]


def with_order(found: Ledgers, **fields: object) -> Ledgers:
    orders = [replace(found[1].orders[0], **fields), found[1].orders[1]]  # type: ignore[arg-type]
    return with_shop(found, orders=orders)


def with_refund(found: Ledgers, **fields: object) -> Ledgers:
    refunds = [replace(found[1].refunds[0], **fields)]  # type: ignore[arg-type]
    return with_shop(found, refunds=refunds)


def with_receipt(found: Ledgers, position: int, **fields: object) -> Ledgers:
    receipts = list(found[1].receipts)
    receipts[position] = replace(receipts[position], **fields)  # type: ignore[arg-type]
    return with_shop(found, receipts=receipts)


def paid_twice(found: Ledgers) -> Ledgers:
    payments, ledger = found
    return [*payments, replace(payments[0], reference="R3", ers_reference="E3")], ledger


def test_equal_ledgers_have_no_difference() -> None:
    assert differences_of(equal_ledgers()) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda b: with_shop(b, cases=[]), "was reversed and has no case"),
        (lambda b: with_receipt(b, 1, number=3), "receipts of seller 1 have the numbers [1, 3]"),
        (lambda b: with_receipt(b, 1, number=1), "receipts of seller 1 have the numbers [1, 1]"),
        (lambda b: with_receipt(b, 1, number=None), "have the numbers [0, 1]"),
        (lambda b: with_shop(b, receipts=[]), "Invoice 11 is paid, with 0 receipts"),
        (lambda b: with_shop(b, receipts=[]), "Refund 21 has 0 credit receipts, not 1"),
        (lambda b: with_receipt(b, 1, refund_id=22), "Refund 22 has 1 credit receipts, not 0"),
        (lambda b: with_receipt(b, 0, invoice_id=12), "Invoice 12 is not paid, and 45.00 of its"),
        (lambda b: with_invoice(b, 1, status="PAID"), "was reversed and is PAID here"),
        (lambda b: with_invoice(b, 0, status="CANCELED"), "is kept by SEQR and CANCELED here"),
        (lambda b: with_invoice(b, 0, reference=None), "of an invoice that the shop does not know"),
        (lambda b: with_invoice(b, 0, reference=None), "None is PAID here and not at SEQR"),
        (lambda b: with_invoice(b, 0, amount=Decimal("45.01")), "is 45.00 SEK there, 45.01 here"),
        (lambda b: with_invoice(b, 0, ers_reference="E9"), "is E1 there, E9 here"),
        (lambda b: with_invoice(b, 0, acknowledged_at=None), "was never acknowledged"),
        (lambda b: with_invoice(b, 1, status="SENDING"), "Invoice 12 is stuck in SENDING"),
        (lambda b: with_payment(b, confirmed_at=None), "was never confirmed"),
        (
            lambda b: with_payment(b, confirmed_at=NOON + timedelta(seconds=21)),
            "was confirmed after 21.0 s",
        ),
        (lambda b: with_payment(b, amount=Decimal("45.01")), "45.01 SEK is paid at SEQR, 45.00"),
        (lambda b: with_payment(b, refunds=()), "20.00 differs at SEQR"),
        (lambda b: with_payment(b, refunds=()), "0 SEK is refunded at SEQR, 20.00 here"),
        (
            lambda b: with_payment(b, refunds=(("B1", REFUNDED), ("B2", REFUNDED))),
            "SEQR's refund B2 of 20.00 for R1 is here 0 times",
        ),
        (
            lambda b: with_payment(b, refunds=(("B1", REFUNDED), ("B2", PRICE))),
            "More than the payment was refunded for R1",
        ),
        (paid_twice, "Order 1001 was paid 2 times"),
        (lambda b: with_order(b, state="awaiting_payment"), "one is stuck in awaiting_payment"),
        (lambda b: with_order(b, state="canceled"), "one is canceled with 1 paid invoices"),
        (lambda b: with_order(b, state="canceled"), "was shown order one as paid; it is not"),
        (lambda b: with_order(b, id="other"), "was shown order one, which does not exist"),
        (lambda b: with_invoice(b, 1, order_pk=1), "was shown R2 for order two, but it belongs"),
        (lambda b: with_refund(b, status="UNKNOWN"), "Refund 21 is stuck in UNKNOWN"),
        (lambda b: with_refund(b, amount=Decimal("20.01")), "of 20.01 differs at SEQR"),
        (
            lambda b: with_shop(b, changes=b[1].changes[1:]),
            "order 1 continues from paid after created",
        ),
        (lambda b: with_shop(b, changes=b[1].changes[:-1]), "refund 21 ends in CREATED; it is"),
        (
            lambda b: with_shop(b, pauses=[Pause("T1", NOON, NOON)]),
            "Payments of T1 were paused, and SEQR had not refused it",
        ),
        (
            lambda b: with_shop(b, pauses=[Pause("T2", NOON, None)]),
            "Payments of T2 are still paused",
        ),
        (lambda b: with_invoice(b, 1, terminal="T1"), "12 is T1's here; T2 issued it"),
        (lambda b: with_invoice(b, 1, reference="R3"), "R3 is still open at SEQR"),
        (lambda b: with_shop(b, misdirected_calls=2), "2 calls were made as another terminal"),
    ],
)
def test_each_difference_is_reported(change: Callable[[Ledgers], Ledgers], sentence: str) -> None:
    assert any(sentence in found for found in differences_of(change(equal_ledgers())))


def uptimes_of(**changes: list[Uptime]) -> dict[str, list[Uptime]]:
    """Return processes that run for ever, except for those given."""
    names = ("poller 1", "poller 2", "beat", "redis", "postgresql")
    given = {name.replace("_", " "): runs for name, runs in changes.items()}
    return {name: [Uptime(0)] for name in names} | given


@pytest.mark.parametrize(
    ("uptimes", "seconds"),
    [
        (uptimes_of(), 20),
        (uptimes_of(postgresql=[Uptime(0, 20), Uptime(90)]), 20),  # it has read the invoice
        (uptimes_of(postgresql=[Uptime(0, 14), Uptime(90)]), 0),
        (uptimes_of(redis=[], beat=[]), 20),  # a poller needs neither
        (uptimes_of(poller_1=[Uptime(0, 45), Uptime(46)]), 20),  # PostgreSQL runs: both know
        (
            uptimes_of(
                poller_1=[Uptime(0, 45), Uptime(46)], postgresql=[Uptime(0, 30), Uptime(90)]
            ),
            5,  # poller 2 may not have had the shard
        ),
        (uptimes_of(poller_1=[Uptime(0, 45)], poller_2=[Uptime(0, 45)]), 5),
    ],
)
def test_time_that_a_poller_certainly_knew_an_invoice_is_found(
    uptimes: dict[str, list[Uptime]], seconds: float
) -> None:
    assert longest_known(uptimes, 0, 40, 60) == pytest.approx(seconds, abs=0.2)
