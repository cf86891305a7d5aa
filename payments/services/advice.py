"""What a person does about each kind of case."""

from django.utils.translation import gettext_lazy as _

from payments.models import CaseKind

ADVICE = {
    CaseKind.PAID_THOUGH_CANCELED: _(
        "The money is ours and the order is paid. Serve it, or give the money back."
    ),
    CaseKind.SECOND_PAYMENT: _(
        "SEQR returns a payment that is not asked about. See in the shop's reports that it did; "
        "if it did not, give the money back."
    ),
    CaseKind.AMOUNT_DIFFERS: _(
        "Compare the invoice with SEQR's receipt, and settle the difference with the customer."
    ),
    CaseKind.POSSIBLY_REVERSED: _(
        "The customer may have paid and got the money back. Serve only what has been paid for, and "
        "see that the poller runs."
    ),
    CaseKind.PAID_WITHOUT_REFERENCE: _(
        "SEQR says paid and gives no reference. It is asked again each second; if this stays open, "
        "call SEQR."
    ),
    CaseKind.CONFIGURATION: _(
        "SEQR refuses our settings. Mend SEQR_TERMINAL_ID, its password or PUBLIC_BASE_URL, or "
        "call SEQR. Where paying is closed for it, it opens by itself once SEQR accepts them; "
        "“Check now” tries at once."
    ),
    CaseKind.UNKNOWN_AT_SEQR: _(
        "SEQR does not know the invoice. See that SEQR_SERVICE_URL is the right SEQR; ask once "
        "more, then cancel the invoice."
    ),
    CaseKind.REFUND_UNKNOWN: _(
        "The money may be on its way back or not; it is not sent again by itself. Look for the "
        "refund in the shop's reports at SEQR, then settle it with what you found."
    ),
    CaseKind.UNKNOWN_STATUS: _(
        "SEQR answers with a status that this version does not know. It is asked again each "
        "second; call SEQR if this stays open."
    ),
}
