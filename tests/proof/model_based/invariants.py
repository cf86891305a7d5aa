"""Checks the invariants that hold after every step. Each violation is one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone

from orders.clock import database_now
from orders.models import AuditEvent, EventName, Order, OrderState, SubjectType
from orders.models.order import SERVABLE_STATES
from payments.models import (
    CAPTURED_STATUSES,
    RESERVING_REFUND_STATUSES,
    UNPAID_FINAL_STATUSES,
    UNSENT_REFUND_STATUSES,
    CancelReason,
    CaseKind,
    Invoice,
    InvoiceStatus,
    RefundStatus,
)
from tests.proof.model_based.ledgers import OPEN_AT_SEQR, Ledgers, refunded_at_seqr, times_refunded
from tests.proof.model_based.refund_row_invariants import refund_row_violations
from tests.proof.model_based.terminal_invariants import TerminalChecker

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import Simulation

S = InvoiceStatus
R = RefundStatus
REFUNDED_STATES = (OrderState.PARTLY_REFUNDED, OrderState.REFUNDED)
UNREFUNDED_STATES = (
    OrderState.PAID,
    OrderState.PREPARING,
    OrderState.READY,
    OrderState.SERVED,
)
PAID_STATES = (
    *UNREFUNDED_STATES,
    *REFUNDED_STATES,
    OrderState.NEEDS_ATTENTION,
)
SERVED_OR_TO_SERVE = (*SERVABLE_STATES, OrderState.SERVED)
STEP_EVENTS = (
    EventName.ORDER_PREPARING,
    EventName.ORDER_READY,
    EventName.ORDER_SERVED,
    EventName.ORDER_STEP_UNDONE,
)
STATE_OF = {
    S.CREATED: OrderState.CREATED,
    S.SENDING: OrderState.SENDING,
    S.NEEDS_ATTENTION: OrderState.NEEDS_ATTENTION,
    S.CANCEL_PENDING: OrderState.CANCEL_PENDING,
    S.CANCELED: OrderState.CANCELED,
    S.FAILED: OrderState.FAILED,
    S.EXPIRED: OrderState.EXPIRED,
}


class InvariantViolation(AssertionError):
    """An invariant does not hold."""


class InvariantChecker:
    """Checks the ledgers after each step, also against those of the step before."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._previous: dict[int, Invoice] = {}
        self._queried_at: dict[str, str | None] = {}  # of invoices not to query any more
        self._last_states: dict[tuple[str, int | None], str] = {}  # by subject, as the events say
        self._last_event = 0
        self._terminals = TerminalChecker(sim)

    def check(self, ledgers: Ledgers) -> None:
        """Raise InvariantViolation with every violation."""
        found = [
            *self._sim.traceback_log.records,
            *(
                f"{number} was sent by two processes at once"
                for number in self._sim.proxy.concurrent_sends
            ),
            *self._versions_and_references(ledgers),
            *self._shown_invoices_are_known(ledgers),
            *self._payments_match_seqr(ledgers),
            *self._paid_ends_by_reversal_only(ledgers),
            *self._one_payable_invoice(ledgers),
            *self._unpaid_is_final_at_seqr(ledgers),
            *self._duplicates_are_canceled(ledgers),
            *self._refunds_stay_within_payment(ledgers),
            *refund_row_violations(ledgers),
            *self._unsent_refunds_are_of_paid_invoices(ledgers),
            *self._unapproved_refunds_stay_within_limits(ledgers),
            *self._outcomes_are_recorded_by_others(ledgers),
            *self._orders_match_invoices(ledgers),
            *self._rows_add_up(),
            *self._wrongly_paid_orders_need_attention(ledgers),
            *self._changes_have_events(ledgers),
            *self._terminals.check(ledgers),
        ]
        self._previous = {each.pk: each for each in ledgers.invoices}
        if found:
            raise InvariantViolation("; ".join(found))

    def _versions_and_references(self, ledgers: Ledgers) -> Iterator[str]:
        for now in ledgers.invoices:
            previous = self._previous.get(now.pk)
            if previous is None:
                continue
            if now.invoice_version < previous.invoice_version:
                yield f"{now}: version {previous.invoice_version} fell to {now.invoice_version}"
            if previous.invoice_reference not in (None, now.invoice_reference):
                yield f"{now}: its reference changed"
            if previous.ers_reference not in (None, now.ers_reference):
                yield f"{now}: its payment reference changed"

    def _shown_invoices_are_known(self, ledgers: Ledgers) -> Iterator[str]:
        """An invoice that a customer was shown stays an invoice of that order."""
        ours = {each.invoice_reference: str(each.order.public_id) for each in ledgers.invoices}
        for reference, order_id in self._sim.shown.items():
            if ours.get(reference) != order_id:
                yield f"{reference} was shown for an order, and is not an invoice of it"

    def _payments_match_seqr(self, ledgers: Ledgers) -> Iterator[str]:
        for invoice in ledgers.invoices:
            if invoice.status not in CAPTURED_STATUSES:
                continue
            seqr_invoice = ledgers.seqr_invoice(invoice)
            if seqr_invoice is None or seqr_invoice["confirmed_at"] is None:
                yield f"{invoice} is paid here, and SEQR has not confirmed it"
            elif seqr_invoice["ers_reference"] != invoice.ers_reference:
                yield f"{invoice} is paid here by another payment than at SEQR"

    def _paid_ends_by_reversal_only(self, ledgers: Ledgers) -> Iterator[str]:
        for now in ledgers.invoices:
            previous = self._previous.get(now.pk)
            if previous is None or previous.status != S.PAID or now.status == S.PAID:
                continue
            if CaseKind.POSSIBLY_REVERSED not in ledgers.case_kinds(now):
                yield f"{now} was paid, is {now.status}, and has no case"
            if now.invoice_reference not in self._sim.contradicted:
                yield f"{now} was paid, is {now.status}, and SEQR never reversed it"

    def _one_payable_invoice(self, ledgers: Ledgers) -> Iterator[str]:
        ended_by_staff = {
            each.invoice_reference
            for each in ledgers.invoices
            if each.cancel_reason == CancelReason.CASE_CLOSED
        }
        for order in ledgers.orders:
            payable = [
                reference
                for reference, order_id in self._sim.shown.items()
                if order_id == str(order.public_id)
                and ledgers.seqr_invoices[reference]["status"] in OPEN_AT_SEQR
                and reference not in ended_by_staff
            ]
            if len(payable) > 1:
                yield f"{order} can be paid by each of {payable}"

    def _unpaid_is_final_at_seqr(self, ledgers: Ledgers) -> Iterator[str]:
        for invoice in ledgers.invoices:
            seqr_invoice = ledgers.seqr_invoice(invoice)
            if invoice.status not in UNPAID_FINAL_STATUSES or seqr_invoice is None:
                continue
            if invoice.invoice_reference in self._sim.contradicted:
                continue
            if invoice.cancel_reason == CancelReason.CASE_CLOSED:
                continue  # staff have ended it without SEQR
            if seqr_invoice["status"] in (*OPEN_AT_SEQR, S.PAID):
                yield f"{invoice} is {invoice.status} here and {seqr_invoice['status']} at SEQR"

    def _duplicates_are_canceled(self, ledgers: Ledgers) -> Iterator[str]:
        """An unpaid invoice of a paid order is cancelled, and SEQR is not queried about it.

        A possible duplicate payment is queried once SEQR has had the time to return it.
        """
        forbidden = {}
        for order in ledgers.orders:
            invoices = ledgers.invoices_of(order)
            if not any(each.status == S.PAID for each in invoices):
                continue
            for other in invoices:
                if other.status in CAPTURED_STATUSES:
                    continue
                if other.is_open and not other.cancel_reason:
                    yield f"{other} can still be paid, and its order is paid"
                is_possible_duplicate = CaseKind.DUPLICATE_PAYMENT in ledgers.case_kinds(other)
                seqr_invoice = ledgers.seqr_invoice(other)
                if seqr_invoice is not None and not is_possible_duplicate:
                    reference = seqr_invoice["invoice_reference"]
                    queried_at = self._queried_at.get(reference, seqr_invoice["status_queried_at"])
                    forbidden[reference] = queried_at
                    if seqr_invoice["status_queried_at"] != queried_at:
                        yield f"{other} was queried, and another invoice has paid its order"
        self._queried_at = forbidden

    def _refunds_stay_within_payment(self, ledgers: Ledgers) -> Iterator[str]:
        for invoice in ledgers.invoices:
            if invoice.paid_at is None:
                continue
            seqr_invoice = ledgers.seqr_invoice(invoice)
            assert seqr_invoice is not None
            captured_amount = invoice.amount if invoice.paid_amount is None else invoice.paid_amount
            reserved = ledgers.refunds_of(invoice, *RESERVING_REFUND_STATUSES)
            if reserved > captured_amount:
                yield f"{invoice}: {reserved} are reserved of {captured_amount}"
            sent = ledgers.refunds_of(invoice, R.SENDING, R.UNKNOWN, R.REFUNDED)
            given = refunded_at_seqr(seqr_invoice)
            if given > sent:
                yield f"{invoice}: {given} refunded at SEQR, {sent} sent here"
        for refund in ledgers.refunds:
            made = times_refunded(ledgers.seqr_invoices.values(), refund)
            if made > 1:
                yield f"{refund} was made twice at SEQR"
            if refund.status == R.REFUNDED and not made:
                yield f"{refund} is done here and was never made at SEQR"

    def _unsent_refunds_are_of_paid_invoices(self, ledgers: Ledgers) -> Iterator[str]:
        paid = {each.pk for each in ledgers.invoices if each.status in CAPTURED_STATUSES}
        for refund in ledgers.refunds:
            if refund.status in UNSENT_REFUND_STATUSES and refund.invoice_id not in paid:
                yield f"{refund} is {refund.status}, and its invoice is not paid"

    def _unapproved_refunds_stay_within_limits(self, ledgers: Ledgers) -> Iterator[str]:
        """What a person has resolved is left out: SEQR's late answer may have corrected it."""
        today = timezone.localdate(database_now())
        of_invoice, of_person_today = Counter[int](), Counter[int]()
        for refund in ledgers.refunds:
            is_decided_alone = (
                refund.status in RESERVING_REFUND_STATUSES
                and refund.status != R.REQUESTED
                and refund.approved_by_id is None
                and refund.resolved_by_id is None
            )
            if is_decided_alone:
                ore = int(refund.amount * 100)
                of_invoice[refund.invoice_id] += ore
                if timezone.localdate(refund.created_at) == today:
                    of_person_today[refund.requested_by_id] += ore
        for pk, ore in of_invoice.items():
            if ore > settings.REFUND_APPROVAL_LIMIT * 100:
                yield f"{ore} öre of invoice {pk} are refunded without approval"
        for pk, ore in of_person_today.items():
            if ore > settings.REFUND_DAILY_LIMIT_PER_PERSON * 100:
                yield f"{ore} öre are refunded by person {pk} today without approval"

    def _outcomes_are_recorded_by_others(self, ledgers: Ledgers) -> Iterator[str]:
        for refund in ledgers.refunds:
            if refund.resolved_by_id == refund.requested_by_id:
                yield f"the requester of {refund} has recorded its outcome"

    def _orders_match_invoices(self, ledgers: Ledgers) -> Iterator[str]:
        for order in ledgers.orders:
            invoices = ledgers.invoices_of(order)
            state = OrderState(order.state)
            if any(each.status == S.PAID for each in invoices):
                if state not in PAID_STATES:
                    yield f"{order} is {state} and has a paid invoice"
                was_refunded = any(
                    ledgers.refunds_of(each, R.REFUNDED)
                    for each in invoices
                    if each.status == S.PAID
                )
                if was_refunded and state in UNREFUNDED_STATES:
                    yield f"{order} is {state}, though money was refunded"
                if not was_refunded and state in REFUNDED_STATES:
                    yield f"{order} is {state}, though nothing was refunded of the payment"
            elif state in REFUNDED_STATES:
                yield f"{order} is {state}, and has no paid invoice"
            elif all(each.paid_at is None for each in invoices):
                expected = STATE_OF.get(S(invoices[-1].status), OrderState.AWAITING_PAYMENT)
                if state != expected:
                    yield f"{order} is {state}, its invoice is {invoices[-1].status}"

    def _rows_add_up(self) -> Iterator[str]:
        sums = Order.objects.annotate(rows_total=Sum("rows__total"))
        for order in sums.exclude(rows_total=F("total")):
            yield f"{order}: its rows add up to {order.rows_total}, and not to {order.total}"

    def _wrongly_paid_orders_need_attention(self, ledgers: Ledgers) -> Iterator[str]:
        states = {each.pk: each.state for each in ledgers.orders}
        paid = {each.pk for each in ledgers.invoices if each.status == S.PAID}
        for case in ledgers.cases:
            is_open = case.kind == CaseKind.AMOUNT_DIFFERS and case.closed_at is None
            if is_open and case.order_id is not None and case.invoice_id in paid:
                state = states[case.order_id]
                if state != OrderState.NEEDS_ATTENTION:
                    yield f"order {case.order_id} is {state}, and a wrong amount was paid"

    def _changes_have_events(self, ledgers: Ledgers) -> Iterator[str]:
        events = AuditEvent.objects.filter(pk__gt=self._last_event).exclude(
            subject_type=SubjectType.CALL
        )
        for event in events.order_by("pk"):
            self._last_event = event.pk
            key = (event.subject_type, event.subject_id)
            if event.name in STEP_EVENTS and self._last_states.get(key) not in SERVED_OR_TO_SERVE:
                yield f"{event}: the kitchen has changed an order that is not paid"
            if not (event.from_state or event.to_state):
                continue
            if event.name == EventName.REFUND_SENDING_STARTED:
                yield from self._sent_refund_is_of_paid_invoice(ledgers, event)
            if event.from_state and event.from_state != self._last_states.get(
                key, event.from_state
            ):
                yield f"{event}: it was {self._last_states[key]}, not {event.from_state}"
            self._last_states[key] = event.to_state
        rows = [
            *(
                (SubjectType.ORDER, each.pk, each.state, OrderState.CREATED)
                for each in ledgers.orders
            ),
            *((SubjectType.INVOICE, each.pk, each.status, S.CREATED) for each in ledgers.invoices),
            *((SubjectType.REFUND, each.pk, each.status, "") for each in ledgers.refunds),
            *(
                (SubjectType.CASE, each.pk, "" if each.closed_at else "open", "")
                for each in ledgers.cases
            ),
        ]
        for subject_type, pk, state, first in rows:
            if self._last_states.get((subject_type, pk), first) != state:
                yield f"{subject_type} {pk} is {state}, and no event records it"

    def _sent_refund_is_of_paid_invoice(self, ledgers: Ledgers, event: AuditEvent) -> Iterator[str]:
        (refund,) = (each for each in ledgers.refunds if each.pk == event.subject_id)
        state = self._last_states.get((SubjectType.INVOICE, refund.invoice_id))
        if state not in CAPTURED_STATUSES:
            yield f"{refund} was sent while its invoice was {state}"
        for case in ledgers.cases:
            is_of_payment = case.invoice_id == refund.invoice_id
            if case.kind != CaseKind.PAYMENT_UNCONFIRMED or not is_of_payment:
                continue
            if self._last_states.get((SubjectType.CASE, case.pk)) == "open":
                yield f"{refund} was sent while SEQR did not confirm its payment"
