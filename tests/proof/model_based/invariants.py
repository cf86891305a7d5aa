"""What holds after every step, whatever has happened. Each breach is one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orders.models import AuditEvent, OrderState, SubjectType
from payments.models import (
    RESERVING_REFUND_STATUSES,
    UNPAID_FINAL_STATUSES,
    CaseKind,
    Invoice,
    InvoiceStatus,
    RefundStatus,
)
from tests.proof.model_based.ledgers import OPEN_AT_SEQR, Books, refunded_amount, times_made

if TYPE_CHECKING:
    from tests.proof.model_based.simulation import World

S = InvoiceStatus
R = RefundStatus
REFUNDED_STATES = (OrderState.PARTLY_REFUNDED, OrderState.REFUNDED)
PAID_STATES = (
    OrderState.PAID,
    OrderState.SERVED,
    *REFUNDED_STATES,
    OrderState.NEEDS_ATTENTION,
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


class Broken(AssertionError):
    """A promise does not hold."""


class Watch:
    """Looks at the books after each step, and compares them with what they were before."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._before: dict[int, Invoice] = {}
        self._asked: dict[str, str | None] = {}  # of what must not be asked about any more
        self._stories: dict[tuple[str, int | None], str] = {}  # where each row's events lead
        self._last_event = 0

    def look(self, books: Books) -> None:
        """Raise Broken with all that is wrong."""
        found = [
            *self._world.slips.records,
            *(f"{number} was sent by two at once" for number in self._world.proxy.concurrent_sends),
            *self._versions_and_references(books),
            *self._what_was_shown_is_known(books),
            *self._payments_are_seqrs(books),
            *self._paid_is_left_by_reversal(books),
            *self._one_payable(books),
            *self._dead_is_dead(books),
            *self._the_second_is_not_wanted(books),
            *self._refunds_stay_within(books),
            *self._orders_follow(books),
            *self._every_change_has_its_event(books),
        ]
        self._before = {each.pk: each for each in books.invoices}
        if found:
            raise Broken("; ".join(found))

    def _versions_and_references(self, books: Books) -> Iterator[str]:
        for now in books.invoices:
            from_state = self._before.get(now.pk)
            if from_state is None:
                continue
            if now.invoice_version < from_state.invoice_version:
                yield f"{now}: version {from_state.invoice_version} fell to {now.invoice_version}"
            if from_state.invoice_reference not in (None, now.invoice_reference):
                yield f"{now}: its reference changed"
            if from_state.ers_reference not in (None, now.ers_reference):
                yield f"{now}: its payment reference changed"

    def _what_was_shown_is_known(self, books: Books) -> Iterator[str]:
        """Whoever pays what they were shown pays an invoice that we ask about."""
        ours = {each.invoice_reference: str(each.order.public_id) for each in books.invoices}
        for reference, order_id in self._world.shown.items():
            if ours.get(reference) != order_id:
                yield f"{reference} was shown for an order, and is no invoice of it any more"

    def _payments_are_seqrs(self, books: Books) -> Iterator[str]:
        for invoice in books.invoices:
            if invoice.status != S.PAID:
                continue
            seqrs = books.seqrs(invoice)
            if seqrs is None or seqrs["confirmed_at"] is None:
                yield f"{invoice} is paid here, and SEQR has not said so"
            elif seqrs["ers_reference"] != invoice.ers_reference:
                yield f"{invoice} is paid here by another payment than at SEQR"

    def _paid_is_left_by_reversal(self, books: Books) -> Iterator[str]:
        for now in books.invoices:
            from_state = self._before.get(now.pk)
            if from_state is None or from_state.status != S.PAID or now.status == S.PAID:
                continue
            if CaseKind.POSSIBLY_REVERSED not in books.kinds_of(now):
                yield f"{now} was paid, is {now.status}, and nobody was told"
            if now.invoice_reference not in self._world.meddled:
                yield f"{now} was paid, is {now.status}, and SEQR never took it back"

    def _one_payable(self, books: Books) -> Iterator[str]:
        for order in books.orders:
            payable = [
                reference
                for reference, order_id in self._world.shown.items()
                if order_id == str(order.public_id)
                and books.at_seqr[reference]["status"] in OPEN_AT_SEQR
            ]
            if len(payable) > 1:
                yield f"{order} can be paid by each of {payable}"

    def _dead_is_dead(self, books: Books) -> Iterator[str]:
        for invoice in books.invoices:
            seqrs = books.seqrs(invoice)
            if invoice.status not in UNPAID_FINAL_STATUSES or seqrs is None:
                continue
            if invoice.invoice_reference in self._world.meddled:
                continue
            if seqrs["status"] in (*OPEN_AT_SEQR, S.PAID):
                yield f"{invoice} is {invoice.status} here and {seqrs['status']} at SEQR"

    def _the_second_is_not_wanted(self, books: Books) -> Iterator[str]:
        """An invoice whose order another one has paid is cancelled, and not asked about."""
        forbidden = {}
        for order in books.orders:
            invoices = books.of_order(order)
            if not any(each.status == S.PAID for each in invoices):
                continue
            for other in invoices:
                if other.status == S.PAID:
                    continue
                if other.is_open and not other.cancel_reason:
                    yield f"{other} may still be paid, and its order is"
                if seqrs := books.seqrs(other):
                    reference = seqrs["invoice_reference"]
                    asked_at = self._asked.get(reference, seqrs["status_queried_at"])
                    forbidden[reference] = asked_at
                    if seqrs["status_queried_at"] != asked_at:
                        yield f"{other} was asked about, and another one has paid its order"
        self._asked = forbidden

    def _refunds_stay_within(self, books: Books) -> Iterator[str]:
        for invoice in books.invoices:
            if invoice.paid_at is None:
                continue
            seqrs = books.seqrs(invoice)
            assert seqrs is not None
            captured_amount = invoice.amount if invoice.paid_amount is None else invoice.paid_amount
            promised = books.refunds_of(invoice, *RESERVING_REFUND_STATUSES)
            if promised > captured_amount:
                yield f"{invoice}: {promised} are to go back of {captured_amount}"
            sent = books.refunds_of(invoice, R.SENDING, R.UNKNOWN, R.REFUNDED)
            given = refunded_amount(seqrs)
            if given > sent:
                yield f"{invoice}: {given} went back at SEQR, {sent} here"
        for refund in books.refunds:
            made = times_made(books.at_seqr.values(), refund)
            if made > 1:
                yield f"{refund} was made twice at SEQR"
            if refund.status == R.REFUNDED and not made:
                yield f"{refund} is done here and was never made at SEQR"

    def _orders_follow(self, books: Books) -> Iterator[str]:
        for order in books.orders:
            invoices = books.of_order(order)
            state = OrderState(order.state)
            if any(each.status == S.PAID for each in invoices):
                if state not in PAID_STATES:
                    yield f"{order} is {state} and has a paid invoice"
                went_back = any(
                    books.refunds_of(each, R.REFUNDED) for each in invoices if each.status == S.PAID
                )
                if went_back and state in (OrderState.PAID, OrderState.SERVED):
                    yield f"{order} is {state}, though money went back"
                if not went_back and state in REFUNDED_STATES:
                    yield f"{order} is {state}, though nothing went back of what paid it"
            elif state in REFUNDED_STATES:
                yield f"{order} is {state}, and has no paid invoice"
            elif all(each.paid_at is None for each in invoices):
                expected = STATE_OF.get(S(invoices[-1].status), OrderState.AWAITING_PAYMENT)
                if state != expected:
                    yield f"{order} is {state}, its invoice is {invoices[-1].status}"

    def _every_change_has_its_event(self, books: Books) -> Iterator[str]:
        events = AuditEvent.objects.filter(pk__gt=self._last_event).exclude(
            subject_type=SubjectType.CALL
        )
        for event in events.order_by("pk"):
            self._last_event = event.pk
            key = (event.subject_type, event.subject_id)
            if not (event.from_state or event.to_state):
                continue
            if event.from_state and event.from_state != self._stories.get(key, event.from_state):
                yield f"{event}: it was {self._stories[key]}, not {event.from_state}"
            self._stories[key] = event.to_state
        rows = [
            *(
                (SubjectType.ORDER, each.pk, each.state, OrderState.CREATED)
                for each in books.orders
            ),
            *((SubjectType.INVOICE, each.pk, each.status, S.CREATED) for each in books.invoices),
            *((SubjectType.REFUND, each.pk, each.status, "") for each in books.refunds),
            *(
                (SubjectType.CASE, each.pk, "" if each.closed_at else "open", "")
                for each in books.cases
            ),
        ]
        for subject_type, pk, stands, began in rows:
            if self._stories.get((subject_type, pk), began) != stands:
                yield f"{subject_type} {pk} is {stands}, and no event says so"
