"""Loyalty cards: opening an invoice sends the customer's cards to the shop, which answers them.

Source: API reference 2.6.0, acknowledgmentMode, customerToken, updateInvoice. It leaves some rules
open; by our reading REQUIRE_ACKNOWLEDGMENT makes every opened invoice wait for the shop, with cards
or without. OPTIONAL_ACKNOWLEDGMENT sends it to the shop only with a card, and the customer may pay
without waiting.
"""

from collections.abc import Iterable
from dataclasses import replace

from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import RefusedError, ResultCode
from payments.sandbox.storage.models import CustomerToken, Invoice, Status, TokenStatus


def after_opening(invoice: Invoice, cards: tuple[CustomerToken, ...]) -> Invoice:
    """The invoice after a customer with these cards has opened it."""
    mode = invoice.content["acknowledgmentMode"]
    if (
        invoice.status is not Status.ISSUED
        or invoice.acknowledged
        or mode == "NO_ACKNOWLEDGMENT"
        or (mode == "OPTIONAL_ACKNOWLEDGMENT" and not cards)
    ):
        return invoice
    return invoice.with_status(Status.PENDING_ISSUER_ACKNOWLEDGE, tokens=cards)


def cards_shown_at_till(tokens: Iterable[Message]) -> tuple[CustomerToken, ...]:
    """Read the cards shown at the shop's till; they replace those stored in the app.

    Raises RefusedError: 49 for a token without value, or with another status than 1.
    """
    cards = tuple(_token(token) for token in tokens)
    if any(card.status != TokenStatus.USED for card in cards):
        raise RefusedError(
            ResultCode.INVALID_INVOICE_DATA, "a card shown at the till has the status 1"
        )
    return cards


def with_answers(invoice: Invoice, tokens: Iterable[Message]) -> Invoice:
    """The invoice with the shop's answers to its cards; ISSUED again if none is left pending.

    Raises RefusedError: 49 for a token without value or with another status than 1, 90 or 99, 52
    for a card that the customer does not have.
    """
    answers = [_token(token) for token in tokens]
    cards = {token.value: token for token in invoice.tokens}
    for answer in answers:
        if answer.status not in {TokenStatus.USED, TokenStatus.BLOCKED, TokenStatus.INVALID}:
            raise RefusedError(
                ResultCode.INVALID_INVOICE_DATA, "the status of an answered token is 1, 90 or 99"
            )
        card = cards.get(answer.value)
        if card is None or answer.id not in ("", card.id):
            raise RefusedError(ResultCode.INVALID_CUSTOMER, "the customer has no such card")
        cards[answer.value] = replace(card, status=answer.status)
    answered_tokens = tuple(cards.values())
    if any(token.status == TokenStatus.PENDING for token in answered_tokens):
        return replace(invoice, tokens=answered_tokens)
    return invoice.with_status(Status.ISSUED, tokens=answered_tokens, acknowledged=True)


def _token(message: Message) -> CustomerToken:
    if not message.get("value"):
        raise RefusedError(ResultCode.INVALID_INVOICE_DATA, "a token has no value")
    return CustomerToken(
        id=message.get("id", ""),
        value=message["value"],
        status=message["status"],
        description=message.get("description"),
    )
