"""updateInvoice: what the shop says to the loyalty cards of a customer who waits to pay.

SEQR is asked first, for it tells the cards again as long as the bill waits for us: so their numbers
are never kept. The shop is asked once for each bill, and its word is committed before SEQR is
told. So whoever comes after a killed process, or beside one, says the same.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import transaction

from orders.audit import ChangeSource, record_event, record_event_once
from orders.models import EventName, Order, SourceName
from orders.state_machine import save_fields
from payments.call_audit import audited_client
from payments.cases.cases import close_configuration_cases, open_configuration_case
from payments.invoices.discounts import drop_discounts
from payments.invoices.payloads import invoice_payload
from payments.invoices.refresh import query_and_apply
from payments.invoices.transitions import lock_invoice
from payments.loyalty.hook import Discount, HookFailed, discounts_for
from payments.models import Invoice, InvoiceDiscount, InvoiceStatus, LoyaltyAnswer
from payments.seqr import (
    CustomerToken,
    CustomerTokenStatus,
    ResultCode,
    SeqrConfigurationError,
    SeqrConflict,
    SeqrError,
    SeqrRejected,
)

logger = logging.getLogger(__name__)

SOURCE = ChangeSource(SourceName.LOYALTY_ANSWER)
LONGEST_SCHEME = 64

_WAITS = InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE


@dataclass(frozen=True)
class Verdict:
    """What the shop says to a customer's cards.

    `discounts` are those of the first card that it knows, and None where it knows none; `scheme`
    names that card. `fault` is what was wrong with the hook, if anything.
    """

    discounts: tuple[Discount, ...] | None = None
    scheme: str = ""
    fault: str = ""


def answer_loyalty_cards(invoice_id: int) -> None:
    """Answer the cards that keep a customer waiting, and tell SEQR a discount in doubt once more.

    Else do nothing. What SEQR refuses, it has not taken where the bill still waits: the discount is
    dropped then, and the cards are answered without it.
    """
    try:
        tokens = _waiting_cards(invoice_id)
        refusal = _tell(invoice_id, tokens)
        if refusal is None:
            return
        tokens = _waiting_cards(invoice_id)
        if tokens and _drop(invoice_id, refusal):
            _tell(invoice_id, tokens)
    except SeqrError as error:
        logger.warning("invoice %s: %s", invoice_id, error)
        _note(invoice_id, EventName.LOYALTY_ANSWER_DEFERRED, error)


def _waiting_cards(invoice_id: int) -> tuple[CustomerToken, ...]:
    """Ask SEQR how the invoice stands, and return the cards that it waits for our word on."""
    invoice = Invoice.objects.get(pk=invoice_id)
    if not (invoice.status == _WAITS or invoice.discount_unconfirmed):
        return ()
    answer = query_and_apply(invoice, SOURCE)
    if answer is None or answer.paid is None or answer.status != _WAITS:
        return ()
    return tuple(
        token
        for token in answer.paid.customer_tokens
        if token.status == CustomerTokenStatus.PENDING and token.value
    )


def _tell(invoice_id: int, tokens: tuple[CustomerToken, ...]) -> SeqrError | None:
    """Tell SEQR our word, if there is something to tell; return its refusal."""
    invoice = _decided(invoice_id, tokens)
    if invoice is None:
        return None
    assert invoice.invoice_reference is not None
    answers = _answers(invoice, tokens)
    try:
        client = audited_client(invoice.order_id, SOURCE)
        client.update_invoice(invoice.invoice_reference, invoice_payload(invoice), answers)
    except SeqrConfigurationError as error:
        with transaction.atomic():
            open_configuration_case(error, SOURCE)
        raise
    except (SeqrRejected, SeqrConflict) as error:
        if error.result_code == ResultCode.PAYMENT_IN_PROGRESS:
            raise
        _note(invoice_id, EventName.LOYALTY_ANSWER_REFUSED, error)
        return error
    _told(invoice_id)
    return None


def _decided(invoice_id: int, tokens: tuple[CustomerToken, ...]) -> Invoice | None:
    """Return the invoice with our word on it, or None where there is nothing to tell."""
    invoice = Invoice.objects.select_related("order__shop").get(pk=invoice_id)
    if not _to_be_told(invoice, tokens):
        return None
    if invoice.loyalty_answer is not None:
        return invoice
    verdict = _verdict(invoice.order, tokens)
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        if not _to_be_told(invoice, tokens):  # it went on while the shop was asked
            return None
        if invoice.loyalty_answer is None:
            _write(invoice, verdict)
    return invoice


def _to_be_told(invoice: Invoice, tokens: tuple[CustomerToken, ...]) -> bool:
    if invoice.cancel_reason:
        return False
    if invoice.status == _WAITS:
        return bool(tokens)
    return invoice.status == InvoiceStatus.ISSUED and invoice.discount_unconfirmed


def _verdict(order: Order, tokens: tuple[CustomerToken, ...]) -> Verdict:
    fault = ""
    for token in tokens:
        try:
            discounts = discounts_for(order, token.value or "")
        except HookFailed as error:
            logger.error("%s: %s", order, error)
            fault = str(error)
            continue
        if discounts is not None:
            return Verdict(discounts, _scheme(token), fault)
    return Verdict(fault=fault)


def _write(invoice: Invoice, verdict: Verdict) -> None:
    if verdict.fault:
        record_event(invoice, EventName.LOYALTY_HOOK_FAILED, SOURCE, detail=verdict.fault)
    if verdict.discounts is None:
        save_fields(invoice, loyalty_answer=LoyaltyAnswer.INVALID)
        record_event(invoice, EventName.LOYALTY_CARD_NOT_RECOGNISED, SOURCE)
        return
    save_fields(invoice, loyalty_answer=LoyaltyAnswer.USED, loyalty_scheme=verdict.scheme)
    _give_discounts(invoice, verdict.discounts)
    detail = f"{invoice.amount} {invoice.currency} to pay; the card's scheme: {verdict.scheme}"
    record_event(invoice, EventName.LOYALTY_CARD_RECOGNISED, SOURCE, detail=detail)


def _answers(invoice: Invoice, tokens: Sequence[CustomerToken]) -> tuple[CustomerToken, ...]:
    """Return the cards with our word on each: one at most is used."""
    schemes = [_scheme(token) for token in tokens]
    used = None
    if invoice.loyalty_answer == LoyaltyAnswer.USED and invoice.loyalty_scheme in schemes:
        used = schemes.index(invoice.loyalty_scheme)
    return tuple(
        replace(
            token,
            status=CustomerTokenStatus.USED if number == used else CustomerTokenStatus.INVALID,
        )
        for number, token in enumerate(tokens)
    )


def _scheme(token: CustomerToken) -> str:
    return (token.id or "")[:LONGEST_SCHEME]


@transaction.atomic
def _drop(invoice_id: int, refusal: SeqrError) -> bool:
    invoice = lock_invoice(invoice_id)
    if not invoice.discount_unconfirmed:
        return False
    drop_discounts(invoice, SOURCE, str(refusal))
    return True


@transaction.atomic
def _told(invoice_id: int) -> None:
    invoice = lock_invoice(invoice_id)
    if invoice.discount_unconfirmed:
        save_fields(invoice, discount_unconfirmed=False)
    record_event_once(invoice, EventName.LOYALTY_CARDS_ANSWERED, SOURCE)
    close_configuration_cases("updateInvoice", SOURCE)


@transaction.atomic
def _note(invoice_id: int, event: EventName, error: SeqrError) -> None:
    record_event_once(lock_invoice(invoice_id), event, SOURCE, detail=str(error))


def _give_discounts(invoice: Invoice, discounts: Sequence[Discount]) -> None:
    """Lower an invoice by these."""
    InvoiceDiscount.objects.bulk_create(
        InvoiceDiscount(
            invoice=invoice,
            name_sv=each.name_sv,
            name_en=each.name_en,
            amount=each.amount,
            vat_rate=each.vat_rate,
        )
        for each in discounts
    )
    off = sum((each.amount for each in discounts), Decimal(0))
    save_fields(invoice, amount=invoice.order.total + off, discount_unconfirmed=bool(discounts))
