"""updateInvoice: answers the loyalty cards of a customer who is waiting to pay.

SEQR sends the cards with each status as long as the invoice waits, so their numbers are never
stored. The hook decides once for each invoice, and its decision is committed before updateInvoice.
So every later or concurrent attempt sends the same answer.
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
MAX_SCHEME_LENGTH = 64

_AWAITING_ANSWER = InvoiceStatus.PENDING_ISSUER_ACKNOWLEDGE


@dataclass(frozen=True)
class Decision:
    """The hook's decision about a customer's cards.

    `discounts` are those of the first card that the hook knows, or None if it knows none. `scheme`
    names that card's scheme. `fault` describes an error of the hook, if there was one.
    """

    discounts: tuple[Discount, ...] | None = None
    scheme: str = ""
    fault: str = ""


def answer_loyalty_cards(invoice_id: int) -> None:
    """Answer the pending cards of an invoice, or confirm its discount; else do nothing.

    If SEQR refuses the answer and the invoice still waits, SEQR has not taken the discount. It is
    dropped then, and the cards are answered without it.
    """
    try:
        tokens = _pending_cards(invoice_id)
        refusal = _send_answer(invoice_id, tokens)
        if refusal is None:
            return
        tokens = _pending_cards(invoice_id)
        if tokens and _drop_unconfirmed_discount(invoice_id, refusal):
            _send_answer(invoice_id, tokens)
    except SeqrError as error:
        logger.warning("invoice %s: %s", invoice_id, error)
        _record_error(invoice_id, EventName.LOYALTY_ANSWER_DEFERRED, error)


def _pending_cards(invoice_id: int) -> tuple[CustomerToken, ...]:
    """Query the invoice's status, and return the cards that wait for an answer."""
    invoice = Invoice.objects.get(pk=invoice_id)
    if not (invoice.status == _AWAITING_ANSWER or invoice.discount_unconfirmed):
        return ()
    result = query_and_apply(invoice, SOURCE)
    if result is None or result.paid is None or result.status != _AWAITING_ANSWER:
        return ()
    return tuple(
        token
        for token in result.paid.customer_tokens
        if token.status == CustomerTokenStatus.PENDING and token.value
    )


def _send_answer(invoice_id: int, tokens: tuple[CustomerToken, ...]) -> SeqrError | None:
    """Send the decision to SEQR, if one is due; return SEQR's refusal."""
    invoice = _decided_invoice(invoice_id, tokens)
    if invoice is None:
        return None
    assert invoice.invoice_reference is not None
    answers = _answers(invoice, tokens)
    try:
        client = audited_client(invoice.terminal_id, invoice.order_id, SOURCE)
        client.update_invoice(invoice.invoice_reference, invoice_payload(invoice), answers)
    except SeqrConfigurationError as error:
        with transaction.atomic():
            open_configuration_case(invoice.terminal_id, error, SOURCE)
        raise
    except (SeqrRejected, SeqrConflict) as error:
        if error.result_code == ResultCode.PAYMENT_IN_PROGRESS:
            raise
        _record_error(invoice_id, EventName.LOYALTY_ANSWER_REFUSED, error)
        return error
    _record_accepted_answer(invoice_id)
    return None


def _decided_invoice(invoice_id: int, tokens: tuple[CustomerToken, ...]) -> Invoice | None:
    """Return the invoice with its decision stored, or None if no answer is due."""
    invoice = Invoice.objects.select_related("order__shop").get(pk=invoice_id)
    if not _is_answer_due(invoice, tokens):
        return None
    if invoice.loyalty_answer is not None:
        return invoice
    decision = _decide(invoice.order, tokens)
    with transaction.atomic():
        invoice = lock_invoice(invoice_id)
        if not _is_answer_due(invoice, tokens):  # its status has changed during the hook
            return None
        if invoice.loyalty_answer is None:
            _store_decision(invoice, decision)
    return invoice


def _is_answer_due(invoice: Invoice, tokens: tuple[CustomerToken, ...]) -> bool:
    if invoice.cancel_reason:
        return False
    if invoice.status == _AWAITING_ANSWER:
        return bool(tokens)
    return invoice.status == InvoiceStatus.ISSUED and invoice.discount_unconfirmed


def _decide(order: Order, tokens: tuple[CustomerToken, ...]) -> Decision:
    fault = ""
    for token in tokens:
        try:
            discounts = discounts_for(order, token.value or "")
        except HookFailed as error:
            logger.error("%s: %s", order, error)
            fault = str(error)
            continue
        if discounts is not None:
            return Decision(discounts, _scheme(token), fault)
    return Decision(fault=fault)


def _store_decision(invoice: Invoice, decision: Decision) -> None:
    if decision.fault:
        record_event(invoice, EventName.LOYALTY_HOOK_FAILED, SOURCE, detail=decision.fault)
    if decision.discounts is None:
        save_fields(invoice, loyalty_answer=LoyaltyAnswer.INVALID)
        record_event(invoice, EventName.LOYALTY_CARD_NOT_RECOGNISED, SOURCE)
        return
    save_fields(invoice, loyalty_answer=LoyaltyAnswer.USED, loyalty_scheme=decision.scheme)
    _store_discounts(invoice, decision.discounts)
    detail = f"{invoice.amount} {invoice.currency} to pay; the card's scheme: {decision.scheme}"
    record_event(invoice, EventName.LOYALTY_CARD_RECOGNISED, SOURCE, detail=detail)


def _store_discounts(invoice: Invoice, discounts: Sequence[Discount]) -> None:
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


def _answers(invoice: Invoice, tokens: Sequence[CustomerToken]) -> tuple[CustomerToken, ...]:
    """Return the cards, each as used or invalid; at most one is used."""
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
    return (token.id or "")[:MAX_SCHEME_LENGTH]


@transaction.atomic
def _drop_unconfirmed_discount(invoice_id: int, refusal: SeqrError) -> bool:
    invoice = lock_invoice(invoice_id)
    if not invoice.discount_unconfirmed:
        return False
    drop_discounts(invoice, SOURCE, str(refusal))
    return True


@transaction.atomic
def _record_accepted_answer(invoice_id: int) -> None:
    invoice = lock_invoice(invoice_id)
    if invoice.discount_unconfirmed:
        save_fields(invoice, discount_unconfirmed=False)
    record_event_once(invoice, EventName.LOYALTY_CARDS_ANSWERED, SOURCE)
    close_configuration_cases(invoice.terminal_id, "updateInvoice", SOURCE)


@transaction.atomic
def _record_error(invoice_id: int, event: EventName, error: SeqrError) -> None:
    record_event_once(lock_invoice(invoice_id), event, SOURCE, detail=str(error))
