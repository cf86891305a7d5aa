"""What a person does about each kind of case."""

from django.utils.translation import gettext_lazy as _

from payments.models import CaseKind

ADVICE = {
    CaseKind.PAID_THOUGH_CANCELED: _(
        "The money is ours and the order is paid. Serve it, or give the money back."
    ),
    CaseKind.SECOND_PAYMENT: _(
        "SEQR returns a payment that is not asked about. This closes by itself once SEQR's reports "
        "show that it did, usually the next morning; if they show a sale, give the money back."
    ),
    CaseKind.AMOUNT_DIFFERS: _(
        "Compare the invoice with SEQR's receipt, and settle the difference with the customer, who "
        "reads that the staff can help, and cannot order anew until this is closed."
    ),
    CaseKind.POSSIBLY_REVERSED: _(
        "The customer may have paid and got the money back. Serve only what has been paid for, and "
        "see that the poller runs. An order that needs attention is cancelled by closing this, and "
        "can then be paid again."
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
        "The money may be on its way back or not; it is not sent again by itself. Settle it: the "
        "page shows what SEQR's reports tell of it, usually the next morning."
    ),
    CaseKind.REFUND_STUCK: _(
        "Nothing has gone back yet, and the customer waits. It is sent again by itself until SEQR "
        "takes it; else call SEQR, or withdraw it and give the money back another way."
    ),
    CaseKind.UNKNOWN_STATUS: _(
        "SEQR answers with a status that this version does not know. It is asked again each "
        "second; call SEQR if this stays open."
    ),
    CaseKind.LOST_PERIOD: _(
        "Ask SEQR whether it closed a transaction period then and under which id, and enter that "
        "on the period's page. It is not closed again by itself."
    ),
    CaseKind.REPORT_DIFFERS: _(
        "See the period's page for the rows. Ask SEQR about each; fetch the report again once "
        "something was mended."
    ),
    CaseKind.RECONCILIATION_STUCK: _(
        "See that SEQR_RESELLER_ID, its user and password are right, or call SEQR. It is tried "
        "again by itself for a day; then fetch the report on the period's page."
    ),
}
