from django.db import models
from django.utils.translation import gettext_lazy as _


class EventName(models.TextChoices):
    """Every event that the audit records, with its label for the staff.

    Calls to SEQR are recorded under SEQR's own operation names instead. `order_<state>` has a
    member for each OrderState, and `<kind>_case` one for each kind of money case.
    """

    # Orders
    ORDER_CREATED = "order_created", _("order to be paid")
    ORDER_SENDING = "order_sending", _("order being sent to SEQR")
    ORDER_AWAITING_PAYMENT = "order_awaiting_payment", _("order awaiting payment")
    ORDER_CANCEL_PENDING = "order_cancel_pending", _("order cancellation pending")
    ORDER_PAID = "order_paid", _("order paid")
    ORDER_PREPARING = "order_preparing", _("order being prepared")
    ORDER_READY = "order_ready", _("order ready")
    ORDER_SERVED = "order_served", _("order served")
    ORDER_STEP_UNDONE = "order_step_undone", _("step of the kitchen undone")
    ORDER_CANCELED = "order_canceled", _("order cancelled")
    ORDER_FAILED = "order_failed", _("order payment failed")
    ORDER_EXPIRED = "order_expired", _("order timed out")
    ORDER_PARTLY_REFUNDED = "order_partly_refunded", _("order partly refunded")
    ORDER_REFUNDED = "order_refunded", _("order refunded")
    ORDER_NEEDS_ATTENTION = "order_needs_attention", _("order needs attention")

    # Sending an invoice
    SENDING_STARTED = "sending_started", _("sending started")
    SENDING_FAILED = "sending_failed", _("sending failed")
    SENT = "sent", _("sent")
    SENT_AFTER_CANCEL_REQUEST = "sent_after_cancel_request", _("sent after the cancel request")
    STRAY_REFERENCE_CANCELED = "stray_reference_canceled", _("stray reference cancelled")
    STRAY_REFERENCE_NOT_CANCELED = (
        "stray_reference_not_canceled",
        _("stray reference not cancelled"),
    )
    REFUSED_BY_SEQR = "refused_by_seqr", _("refused by SEQR")
    CANCELED_BEFORE_SENDING = "canceled_before_sending", _("cancelled before sending")
    EXPIRED_BEFORE_SENDING = "expired_before_sending", _("timed out before sending")

    # SEQR's status of an invoice
    ISSUED_AGAIN = "issued_again", _("issued again")
    ACKNOWLEDGMENT_AWAITED = "acknowledgment_awaited", _("awaiting our acknowledgement")
    AMOUNT_RESERVED = "amount_reserved", _("amount reserved")
    PARTIALLY_PAID = "partially_paid", _("partially paid")
    ATTENTION_NEEDED = "attention_needed", _("needs attention")
    PAYMENT_CONFIRMED = "payment_confirmed", _("payment confirmed")
    PAYMENT_REVERSED = "payment_reversed", _("payment reversed")
    POSSIBLY_REVERSED = "possibly_reversed", _("possibly reversed")
    CANCELED_AT_SEQR = "canceled_at_seqr", _("cancelled at SEQR")
    FAILED_AT_SEQR = "failed_at_seqr", _("failed at SEQR")
    EXPIRED_AT_SEQR = "expired_at_seqr", _("timed out at SEQR")
    DUPLICATE_PAYMENT_FOUND = "duplicate_payment_found", _("duplicate payment found")
    DUPLICATE_PAYS_ORDER = "duplicate_pays_order", _("duplicate payment pays the order")
    CORRECTED_TO_MATCH_SEQR = "corrected_to_match_seqr", _("corrected to match SEQR")
    ANSWER_AFTER_ORDER_WAS_PAID = (
        "answer_after_order_was_paid",
        _("answered after the order was paid"),
    )
    UNEXPECTED_STATUS = "unexpected_status", _("unexpected status from SEQR")

    # Cancelling an invoice
    CANCEL_REQUESTED = "cancel_requested", _("cancellation requested")
    CANCEL_DEFERRED = "cancel_deferred", _("cancellation deferred")
    CANCEL_REFUSED = "cancel_refused", _("cancellation refused by SEQR")
    CANCEL_REFUSED_AS_PAID = "cancel_refused_as_paid", _("cancellation refused: it is paid")
    CANCEL_CONFIRMED = "cancel_confirmed", _("cancellation confirmed")
    LIFETIME_ENDED = "lifetime_ended", _("time to pay ran out")
    ENDED_BY_STAFF = "ended_by_staff", _("ended by staff without SEQR's confirmation")

    # Capturing a reserved amount
    CAPTURE_STARTED = "capture_started", _("capture started")
    CAPTURE_FAILED = "capture_failed", _("capture failed")
    CAPTURE_OUTCOME_UNKNOWN = "capture_outcome_unknown", _("capture outcome unknown")
    RESERVATION_CAPTURED = "reservation_captured", _("reserved amount captured")

    # Loyalty cards and discounts
    LOYALTY_HOOK_FAILED = "loyalty_hook_failed", _("loyalty hook failed")
    LOYALTY_CARD_RECOGNISED = "loyalty_card_recognised", _("loyalty card recognised")
    LOYALTY_CARD_NOT_RECOGNISED = "loyalty_card_not_recognised", _("loyalty card not recognised")
    LOYALTY_ANSWER_DEFERRED = "loyalty_answer_deferred", _("loyalty answer deferred")
    LOYALTY_ANSWER_REFUSED = "loyalty_answer_refused", _("loyalty answer refused by SEQR")
    LOYALTY_CARDS_ANSWERED = "loyalty_cards_answered", _("loyalty cards answered")
    DISCOUNT_DROPPED = "discount_dropped", _("discount dropped")

    # Submitting a receipt
    RECEIPT_DEFERRED = "receipt_deferred", _("receipt deferred")
    RECEIPT_REFUSED = "receipt_refused", _("receipt refused by SEQR")
    RECEIPT_ABANDONED = "receipt_abandoned", _("receipt abandoned")
    RECEIPT_ACCEPTED = "receipt_accepted", _("receipt accepted by SEQR")

    # Refunds
    REFUND_REQUESTED = "refund_requested", _("refund requested")
    REFUND_APPROVED = "refund_approved", _("refund approved")
    REFUND_WITHDRAWN = "refund_withdrawn", _("refund withdrawn")
    REFUND_SENDING_STARTED = "refund_sending_started", _("refund sending started")
    REFUND_DEFERRED = "refund_deferred", _("refund deferred")
    REFUND_COMPLETED = "refund_completed", _("refund completed")
    REFUND_REJECTED = "refund_rejected", _("refund refused by SEQR")
    REFUND_OUTCOME_UNKNOWN = "refund_outcome_unknown", _("refund outcome unknown")
    REFUND_POSSIBLY_MADE = "refund_possibly_made", _("refund possibly made in a lost transaction")
    REFUND_HOLD_EXTENDED = "refund_hold_extended", _("refunds' hold extended")
    REFUND_RESOLVED_AS_REFUNDED = (
        "refund_resolved_as_refunded",
        _("refund resolved: the money was refunded"),
    )
    REFUND_RESOLVED_AS_NOT_REFUNDED = (
        "refund_resolved_as_not_refunded",
        _("refund resolved: the money was not refunded"),
    )

    # Transaction periods
    MARKING_STARTED = "marking_started", _("closing started")
    MARKING_DEFERRED = "marking_deferred", _("closing deferred")
    PERIOD_SKIPPED = "period_skipped", _("period skipped")
    PERIOD_MARKED = "period_marked", _("period closed")
    PERIOD_LOST = "period_lost", _("period lost")
    PERIOD_FOUND = "period_found", _("period found")
    PERIOD_NEVER_CLOSED = "period_never_closed", _("period never closed")
    REPORT_REQUESTED = "report_requested", _("report requested")
    REPORT_DEFERRED = "report_deferred", _("report deferred")
    REPORT_FETCHED_AGAIN = "report_fetched_again", _("report fetched again")
    PERIOD_RECONCILED = "period_reconciled", _("period reconciled")

    # Closing a day
    DAY_SIGNED = "day_signed", _("day signed off")
    DAY_REOPENED = "day_reopened", _("day re-opened")

    # Money cases
    PAID_THOUGH_CANCELED_CASE = (
        "paid_though_canceled_case",
        _("case opened: paid although a cancellation was requested"),
    )
    DUPLICATE_PAYMENT_CASE = (
        "duplicate_payment_case",
        _("case opened: duplicate payment of an order"),
    )
    AMOUNT_DIFFERS_CASE = "amount_differs_case", _("case opened: another amount was paid")
    AMOUNT_UNKNOWN_CASE = "amount_unknown_case", _("case opened: paid amount unknown")
    REFERENCE_TOO_LONG_CASE = (
        "reference_too_long_case",
        _("case opened: reference too long to be stored"),
    )
    PARTIAL_PAYMENT_CASE = "partial_payment_case", _("case opened: partial payment ended")
    POSSIBLY_REVERSED_CASE = "possibly_reversed_case", _("case opened: payment possibly reversed")
    PAYMENT_UNCONFIRMED_CASE = (
        "payment_unconfirmed_case",
        _("case opened: SEQR no longer confirms the payment"),
    )
    ANSWER_MISMATCH_CASE = (
        "answer_mismatch_case",
        _("case opened: SEQR answered about another payment"),
    )
    CANCEL_STUCK_CASE = "cancel_stuck_case", _("case opened: payment cannot be cancelled")
    PAID_WITHOUT_REFERENCE_CASE = (
        "paid_without_reference_case",
        _("case opened: paid without a reference"),
    )
    CONFIGURATION_CASE = "configuration_case", _("case opened: SEQR rejects our settings")
    UNKNOWN_AT_SEQR_CASE = "unknown_at_seqr_case", _("case opened: SEQR cannot find the payment")
    REFUND_UNKNOWN_CASE = "refund_unknown_case", _("case opened: refund outcome unknown")
    REFUNDS_HELD_CASE = (
        "refunds_held_case",
        _("case opened: refunds on hold after lost transactions"),
    )
    REFUND_STUCK_CASE = "refund_stuck_case", _("case opened: refund stuck")
    UNKNOWN_STATUS_CASE = "unknown_status_case", _("case opened: unknown status from SEQR")
    LOST_PERIOD_CASE = "lost_period_case", _("case opened: transaction period lost")
    REPORT_DIFFERS_CASE = (
        "report_differs_case",
        _("case opened: SEQR's report differs from our books"),
    )
    RECONCILIATION_STUCK_CASE = (
        "reconciliation_stuck_case",
        _("case opened: SEQR's report is unavailable"),
    )
    CASE_CLOSED = "case_closed", _("case closed")
    POSSIBLE_MATCHING_SALE = "possible_matching_sale", _("possible matching sale")

    # Terminals
    TERMINAL_ADDED = "terminal_added", _("terminal added")
    TERMINAL_PASSWORD_CHANGED = "terminal_password_changed", _("terminal's password changed")
    TERMINAL_TAKES_SHOP = "terminal_takes_shop", _("terminal takes over a shop")
    TERMINAL_RETIRED = "terminal_retired", _("terminal retired")
    TERMINAL_REGISTERED = "terminal_registered", _("cash register registered with SEQR")
    SEQR_ID_ASSIGNED = "seqr_id_assigned", _("SEQR ID assigned to a terminal")
    TERMINAL_UNREGISTERED = "terminal_unregistered", _("cash register removed from SEQR")
    TERMINAL_REACTIVATED = "terminal_reactivated", _("terminal in use again")

    # Pausing payments
    PAYMENTS_PAUSED = "payments_paused", _("payments paused")
    PAYMENTS_RESUMED = "payments_resumed", _("payments resumed")
    PROBE_REFUSED = "probe_refused", _("probe refused by SEQR")
    PROBE_UNANSWERED = "probe_unanswered", _("probe without a clear answer")

    # People and signing in
    COLLEAGUE_INVITED = "colleague_invited", _("colleague invited")
    INVITATION_WITHDRAWN = "invitation_withdrawn", _("invitation withdrawn")
    INVITATION_ACCEPTED = "invitation_accepted", _("invitation accepted")
    PASSWORD_LINK_CREATED = "password_link_created", _("link for a new password created")
    PASSWORD_CHANGED = "password_changed", _("password changed")
    RIGHTS_CHANGED = "rights_changed", _("roles or shops changed")
    SIGNED_IN = "signed_in", _("signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
    SIGN_IN_REFUSED = "sign_in_refused", _("sign-in refused after too many failures")
    SIGNED_OUT = "signed_out", _("signed out")
    SESSION_ENDED = "session_ended", _("session ended")
    SECOND_FACTOR_FAILED = "second_factor_failed", _("second factor failed")
    SECOND_FACTOR_RESET = "second_factor_reset", _("second factor reset")
    AUTHENTICATOR_ADDED = "authenticator_added", _("authenticator app added")
    AUTHENTICATOR_REMOVED = "authenticator_removed", _("authenticator app removed")
    PASSKEY_ADDED = "passkey_added", _("passkey added")
    PASSKEY_REMOVED = "passkey_removed", _("passkey removed")
    RECOVERY_CODES_CREATED = "recovery_codes_created", _("recovery codes created")
    RECOVERY_CODE_USED = "recovery_code_used", _("recovery code used")

    # Files of exports and of codes for a printer
    EXPORT_STARTED = "export_started", _("export started")
    EXPORT_MADE = "export_made", _("export made")
    PRINT_FILE_MADE = "print_file_made", _("print file made")

    # The audit itself
    AUDIT_PRUNED = "audit_pruned", _("old events removed from the audit")

    # Customers' personal data
    CUSTOMER_ERASED = "customer_erased", _("customer's personal data erased")
    CUSTOMER_EXPORTED = "customer_exported", _("customer's data exported")
