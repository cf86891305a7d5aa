"""The crash run's comparison bites: whatever differs is told, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.processes import Uptime
from tests.proof.crash.comparison import Payment, differences
from tests.proof.crash.shop_ledger import Case, Invoice, Move, Order, OurBooks, Refund
from tests.proof.crash.uptime import longest

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRICE, BACK = Decimal("45.00"), Decimal("20.00")
Books = tuple[list[Payment], OurBooks]


def books() -> Books:
    """One order paid, of which a part went back; one whose payment was reversed."""
    kept = Payment(
        "R1", "1001", PRICE, "SEK", "E1", NOON, NOON + timedelta(seconds=2), None, (("B1", BACK),)
    )
    gone = Payment("R2", "1002", PRICE, "SEK", "E2", NOON, None, NOON + timedelta(seconds=20), ())
    paid = Invoice(11, 1, "PAID", PRICE, "SEK", "R1", "E1", NOON, NOON, NOON, NOON, "poller")
    dead = Invoice(12, 2, "CANCELED", PRICE, "SEK", "R2", None, NOON, NOON, None, None, None)
    refund = Refund(21, 11, "REFUNDED", BACK, "SEK", "B1")
    moves = [
        Move("order", 1, "created", "paid"),
        Move("order", 1, "paid", "partly_refunded"),
        Move("order", 2, "created", "canceled"),
        Move("invoice", 11, "CREATED", "ISSUED"),
        Move("invoice", 11, "ISSUED", "PAID"),
        Move("invoice", 12, "CREATED", "CANCELED"),
        Move("refund", 21, "", "CREATED"),
        Move("refund", 21, "CREATED", "REFUNDED"),
    ]
    orders = [Order(1, "one", "partly_refunded", PRICE), Order(2, "two", "canceled", PRICE)]
    case = Case("possibly_reversed", 12, True)
    return [kept, gone], OurBooks(orders, [paid, dead], [refund], [case], moves, 0)


def told(found: Books) -> list[str]:
    return differences(
        *found, told_orders={"one", "two"}, shown={"R1": "one", "R2": "two"}, told_paid={"one"}
    )


def with_invoice(found: Books, position: int, **fields: object) -> Books:
    payments, ours = found
    invoices = list(ours.invoices)
    invoices[position] = replace(invoices[position], **fields)  # type: ignore[arg-type]
    return payments, replace(ours, invoices=invoices)


def with_payment(found: Books, **fields: object) -> Books:
    (kept, gone), ours = found
    return [replace(kept, **fields), gone], ours  # type: ignore[arg-type]


def with_ours(found: Books, **fields: object) -> Books:
    payments, ours = found
    return payments, replace(ours, **fields)  # type: ignore[arg-type]


def with_order(found: Books, **fields: object) -> Books:
    orders = [replace(found[1].orders[0], **fields), found[1].orders[1]]  # type: ignore[arg-type]
    return with_ours(found, orders=orders)


def with_refund(found: Books, **fields: object) -> Books:
    refunds = [replace(found[1].refunds[0], **fields)]  # type: ignore[arg-type]
    return with_ours(found, refunds=refunds)


def paid_twice(found: Books) -> Books:
    payments, ours = found
    return [*payments, replace(payments[0], reference="R3", ers_reference="E3")], ours


def test_books_that_agree_differ_in_nothing() -> None:
    assert told(books()) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda b: with_ours(b, cases=[]), "was reversed and has no case"),
        (lambda b: with_invoice(b, 1, status="PAID"), "was reversed and is PAID here"),
        (lambda b: with_invoice(b, 0, status="CANCELED"), "is kept by SEQR and CANCELED here"),
        (lambda b: with_invoice(b, 0, reference=None), "of an invoice that we do not know"),
        (lambda b: with_invoice(b, 0, reference=None), "None is PAID here and not at SEQR"),
        (lambda b: with_invoice(b, 0, amount=Decimal("45.01")), "is 45.00 SEK there, 45.01 here"),
        (lambda b: with_invoice(b, 0, ers_reference="E9"), "is E1 there, E9 here"),
        (lambda b: with_invoice(b, 0, acknowledged_at=None), "was never acknowledged"),
        (lambda b: with_invoice(b, 1, status="SENDING"), "Invoice 12 is stuck in SENDING"),
        (lambda b: with_payment(b, confirmed_at=None), "was never asked about"),
        (
            lambda b: with_payment(b, confirmed_at=NOON + timedelta(seconds=21)),
            "was confirmed after 21.0 s",
        ),
        (lambda b: with_payment(b, amount=Decimal("45.01")), "45.01 SEK is paid at SEQR, 45.00"),
        (lambda b: with_payment(b, refunds=()), "20.00 is not so at SEQR"),
        (lambda b: with_payment(b, refunds=()), "0 SEK is refunded at SEQR, 20.00 here"),
        (
            lambda b: with_payment(b, refunds=(("B1", BACK), ("B2", BACK))),
            "SEQR's refund B2 of 20.00 for R1 is here 0 times",
        ),
        (
            lambda b: with_payment(b, refunds=(("B1", BACK), ("B2", PRICE))),
            "More than was paid went back for R1",
        ),
        (paid_twice, "Order 1001 was paid 2 times"),
        (lambda b: with_order(b, state="awaiting_payment"), "one is stuck in awaiting_payment"),
        (lambda b: with_order(b, state="canceled"), "one is canceled with 1 paid invoices"),
        (lambda b: with_order(b, state="canceled"), "was told that order one is paid; it is not"),
        (lambda b: with_order(b, id="other"), "was told of order one, which is not there"),
        (lambda b: with_invoice(b, 1, order_pk=1), "was shown R2 for order two, which it is not"),
        (lambda b: with_refund(b, status="UNKNOWN"), "Refund 21 is stuck in UNKNOWN"),
        (lambda b: with_refund(b, amount=Decimal("20.01")), "of 20.01 is not so at SEQR"),
        (lambda b: with_ours(b, moves=b[1].moves[1:]), "order 1 goes on from paid after created"),
        (lambda b: with_ours(b, moves=b[1].moves[:-1]), "refund 21 ends in CREATED; it is"),
        (lambda b: with_ours(b, stops=1), "Paying was closed 1 times"),
    ],
)
def test_whatever_differs_is_told(spoil: Callable[[Books], Books], said: str) -> None:
    assert any(said in sentence for sentence in told(spoil(books())))


def test_the_longest_time_in_which_all_were_alive_is_found() -> None:
    poller = [Uptime(0, 10), Uptime(12, None)]
    beat = [Uptime(0, 16), Uptime(17)]

    assert longest([poller, beat], 2, 22) == 8
    assert longest([poller, beat], 11, 19) == 4
    assert longest([poller, [Uptime(0, 1)]], 2, 22) == 0
