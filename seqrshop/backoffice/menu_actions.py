"""Actions of staff on a product, an option, a shop or a printed code, and their results."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource
from orders.codes.generate import generate
from orders.codes.prints import latest_revisions, mark_printed, mark_replaced
from orders.models import Option, Product, QrCode, RevisionReason, Shop
from orders.services import mark_paused, mark_sold_out
from seqrshop.backoffice.action_results import ActionResult, log_change

NOTHING_TO_CHANGE = _("Nothing to change")


def sell_out(sold: Product | Option, source: ChangeSource) -> ActionResult:
    """Show a product or an option as sold out."""
    with transaction.atomic():
        is_changed = mark_sold_out(sold, sold_out=True)
        return _logged(sold, source, is_changed, _("Marked as sold out"))


def bring_back_in_stock(sold: Product | Option, source: ChangeSource) -> ActionResult:
    """Offer a product or an option again."""
    with transaction.atomic():
        is_changed = mark_sold_out(sold, sold_out=False)
        return _logged(sold, source, is_changed, _("Back in stock"))


def pause_shop(shop: Shop, source: ChangeSource) -> ActionResult:
    """Stop orders at a shop until it is opened."""
    with transaction.atomic():
        return _logged(shop, source, mark_paused(shop, paused=True), _("Paused"))


def open_shop(shop: Shop, source: ChangeSource) -> ActionResult:
    """Accept orders again at a shop, within its opening hours."""
    with transaction.atomic():
        return _logged(shop, source, mark_paused(shop, paused=False), _("Opened"))


def regenerate(code: QrCode, source: ChangeSource) -> ActionResult:
    """Regenerate a code, unless it would break SEQR's print rules."""
    with transaction.atomic():
        try:
            generate(code, RevisionReason.REGENERATED, source.actor)
        except ValidationError as error:
            reason = {"reason": " ".join(error.messages)}
            return messages.ERROR, _("Code left unchanged (%(reason)s)") % reason
        return _logged(code, source, True, _("Code regenerated"))


def mark_code_printed(code: QrCode, source: ChangeSource) -> ActionResult:
    """Record that the code as it is now hangs in the shop."""
    with transaction.atomic():
        latest = latest_revisions(QrCode.objects.filter(pk=code.pk))
        number = mark_printed(latest.values_list("pk", flat=True), source.actor)
        return _logged(code, source, number > 0, _("Marked as printed"))


def mark_prints_replaced(code: QrCode, source: ChangeSource) -> ActionResult:
    """Record that the code's prints with a former content are taken down."""
    with transaction.atomic():
        number = mark_replaced(code, source.actor)
        return _logged(code, source, number > 0, _("Old prints replaced"))


def _logged(
    row: Product | Option | Shop | QrCode,
    source: ChangeSource,
    is_changed: bool,
    text: str | Promise,
) -> ActionResult:
    """Return the result of a change, which is logged if there was one."""
    if not is_changed:
        return messages.INFO, NOTHING_TO_CHANGE
    log_change(row, source, text)
    return messages.SUCCESS, text
