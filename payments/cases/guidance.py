"""Guidance for staff on each kind of payment case."""

from django.utils.translation import gettext_lazy as _

from payments.models import CaseKind

GUIDANCE = {
    CaseKind.PAID_THOUGH_CANCELED: _(
        "If the order is paid, serve it or refund the payment. If it is cancelled, SEQR has a "
        "payment that could not be recorded here, and does not return it automatically: ask SEQR, "
        "and settle with the customer. “Check with SEQR” records the payment once SEQR's answer "
        "is complete."
    ),
    CaseKind.DUPLICATE_PAYMENT: _(
        "SEQR returns a payment that we do not confirm, and the case then closes automatically, "
        "usually the next morning. If SEQR has kept the payment, refund it here; “Check with "
        "SEQR” shows it, from a minute after the case was opened."
    ),
    CaseKind.AMOUNT_DIFFERS: _(
        "Compare the payment with SEQR's receipt, and settle the difference with the customer. The "
        "customer is asked to talk to the staff, and cannot order again until the case is closed."
    ),
    CaseKind.AMOUNT_UNKNOWN: _(
        "SEQR confirms the payment, but its receipt has no readable amount. Serve the order. The "
        "case closes automatically when SEQR's report shows the right amount, usually the next "
        "morning."
    ),
    CaseKind.REFERENCE_TOO_LONG: _(
        "SEQR has confirmed the payment or the refund, and it counts: serve a paid order. Only the "
        "start of its reference is stored, with a checksum, because it is too long. A payment "
        "whose reference was shortened cannot be refunded here: ask SEQR to refund it. Report the "
        "reference to SEQR."
    ),
    CaseKind.PARTIAL_PAYMENT: _(
        "The customer has paid a part, and the payment then ended. Do not serve the order. Ask "
        "SEQR whether the customer has got the part back, and settle with the customer."
    ),
    CaseKind.POSSIBLY_REVERSED: _(
        "The customer may have paid and got the money back. Serve only what is paid for, and see "
        "that the payment checks are running. Closing the case cancels an order that needs "
        "attention; it can then be paid again."
    ),
    CaseKind.PAYMENT_UNCONFIRMED: _(
        "SEQR reported the payment as paid and now answers otherwise, or no longer answers: it "
        "may have returned the money. SEQR is checked for a day, and the case closes "
        "automatically if SEQR confirms the payment. Otherwise ask SEQR, and settle with the "
        "customer. Refunds of the payment wait, and are sent when the case is closed: withdraw "
        "them first if SEQR has returned the money."
    ),
    CaseKind.ANSWER_MISMATCH: _(
        "SEQR answered about another payment, and the answer was not used. Check the payment with "
        "SEQR, and report the mistake to SEQR. Closing the case ends a payment that is being "
        "cancelled, and the customer can order again."
    ),
    CaseKind.CANCEL_STUCK: _(
        "SEQR does not confirm that the payment is cancelled, so the customer cannot order again. "
        "See that SEQR answers, and accepts the terminal that the payment was made with. Closing "
        "the case ends the payment without SEQR's confirmation, and the customer can order again. "
        "SEQR returns a payment that the customer makes after that, or "
        "a new case is opened."
    ),
    CaseKind.PAID_WITHOUT_REFERENCE: _(
        "SEQR reports the payment as paid but gives no payment reference. SEQR is checked every "
        "second; call SEQR if the case stays open. Closing the case ends the payment without "
        "SEQR's confirmation, and the customer can order again."
    ),
    CaseKind.CONFIGURATION: _(
        "SEQR rejects the terminal or our settings. Enter the right password on the terminal's "
        "page, or correct the setting that has it, or PUBLIC_BASE_URL, or call SEQR. Only the "
        "shops of this terminal are paused. They resume automatically when SEQR accepts the "
        "terminal; “Check now” tries immediately."
    ),
    CaseKind.UNKNOWN_AT_SEQR: _(
        "SEQR cannot find the payment. See that SEQR_SERVICE_URL leads to the right SEQR, and "
        "check the payment with SEQR again. Closing the case ends the payment, and the customer "
        "can order again."
    ),
    CaseKind.REFUND_UNKNOWN: _(
        "It is not known whether the money was refunded, and the refund is not sent again "
        "automatically. Record the outcome: the page shows what SEQR's reports contain, usually "
        "the next morning."
    ),
    CaseKind.REFUNDS_HELD: _(
        "The database has lost transactions, so refunds that SEQR has made may look unsent. No "
        "refund is sent meanwhile. Compare the waiting refunds with SEQR's own list: mark each one "
        "that SEQR may have made as “Possibly made”, then record its outcome. Closing the case "
        "sends all the others. It closes automatically if SEQR's reports show which refunds were "
        "made."
    ),
    CaseKind.REFUND_STUCK: _(
        "Nothing has been refunded yet, and the customer is waiting. The refund is sent again "
        "automatically until SEQR accepts it. Otherwise call SEQR, or withdraw the refund and "
        "return the money another way."
    ),
    CaseKind.UNKNOWN_STATUS: _(
        "SEQR answers with a status that this version does not support. SEQR is checked every "
        "second; call SEQR if the case stays open. Closing the case ends the payment without "
        "SEQR's confirmation, and the customer can order again."
    ),
    CaseKind.LOST_PERIOD: _(
        "Ask SEQR whether it closed a transaction period at that time and with which ID, and "
        "record the outcome on the period's page. The period is not closed again automatically."
    ),
    CaseKind.REPORT_DIFFERS: _(
        "See the rows on the period's page, and ask SEQR about each. Missing payments may be in a "
        "period that another till closed. A row whose cashier is “certification” belongs to SEQR's "
        "certification and is no sale. Fetch the report again after a correction."
    ),
    CaseKind.RECONCILIATION_STUCK: _(
        "See that the seller's reseller account, its user and password are right, or call SEQR. "
        "The report is fetched again automatically for a day; after that, fetch it on the "
        "period's page. A report that is too large is not read: get it from SEQR and compare it "
        "by hand."
    ),
}
