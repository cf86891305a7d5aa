"""updateInvoice: the answer to a loyalty card."""

from decimal import Decimal

import pytest
from pytest_django import Settings

from payments import tasks
from payments.models import Invoice, InvoiceStatus
from tests.payments.loyalty import hooks
from tests.payments.steps import event_names, issued_invoice, order_state, reference, reloaded
from tests.proof.matrix.faults import KEPT_CONNECTION_DIES, Fault, each_fault
from tests.proof.matrix.outcomes import Expected, all_but
from tests.proof.matrix.scenario import World, ask_about_each, cases, customer_reads

OPERATION = "updateInvoice"
S = InvoiceStatus
MSISDN = "46701234567"
CLUB = {"id": "CLUB", "value": hooks.CARD, "description": "Café club"}
LESS, ALL = Decimal("40.50"), Decimal("45.00")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _club(settings: Settings) -> None:
    """A shop whose hook takes 4.50 off 45.00 for one card."""
    settings.LOYALTY_HOOK = "tests.payments.loyalty.hooks.club"


def told_again(world: World, invoice: Invoice) -> None:
    """The discount is given here and marked as in doubt; the hook is asked no more. Each sweep asks
    SEQR how the bill stands, and tells it the same again until it has taken it.
    """
    is_in_doubt(world, invoice)

    world.clear_faults()
    world.go_on(seconds=5)

    is_paid_with_the_discount(world, invoice)


def told_at_once(world: World, invoice: Invoice) -> None:
    """libcurl sends it again by itself, on a new connection: the same content once more."""
    assert (world.left(), world.arrived(OPERATION)) == (1, 1)

    is_paid_with_the_discount(world, invoice)


ALONE = Expected(
    OPERATION, {told_again: all_but(KEPT_CONNECTION_DIES), told_at_once: [KEPT_CONNECTION_DIES]}
)


@each_fault
def test_a_card_is_answered_in_the_end(world: World, fault: Fault) -> None:
    invoice = waiting_invoice(world)
    world.strike(OPERATION, after="getPaymentStatus")

    tasks.answer_loyalty_cards(invoice.pk)

    ALONE.of(fault)(world, invoice)


def paid_less(world: World, invoice: Invoice) -> None:
    """SEQR had taken the discount. Its receipt tells the lower sum, which ends the doubt."""
    is_paid_with_the_discount(world, invoice)


def paid_in_full(world: World, invoice: Invoice) -> None:
    """SEQR does not know of the discount, and lets the customer pay without our answer. Its receipt
    tells the full sum: the discount is taken back here, and the order is paid in full.
    """
    world.sandbox.pay(reference(invoice))
    ask_about_each()
    is_paid(world, invoice, ALL)
    assert "discount_dropped" in event_names(invoice)
    assert reloaded(invoice).discounts.count() == 0


TAKEN = [fault for fault in all_but() if fault.is_done]
BESIDE_A_PAYMENT = Expected(
    f"{OPERATION}, and the customer pays at once",
    {paid_less: TAKEN, paid_in_full: all_but(*TAKEN)},
)


@each_fault
def test_a_bill_paid_in_doubt_is_paid_as_seqr_says(world: World, fault: Fault) -> None:
    invoice = waiting_invoice(world)
    world.strike(OPERATION, after="getPaymentStatus")
    tasks.answer_loyalty_cards(invoice.pk)
    world.clear_faults()

    BESIDE_A_PAYMENT.of(fault)(world, invoice)


def waiting_invoice(world: World) -> Invoice:
    """An invoice over 45.00 SEK whose customer waits for our word on a card."""
    world.sandbox.control("POST", "/customers", {"msisdn": MSISDN, "cards": [CLUB]})
    invoice = issued_invoice()
    world.sandbox.control("POST", f"/invoices/{reference(invoice)}/open", {"msisdn": MSISDN})
    ask_about_each()
    return reloaded(invoice)


def is_in_doubt(world: World, invoice: Invoice) -> None:
    assert world.left() in (int(world.fault.leaves), 2)  # libcurl may have sent it again
    doubtful = reloaded(invoice)
    assert (doubtful.amount, doubtful.discount_unconfirmed) == (LESS, True)
    assert customer_reads(invoice) == "Pay in SEQR"
    assert event_names(invoice)[-2:] == ["loyalty_card_recognised", "loyalty_answer_deferred"]


def is_paid_with_the_discount(world: World, invoice: Invoice) -> None:
    world.sandbox.pay(reference(invoice))
    ask_about_each()
    is_paid(world, invoice, LESS)
    assert event_names(invoice).count("loyalty_card_recognised") == 1


def is_paid(world: World, invoice: Invoice, amount: Decimal) -> None:
    paid = reloaded(invoice)
    assert (paid.status, order_state(invoice)) == (S.PAID, "paid")
    assert (paid.amount, paid.paid_amount, paid.discount_unconfirmed) == (amount, amount, False)
    assert cases() == []
