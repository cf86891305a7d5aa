"""What a payment case is about, as one sentence in the reader's language.

The case's own `summary` is recorded when it is opened, in English, with SEQR's words.
"""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.models import CaseKind, Invoice, MoneyCase

UNKNOWN = "?"  # of a case without such a row

_SUMMARIES: dict[CaseKind, Promise] = {
    CaseKind.PAID_THOUGH_CANCELED: _(
        "The customer paid %(amount)s for a payment that was being cancelled."
    ),
    CaseKind.DUPLICATE_PAYMENT: _(
        "The order is paid, and SEQR has another payment of %(amount)s for it."
    ),
    CaseKind.AMOUNT_DIFFERS: _(
        "SEQR's receipt says %(paid_amount)s, and the payment was for %(amount)s."
    ),
    CaseKind.AMOUNT_UNKNOWN: _(
        "The payment of %(amount)s is paid, but SEQR's receipt has no readable amount."
    ),
    CaseKind.REFERENCE_TOO_LONG: _(
        "SEQR has confirmed the payment of %(amount)s under a reference that is too long to store."
    ),
    CaseKind.PARTIAL_PAYMENT: _(
        "The customer paid a part of %(amount)s, and the payment then ended."
    ),
    CaseKind.POSSIBLY_REVERSED: _(
        "The customer may have paid %(amount)s and got the money back from SEQR."
    ),
    CaseKind.PAYMENT_UNCONFIRMED: _(
        "SEQR confirmed the payment of %(amount)s, and no longer does."
    ),
    CaseKind.ANSWER_MISMATCH: _("SEQR answered about another payment than this one of %(amount)s."),
    CaseKind.CANCEL_STUCK: _("SEQR does not confirm that the payment of %(amount)s is cancelled."),
    CaseKind.PAID_WITHOUT_REFERENCE: _(
        "SEQR says that %(amount)s is paid, but gives no payment reference."
    ),
    CaseKind.CONFIGURATION: _("SEQR rejects the terminal %(terminal)s or our settings."),
    CaseKind.UNKNOWN_AT_SEQR: _("SEQR cannot find the payment of %(amount)s."),
    CaseKind.REFUND_UNKNOWN: _(
        "It is not known whether SEQR made the refund of %(refund_amount)s."
    ),
    CaseKind.REFUNDS_HELD: _(
        "The database has lost transactions, so no refund is sent until they are compared."
    ),
    CaseKind.REFUND_STUCK: _("SEQR has not accepted the refund of %(refund_amount)s yet."),
    CaseKind.UNKNOWN_STATUS: _(
        "SEQR answers with a status that is not supported, about the payment of %(amount)s."
    ),
    CaseKind.LOST_PERIOD: _(
        "SEQR may have closed the period of %(day)s, under an ID that is not known here."
    ),
    CaseKind.REPORT_DIFFERS: _("SEQR's report of %(day)s differs from our books."),
    CaseKind.RECONCILIATION_STUCK: _("SEQR's report of %(day)s is not available."),
}


def summary_of(case: MoneyCase) -> str:
    """Return what a case is about, with its amounts, in the reader's language."""
    invoice, refund, period = case.invoice, case.refund, case.period
    return str(_SUMMARIES[CaseKind(case.kind)]) % {
        "amount": _money(invoice.amount, invoice.currency) if invoice else UNKNOWN,
        "paid_amount": _paid(invoice),
        "refund_amount": _money(refund.amount, refund.currency) if refund else UNKNOWN,
        "terminal": case.terminal or UNKNOWN,
        "day": f"{period.day:%Y-%m-%d}" if period else UNKNOWN,
    }


def _paid(invoice: Invoice | None) -> str:
    if invoice is None or invoice.paid_amount is None:
        return UNKNOWN
    return _money(invoice.paid_amount, invoice.paid_currency)


def _money(amount: Decimal, currency: str) -> str:
    return f"{number_format(amount, 2)}\N{NO-BREAK SPACE}{currency}"
