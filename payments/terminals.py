"""Keeps the rows of Terminal and Seller in step with the settings of the one-terminal shop."""

import logging

from django.conf import settings
from django.db import transaction

from orders.encryption import UnreadableSecret
from orders.models import Seller, Shop, Terminal

logger = logging.getLogger(__name__)


@transaction.atomic
def adopt_terminal_of_settings() -> Terminal | None:
    """Store the terminal and the reseller that the settings name; return the terminal, if any.

    The first start makes their rows. Later, a changed password is stored too, so that the rows
    suffice once the settings are gone. Another terminal in the settings takes over the shops of the
    former one, which keeps its password for its own invoices. Another reseller there takes over the
    terminal with its shops.
    """
    if not settings.SEQR_TERMINAL_ID:
        return None
    seller, _ = Seller.objects.get_or_create(reseller_id=settings.SEQR_RESELLER_ID)
    _store_reseller(seller)
    terminal, _ = Terminal.objects.get_or_create(
        principal_id=settings.SEQR_TERMINAL_ID, defaults={"seller": seller}
    )
    _store_terminal(terminal, seller)
    former = Terminal.objects.filter(is_from_settings=True).exclude(pk=terminal.pk).first()
    if former is not None:
        logger.info("terminal %s takes over the shops of terminal %s", terminal.pk, former.pk)
        Shop.objects.filter(terminal=former).update(terminal=terminal, seller=seller)
        Terminal.objects.filter(pk=former.pk).update(is_from_settings=False)
    Terminal.objects.filter(pk=terminal.pk).update(is_from_settings=True)
    return terminal


def _store_reseller(seller: Seller) -> None:
    try:
        is_stored = seller.reseller_password == settings.SEQR_RESELLER_PASSWORD
    except UnreadableSecret:
        is_stored = False
    if is_stored and seller.reseller_user_id == settings.SEQR_RESELLER_USER_ID:
        return
    seller.reseller_user_id = settings.SEQR_RESELLER_USER_ID
    seller.reseller_password = settings.SEQR_RESELLER_PASSWORD
    seller.save(update_fields=["reseller_user_id", "reseller_password_ciphertext"])


def _store_terminal(terminal: Terminal, seller: Seller) -> None:
    if terminal.seller_id != seller.pk:
        Terminal.objects.filter(pk=terminal.pk).update(seller=seller)
        Shop.objects.filter(terminal=terminal).update(seller=seller)
        terminal.seller = seller
    try:
        is_stored = terminal.password == settings.SEQR_TERMINAL_PASSWORD
    except UnreadableSecret:
        is_stored = False
    if is_stored and terminal.retired_at is None:
        return
    terminal.password = settings.SEQR_TERMINAL_PASSWORD
    terminal.retired_at = None
    terminal.save(update_fields=["password_ciphertext", "retired_at"])
