"""What the admin calls an event and its source, in the language of the staff.

In the table and the export they are names for programs, as `payment_confirmed`.
"""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import AuditEvent, OrderState, SubjectType
from payments.models import CaseKind

EVENTS = {
    # An invoice on its way to SEQR
    "sending_started": _("sending began"),
    "sending_failed": _("sending failed"),
    "sent": _("sent"),
    "sent_though_unwanted": _("sent though it was to be cancelled"),
    "stray_reference_canceled": _("stray reference cancelled"),
    "stray_reference_left": _("stray reference left at SEQR"),
    "refused_by_seqr": _("refused by SEQR"),
    "canceled_before_sending": _("cancelled before it was sent"),
    "expired_before_sending": _("time ran out before it was sent"),
    # What SEQR answers about it
    "issued_again": _("issued again"),
    "acknowledgment_awaited": _("waits for our answer"),
    "amount_reserved": _("amount reserved"),
    "partially_paid": _("partially paid"),
    "attention_needed": _("needs attention"),
    "payment_confirmed": _("payment confirmed"),
    "payment_reversed": _("payment reversed"),
    "possibly_reversed": _("possibly reversed"),
    "canceled_at_seqr": _("cancelled at SEQR"),
    "failed_at_seqr": _("failed at SEQR"),
    "expired_at_seqr": _("time ran out at SEQR"),
    "corrected_to_match_seqr": _("corrected to match SEQR"),
    "answer_after_order_was_paid": _("answer after the order was paid"),
    "unexpected_answer": _("unexpected answer"),
    # Its cancel
    "cancel_requested": _("cancel asked for"),
    "cancel_put_off": _("cancel put off"),
    "cancel_refused": _("cancel refused by SEQR"),
    "cancel_refused_as_paid": _("cancel refused, it is paid"),
    "cancel_confirmed": _("cancel confirmed"),
    "lifetime_ended": _("the time to pay ran out"),
    # What is reserved, the loyalty cards, the receipt
    "commit_started": _("taking the reserved amount"),
    "commit_not_done": _("reserved amount not taken"),
    "commit_outcome_unknown": _("reserved amount: outcome unknown"),
    "reservation_committed": _("reserved amount taken"),
    "loyalty_hook_failed": _("loyalty hook failed"),
    "card_recognised": _("card recognised"),
    "card_not_recognised": _("card not recognised"),
    "card_answer_put_off": _("answer about the card put off"),
    "card_answer_refused": _("answer about the card refused by SEQR"),
    "cards_answered": _("cards answered"),
    "discount_dropped": _("discount dropped"),
    "receipt_put_off": _("receipt put off"),
    "receipt_refused": _("receipt refused by SEQR"),
    "receipt_given_up": _("receipt given up"),
    "receipt_accepted": _("receipt accepted by SEQR"),
    # Refunds
    "refund_asked_for": _("refund asked for"),
    "refund_approved": _("refund approved"),
    "refund_withdrawn": _("refund withdrawn"),
    "refund_sending": _("refund being sent"),
    "refund_put_off": _("refund put off"),
    "refund_done": _("refund done"),
    "refund_refused": _("refund refused by SEQR"),
    "refund_outcome_unknown": _("refund's outcome unknown"),
    "refund_settled_as_done": _("refund settled: it went back"),
    "refund_settled_as_not_done": _("refund settled: it did not go back"),
    # Transaction periods
    "marking_started": _("closing began"),
    "marking_put_off": _("closing put off"),
    "period_left_out": _("period left out"),
    "period_marked": _("period closed"),
    "period_lost": _("period lost"),
    "period_found": _("period found"),
    "period_never_closed": _("period never closed"),
    "report_put_off": _("report put off"),
    "report_fetched_again": _("report fetched again"),
    "period_reconciled": _("period compared"),
    # Cases
    "case_closed": _("case closed"),
    "perhaps_this_sale": _("perhaps this sale"),
    "paying_closed": _("paying closed"),
    "paying_opened": _("paying opened"),
    "probe_refused": _("probe refused by SEQR"),
    "probe_unanswered": _("probe without a clear answer"),
}
SOURCES = {
    "customer": _("customer"),
    "staff": _("staff"),
    "page": _("the customer's page"),
    "notification": _("SEQR's notification"),
    "poller": _("poller"),
    "sweep": _("sweep"),
    "probe": _("probe"),
    "send_invoice": _("sending of the invoice"),
    "send_refund": _("sending of the refund"),
    "submit_receipt": _("sending of the receipt"),
    "answer_cards": _("answer to loyalty cards"),
    "reconciliation": _("reconciliation"),
}


def name_in_words(event: AuditEvent) -> str:
    """Return what happened. A call to SEQR keeps the name that SEQR gave the operation."""
    return event.name if event.subject_type == SubjectType.CALL else event_in_words(event.name)


def event_in_words(name: str) -> str:
    """Return the words for an event's name; the name itself, with spaces, if it has none."""
    state, kind = name.removeprefix("order_"), name.removesuffix("_case")
    if name in EVENTS:
        return str(EVENTS[name])
    if state != name and state in OrderState:
        return gettext("new state: %(state)s") % {"state": OrderState(state).label}
    if kind != name and kind in CaseKind:
        return gettext("case opened: %(kind)s") % {"kind": CaseKind(kind).label}
    return _with_spaces(name)


def source_in_words(source: str) -> str:
    """Return the words for what brought an event about; its name with spaces, if it has none."""
    return str(SOURCES.get(source, _with_spaces(source)))


def _with_spaces(name: str) -> str:
    return name.replace("_", " ")
