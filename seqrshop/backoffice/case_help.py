"""What helps with a payment case: its two amounts, the one action to take, and its effect."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from payments.balance import captured_amount, refundable_amount
from payments.invoices.resolve_attention import ENDING_CASE_KINDS
from payments.models import UNSENT_REFUND_STATUSES, CaseKind, Invoice, MoneyCase, Refund
from seqrshop.backoffice.formatting import money
from seqrshop.backoffice.links import admin_url, list_url, page_url

CHECK, REFUND, RESOLVE, PROBE = (
    "check_with_seqr",
    "refund",
    "resolve_unknown_refund",
    "check_payments",
)

EFFECTS: dict[str, Promise] = {
    CHECK: _("Asks SEQR for the payment's status now, and records the answer. No money moves."),
    REFUND: _("Shows the refund before it is made. The customer then gets the money back."),
    RESOLVE: _("You record whether SEQR made the refund. It is never sent again."),
    PROBE: _("Tries SEQR now. If SEQR accepts the terminal, payments work again at once."),
}
# The actions that help with a case, the best first; the page has the first one that is possible.
_BEST: dict[CaseKind, tuple[str, ...]] = {
    CaseKind.PAID_THOUGH_CANCELED: (REFUND, CHECK),
    CaseKind.DUPLICATE_PAYMENT: (REFUND, CHECK),
    CaseKind.PAYMENT_UNCONFIRMED: (CHECK,),
    CaseKind.ANSWER_MISMATCH: (CHECK,),
    CaseKind.CANCEL_STUCK: (CHECK,),
    CaseKind.PAID_WITHOUT_REFERENCE: (CHECK,),
    CaseKind.POSSIBLY_REVERSED: (CHECK,),
    CaseKind.UNKNOWN_AT_SEQR: (CHECK,),
    CaseKind.UNKNOWN_STATUS: (CHECK,),
    CaseKind.CONFIGURATION: (PROBE,),
    CaseKind.REFUND_UNKNOWN: (RESOLVE,),
}
CLOSING_EFFECTS: dict[CaseKind, Promise] = {
    CaseKind.AMOUNT_DIFFERS: _("Closing the case lets the order go on as paid."),
    CaseKind.POSSIBLY_REVERSED: _(
        "Closing the case cancels an order that needs attention; it can then be paid again."
    ),
    CaseKind.PAYMENT_UNCONFIRMED: _("Closing the case sends the refunds that wait for it."),
    CaseKind.REFUNDS_HELD: _("Closing the case sends all refunds that wait."),
    **dict.fromkeys(
        ENDING_CASE_KINDS,
        _(
            "Closing the case ends an open payment, if need be without SEQR's confirmation, and "
            "the customer can order again."
        ),
    ),
}
CLOSING_ONLY = _("Closing the case changes nothing else.")


@dataclass(frozen=True)
class CaseAmount:
    """One side of a case's money: whose figure it is, and the figure, or why there is none."""

    label: str | Promise
    value: str | Promise


@dataclass(frozen=True)
class CaseHelp:
    """The action that helps: one of the page's actions, or a link to the page where it is taken.

    Both are empty if there is none, and closing the case is what is left.
    """

    action: str = ""
    url: str = ""
    label: str | Promise = ""
    effect: str | Promise = ""


def amounts_of(case: MoneyCase) -> tuple[CaseAmount, ...]:
    """Return our amount and SEQR's for a case about a payment or a refund; none for another."""
    if case.refund is not None:
        made = case.refund.refunded_at is not None
        requested = money(case.refund.amount, case.refund.currency)
        return (
            CaseAmount(_("Refund requested here"), requested),
            CaseAmount(_("Refunded by SEQR"), requested if made else _("not known")),
        )
    invoice = case.invoice
    if invoice is None:
        return ()
    return (
        CaseAmount(_("In our books"), money(invoice.amount, invoice.currency)),
        CaseAmount(_("According to SEQR"), _amount_at_seqr(invoice)),
    )


def help_for(request: HttpRequest, case: MoneyCase, actions: tuple[str, ...]) -> CaseHelp:
    """Return what helps most with an open case, of the actions that the person may take."""
    kind = CaseKind(case.kind)
    overpaid = _overpaid(case)
    if kind == CaseKind.AMOUNT_DIFFERS and overpaid and REFUND in actions:
        return overpaid
    for action in _BEST.get(kind, ()):
        if action in actions:
            return CaseHelp(action=action, effect=EFFECTS[action])
    return _linked_help(request, case, kind)


def closing_effect(case: MoneyCase) -> str | Promise:
    """Return what closing a case does."""
    return CLOSING_EFFECTS.get(CaseKind(case.kind), CLOSING_ONLY)


def _amount_at_seqr(invoice: Invoice) -> str | Promise:
    if invoice.paid_amount is not None:
        return money(invoice.paid_amount, invoice.paid_currency)
    return _("paid, amount not known") if captured_amount(invoice) else _("not known as paid")


def _overpaid(case: MoneyCase) -> CaseHelp | None:
    """Return the refund of what a customer paid above the price, if there is such an amount."""
    invoice = case.invoice
    if invoice is None or invoice.paid_amount is None or invoice.paid_currency != invoice.currency:
        return None
    difference = min(invoice.paid_amount - invoice.amount, refundable_amount(invoice))
    if difference <= Decimal(0):
        return None
    address = admin_url(Invoice, "refund", invoice.pk)
    return CaseHelp(
        url=f"{address}?{urlencode({'amount': str(difference)})}",
        label=_("Refund the difference, %(amount)s")
        % {"amount": money(difference, invoice.currency)},
        effect=EFFECTS[REFUND],
    )


def _linked_help(request: HttpRequest, case: MoneyCase, kind: CaseKind) -> CaseHelp:
    """Return the page on which a case is resolved that has no action of its own."""
    may = request.user.has_perm
    if kind == CaseKind.REFUND_STUCK and case.refund and may("payments.view_refund"):
        return CaseHelp(
            url=page_url(case.refund),
            label=_("Open the refund"),
            effect=_("You can withdraw it there, and return the money another way."),
        )
    if kind == CaseKind.REFUNDS_HELD and may("payments.view_refund"):
        return CaseHelp(
            url=list_url(Refund, status__in=",".join(UNSENT_REFUND_STATUSES)),
            label=_("Open the refunds that wait"),
            effect=_("Mark each one that SEQR may have made, before you close the case."),
        )
    if case.period is not None and may("payments.view_transactionperiod"):
        return CaseHelp(
            url=page_url(case.period),
            label=_("Open the period"),
            effect=_("It shows each row of SEQR's report beside our books."),
        )
    return CaseHelp()
