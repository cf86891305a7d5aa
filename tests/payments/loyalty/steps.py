"""Steps that the tests of loyalty cards share."""

from decimal import Decimal

from payments.loyalty.answer import answer_loyalty_cards
from payments.models import Invoice
from tests.payments.loyalty import hooks
from tests.payments.steps import issued_invoice, reference, refresh, reloaded
from tests.sandbox_process import SandboxProcess

MSISDN = "46701234567"
CLUB_CARD = {"id": "CLUB", "value": hooks.CARD, "description": "Café club"}
UNKNOWN_CARD = {"id": "BEAN", "value": "5"}


def waiting_invoice(sandbox: SandboxProcess, *cards: dict[str, str]) -> Invoice:
    """Return an invoice for 45.00 SEK that waits for the answer to these cards, or to CLUB_CARD."""
    sandbox.control("POST", "/customers", {"msisdn": MSISDN, "cards": list(cards or (CLUB_CARD,))})
    invoice = issued_invoice()
    sandbox.control("POST", f"/invoices/{reference(invoice)}/open", {"msisdn": MSISDN})
    refresh(invoice)
    return reloaded(invoice)


def answer_cards(invoice: Invoice) -> None:
    """Answer the loyalty cards of an invoice."""
    answer_loyalty_cards(invoice.pk)


def answer_without_response(sandbox: SandboxProcess, invoice: Invoice, fault: str) -> None:
    """Answer the cards, without a response: "drop" applies updateInvoice, "refuse" does not."""
    sandbox.fault("updateInvoice", fault)
    answer_cards(invoice)
    sandbox.clear_faults()


def seqr_state(sandbox: SandboxProcess, invoice: Invoice) -> tuple[str, str, list[int]]:
    """Return the invoice's status and amount at SEQR, and the status of each card."""
    found = sandbox.invoice(reference(invoice))
    return found["status"], found["amount"], [card["status"] for card in found["customer_tokens"]]


def shop_state(invoice: Invoice) -> tuple[Decimal, bool, int]:
    """Return the invoice's amount, whether its discount is unconfirmed, and its discounts."""
    now = reloaded(invoice)
    return now.amount, now.discount_unconfirmed, now.discounts.count()
