"""The page on which a terminal is retired."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from orders.audit import by_staff
from orders.models import Terminal
from payments.terminals import obligations_of, retire
from seqrshop.backoffice.form_page import form_page
from seqrshop.backoffice.forms import ConfirmationForm
from seqrshop.backoffice.links import admin_url, page_url
from seqrshop.backoffice.obligations import obligation_texts


def retire_page(request: HttpRequest, terminal: Terminal) -> HttpResponse:
    """Ask for confirmation, then retire a terminal; refuse while work is left for it."""
    if terminal.retired_at is not None:
        messages.info(request, _("The terminal is retired already."))
        return HttpResponseRedirect(page_url(terminal))
    if "confirmed" in request.POST and retire(terminal.pk, by_staff(request.user)):
        messages.success(request, _("The terminal is retired, and its password is deleted."))
        return HttpResponseRedirect(page_url(terminal))
    left = ", ".join(obligation_texts(obligations_of(terminal)))
    if left and "confirmed" in request.POST:
        text = _("Not retired. Work is left for the terminal: %(left)s.") % {"left": left}
        messages.error(request, text)
        return HttpResponseRedirect(page_url(terminal))
    return form_page(
        request,
        terminal,
        ConfirmationForm(initial={"confirmed": "yes"}),
        title=_("Retire the terminal?"),
        explanation=_explanation(left),
        button="" if left else _("Retire"),
        action_url=admin_url(Terminal, "retire", terminal.pk),
    )


def _explanation(left: str) -> str:
    if left:
        text = _(
            "Work is left for the terminal: %(left)s. It is retired by itself once none is left."
        )
        return text % {"left": left}
    return _(
        "The terminal is called no more, and its password is deleted. To use it again, enter the "
        "password on its page."
    )


def is_of_settings(terminal: Terminal) -> bool:
    """Return whether the settings have a stored terminal's password."""
    return terminal.pk is not None and terminal.principal_id == settings.SEQR_TERMINAL_ID
