"""The page on which a shop gets another terminal."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form, ModelChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orders.audit import by_staff
from orders.models import Shop, Terminal
from payments.credential_check import check_stored_terminal
from payments.models import OPEN_STATUSES, Invoice
from payments.terminals import TerminalIsRetired, put_in_use
from seqrshop.backoffice.credentials_form import check_text
from seqrshop.backoffice.form_page import form_page
from seqrshop.backoffice.links import admin_url, page_url


class ShopTerminalForm(Form):
    """Another terminal of the shop's seller."""

    terminal = ModelChoiceField(Terminal.objects.none(), label=gettext_lazy("Terminal"))

    def __init__(self, shop: Shop, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        own = Terminal.objects.filter(seller=shop.seller_id, retired_at=None)
        self.fields["terminal"].queryset = own.exclude(pk=shop.terminal_id)  # type: ignore[attr-defined]


def terminal_page(request: HttpRequest, shop: Shop) -> HttpResponse:
    """Ask for another terminal, say what becomes of open payments, and put it in use.

    SEQR must accept the terminal, since the shop's next order depends on it.
    """
    form = ShopTerminalForm(shop, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _put_in_use(request, shop, form):
        return HttpResponseRedirect(page_url(shop))
    return form_page(
        request,
        shop,
        form,
        title=_("Change the terminal"),
        explanation=" ".join(_consequences(shop)),
        button=_("Change the terminal"),
        action_url=admin_url(Shop, "terminal", shop.pk),
    )


def _put_in_use(request: HttpRequest, shop: Shop, form: ShopTerminalForm) -> bool:
    terminal, source = form.cleaned_data["terminal"], by_staff(request.user)
    check = check_stored_terminal(terminal, source)
    if not check.is_accepted:
        reason = {"reason": check_text(check)}
        form.add_error("terminal", _("%(reason)s. The shop keeps its terminal.") % reason)
        return False
    try:
        put_in_use(shop.pk, terminal, source)
    except TerminalIsRetired:
        form.add_error("terminal", _("The terminal has just been retired."))
        return False
    text = _("New orders are now paid at the terminal %(terminal)s.")
    messages.success(request, text % {"terminal": terminal})
    return True


def _consequences(shop: Shop) -> list[str]:
    """Return what the change means for new orders, and for open payments."""
    number = Invoice.objects.filter(
        shop=shop, terminal=shop.terminal_id, status__in=OPEN_STATUSES
    ).count()
    open_payments = ngettext(
        "%(n)d open payment stays with %(terminal)s, which is called until it has ended and can "
        "no longer be refunded.",
        "%(n)d open payments stay with %(terminal)s, which is called until they have ended and can "
        "no longer be refunded.",
        number,
    )
    return [
        _("New orders are paid at the terminal that you choose."),
        *([open_payments % {"n": number, "terminal": shop.terminal}] if number else []),
        _("Payments that are not at SEQR yet are sent by the new terminal."),
    ]
