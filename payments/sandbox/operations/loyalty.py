"""Loyalty cards: a customer's cards go to the shop with the open bill, and the shop answers them.

Source: API reference 2.6.0, acknowledgmentMode, customerToken, updateInvoice. Our reading of what
the reference leaves open: with REQUIRE_ACKNOWLEDGMENT every opened bill waits for the shop, cards
or none; with OPTIONAL_ACKNOWLEDGMENT it goes to the shop only with a card, and may be paid
without waiting.
"""

from collections.abc import Iterable
from dataclasses import replace

from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import RefusedError, ResultCode
from payments.sandbox.storage.models import CustomerToken, Invoice, Status, TokenStatus


def opened(invoice: Invoice, cards: tuple[CustomerToken, ...]) -> Invoice:
    """The invoice once a customer with these cards has opened its bill."""
    mode = invoice.content["acknowledgmentMode"]
    if (
        invoice.status is not Status.ISSUED
        or invoice.acknowledged
        or mode == "NO_ACKNOWLEDGMENT"
        or (mode == "OPTIONAL_ACKNOWLEDGMENT" and not cards)
    ):
        return invoice
    return invoice.moved(Status.PENDING_ISSUER_ACKNOWLEDGE, tokens=cards)


def shown_in_the_shop(tokens: Iterable[Message]) -> tuple[CustomerToken, ...]:
    """The cards that the customer has shown in the shop; they stand for those stored in the app.

    Raises RefusedError: 49 for a token without value, or with another status than 1.
    """
    cards = tuple(_token(token) for token in tokens)
    if any(card.status != TokenStatus.USED for card in cards):
        raise RefusedError(
            ResultCode.INVALID_INVOICE_DATA, "a card shown in the shop has the status 1"
        )
    return cards


def answered(invoice: Invoice, tokens: Iterable[Message]) -> Invoice:
    """The invoice with the shop's answer to its tokens; ISSUED again when none is left pending.

    Raises RefusedError: 49 for a token without value or with a status that is no answer, 52 for
    a card that the customer has not got.
    """
    answers = [_token(token) for token in tokens]
    known = {token.value: token for token in invoice.tokens}
    for answer in answers:
        if answer.status not in {TokenStatus.USED, TokenStatus.BLOCKED, TokenStatus.INVALID}:
            raise RefusedError(
                ResultCode.INVALID_INVOICE_DATA, "a token is answered with the status 1, 90 or 99"
            )
        asked = known.get(answer.value)
        if asked is None or answer.id not in ("", asked.id):
            raise RefusedError(ResultCode.INVALID_CUSTOMER, "the customer has no such card")
        known[answer.value] = replace(asked, status=answer.status)
    answered_tokens = tuple(known.values())
    if any(token.status == TokenStatus.PENDING for token in answered_tokens):
        return replace(invoice, tokens=answered_tokens)
    return invoice.moved(Status.ISSUED, tokens=answered_tokens, acknowledged=True)


def _token(message: Message) -> CustomerToken:
    if not message.get("value"):
        raise RefusedError(ResultCode.INVALID_INVOICE_DATA, "a token without value")
    return CustomerToken(
        id=message.get("id", ""),
        value=message["value"],
        status=message["status"],
        description=message.get("description"),
    )
