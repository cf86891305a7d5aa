"""Terminals: which one issues a shop's invoices, and when a replaced one is retired.

A replaced terminal is called until its last invoice has ended and its refunds' time is over. Then
it is retired: its password is deleted, and it is called no more. Locks are taken in this order: the
terminals by ID, then the shops, then a pause and its case.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q

from orders.audit import ChangeSource, record_event
from orders.clock import database_now
from orders.encryption import UnreadableSecret
from orders.models import EventName, Seller, Shop, SourceName, Terminal
from payments.availability.pause import end_pause_of_retired
from payments.availability.probe import schedule_probe_of
from payments.models import (
    CAPTURED_STATUSES,
    OPEN_STATUSES,
    UNRESOLVED_REFUND_STATUSES,
    Invoice,
    MoneyCase,
    PeriodStatus,
    Refund,
    TransactionPeriod,
)

logger = logging.getLogger(__name__)

OPERATOR = ChangeSource(SourceName.OPERATOR)
RECOVERY = ChangeSource(SourceName.RECOVERY)
# A person who enters a retired terminal's password has this long to request the refund.
MIN_USE = timedelta(days=1)
# SEQR may record a transaction this much later than the shop; a period is closed once a day.
RECORDING_MARGIN = timedelta(minutes=1)
MAX_COUNTED_PAYMENTS = 1000
_ENDED_PERIOD_STATUSES = (PeriodStatus.RECONCILED, PeriodStatus.VOID)


class TerminalOfAnotherSeller(Exception):
    """A shop's terminal is one of its seller's."""


class TerminalIsRetired(Exception):
    """A retired terminal takes no shop: it is called no more."""


@dataclass(frozen=True)
class Obligations:
    """What still hangs on a terminal, in numbers.

    `open_invoices` have not ended, or an answer about them is awaited. `recent_payments` may still
    be refunded, of which MAX_COUNTED_PAYMENTS are counted at most. `unfinished_periods` counts the
    transactions that no report contains yet as one. The settings override a terminal's row, so one
    that they name is in use.
    """

    is_in_settings: bool
    shops: int
    open_invoices: int
    recent_payments: int
    unfinished_refunds: int
    unfinished_periods: int
    open_cases: int

    @property
    def is_free(self) -> bool:
        """Whether nothing hangs on it, so that it can be retired."""
        return not any(
            (
                self.is_in_settings,
                self.shops,
                self.open_invoices,
                self.recent_payments,
                self.unfinished_refunds,
                self.unfinished_periods,
                self.open_cases,
            )
        )


def obligations_of(terminal: Terminal) -> Obligations:
    """Count what still hangs on a terminal."""
    invoices = Invoice.objects.filter(terminal=terminal)
    refundable_since = database_now() - timedelta(days=settings.TERMINAL_REFUND_DAYS)
    return Obligations(
        is_in_settings=terminal.principal_id == settings.SEQR_TERMINAL_ID,
        shops=terminal.shops.count(),
        open_invoices=invoices.filter(
            Q(status__in=OPEN_STATUSES) | Q(late_query_pending_since__isnull=False)
        ).count(),
        recent_payments=invoices.filter(status__in=CAPTURED_STATUSES, paid_at__gt=refundable_since)[
            :MAX_COUNTED_PAYMENTS
        ].count(),
        unfinished_refunds=Refund.objects.filter(
            invoice__terminal=terminal, status__in=UNRESOLVED_REFUND_STATUSES
        ).count(),
        unfinished_periods=_unfinished_periods(terminal),
        open_cases=MoneyCase.objects.filter(
            Q(invoice__terminal=terminal) | Q(period__terminal=terminal), closed_at=None
        ).count(),
    )


def _unfinished_periods(terminal: Terminal) -> int:
    """Count the periods without a report, and one more if the last transactions are in none yet."""
    periods = TransactionPeriod.objects.filter(terminal=terminal)
    unfinished = periods.exclude(status__in=_ENDED_PERIOD_STATUSES).count()
    last = _last_transaction_at(terminal)
    if last is not None:
        closed_after = Q(marking_started_at__gt=last + RECORDING_MARGIN)
        unfinished += not periods.filter(closed_after, status=PeriodStatus.RECONCILED).exists()
    return unfinished


def _last_transaction_at(terminal: Terminal) -> datetime | None:
    """Return the latest time at which SEQR may have recorded a payment or a refund."""
    payments = Invoice.objects.filter(terminal=terminal, status__in=CAPTURED_STATUSES)
    refunds = Refund.objects.filter(invoice__terminal=terminal, sent_at__isnull=False)
    paid_at = payments.aggregate(last=Max("paid_at"))["last"]
    sent_at = refunds.order_by("-sent_at").values_list("sent_at", flat=True).first()
    sent_until = refunds.filter(sent_until__isnull=False).aggregate(last=Max("sent_until"))["last"]
    return max(filter(None, (paid_at, sent_at, sent_until)), default=None)


@transaction.atomic
def add_terminal(terminal: Terminal, password: str, source: ChangeSource) -> None:
    """Store a new terminal with its password."""
    terminal.password = password
    terminal.save(force_insert=True)
    record_event(terminal, EventName.TERMINAL_ADDED, source)


@transaction.atomic
def add_shop(shop: Shop, source: ChangeSource) -> None:
    """Store a new shop with its terminal.

    Raises TerminalOfAnotherSeller and TerminalIsRetired.
    """
    _lock_for_shop(shop.terminal_id, shop.seller_id)
    shop.save(force_insert=True)
    record_event(shop.terminal, EventName.TERMINAL_TAKES_SHOP, source, detail=shop.name)


def put_in_use(shop_id: int, terminal: Terminal, source: ChangeSource) -> bool:
    """Let a terminal issue a shop's new invoices; return whether it did not do so before.

    Invoices that are sent keep their terminal; unsent ones are sent by the new one, as soon as
    recovery finds them. Raises TerminalOfAnotherSeller and TerminalIsRetired.
    """
    with transaction.atomic():
        seller_id = Shop.objects.values_list("seller_id", flat=True).get(pk=shop_id)
        _lock_for_shop(terminal.pk, seller_id)
        shop = Shop.objects.select_for_update(no_key=True).get(pk=shop_id)
        if terminal.pk == shop.terminal_id:
            return False
        _take_shop(shop, terminal, source)
    return True


def _lock_for_shop(terminal_id: int, seller_id: int) -> None:
    """Lock a terminal that is to take a shop of this seller, so that it is not retired now."""
    terminal = _lock_terminal(terminal_id)
    if terminal.seller_id != seller_id:
        raise TerminalOfAnotherSeller
    if terminal.retired_at is not None:
        raise TerminalIsRetired


def _lock_terminal(terminal_id: int) -> Terminal:
    return Terminal.objects.select_for_update(no_key=True).get(pk=terminal_id)


def _take_shop(shop: Shop, terminal: Terminal, source: ChangeSource) -> None:
    detail = f"{shop.name}, from {shop.terminal}"
    shop.terminal, shop.seller_id = terminal, terminal.seller_id
    shop.save(update_fields=["terminal", "seller"])
    record_event(terminal, EventName.TERMINAL_TAKES_SHOP, source, detail=detail)


def retire_free_terminals() -> None:
    """Retire the replaced terminals on which nothing hangs any more.

    A terminal is replaced that has issued invoices and has no shop. One whose password has been
    entered within MIN_USE is left: somebody may be about to refund a payment of it.
    """
    replaced = Terminal.objects.filter(
        Exists(Invoice.objects.filter(terminal=OuterRef("pk"))),
        ~Exists(Shop.objects.filter(terminal=OuterRef("pk"))),
        retired_at=None,
        added_at__lt=database_now() - MIN_USE,
    )
    for terminal_id in replaced.values_list("pk", flat=True):
        retire(terminal_id, RECOVERY)


@transaction.atomic
def retire(terminal_id: int, source: ChangeSource) -> bool:
    """Retire a terminal if nothing hangs on it, and delete its password; return whether it did.

    A pause of its payments ends too: it is probed no more.
    """
    terminal = _lock_terminal(terminal_id)
    if terminal.retired_at is not None or not obligations_of(terminal).is_free:
        return False
    terminal.retired_at = database_now()
    terminal.password = ""
    terminal.save(update_fields=["retired_at", "password_ciphertext"])
    record_event(terminal, EventName.TERMINAL_RETIRED, source)
    end_pause_of_retired(terminal_id, source)
    return True


@transaction.atomic
def set_password(terminal_id: int, password: str, source: ChangeSource) -> None:
    """Store a terminal's password, which the next call uses; a retired one is in use again.

    A pause of its payments is probed at once. Raises ValueError for an empty password.
    """
    if not password:
        raise ValueError("A terminal's password is not empty.")
    terminal = _lock_terminal(terminal_id)
    event = EventName.TERMINAL_PASSWORD_CHANGED
    if terminal.retired_at is not None:
        event = EventName.TERMINAL_REACTIVATED
        terminal.added_at, terminal.retired_at = database_now(), None
    terminal.password = password
    terminal.save(update_fields=["password_ciphertext", "added_at", "retired_at"])
    record_event(terminal, event, source)
    schedule_probe_of(terminal_id)


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
    terminal, is_new = Terminal.objects.get_or_create(
        principal_id=settings.SEQR_TERMINAL_ID, defaults={"seller": seller}
    )
    if is_new:
        record_event(terminal, EventName.TERMINAL_ADDED, OPERATOR)
    former = _lock_with_former(terminal)
    _take_seller(terminal, seller)
    _store_password(terminal, is_new=is_new)
    if former is not None:
        for shop in Shop.objects.select_for_update(no_key=True).filter(terminal=former):
            _take_shop(shop, terminal, OPERATOR)
        Terminal.objects.filter(pk=former.pk).update(is_from_settings=False)
    Terminal.objects.filter(pk=terminal.pk).update(is_from_settings=True)
    return terminal


def _lock_with_former(terminal: Terminal) -> Terminal | None:
    """Lock the settings' terminal and the one that they named before; return the latter."""
    both = Q(pk=terminal.pk) | Q(is_from_settings=True)
    locked = Terminal.objects.select_for_update(no_key=True).filter(both).order_by("pk")
    return next((each for each in locked if each.pk != terminal.pk), None)


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


def _take_seller(terminal: Terminal, seller: Seller) -> None:
    """Let another reseller of the settings take the terminal over, with its shops."""
    if terminal.seller_id != seller.pk:
        Terminal.objects.filter(pk=terminal.pk).update(seller=seller)
        Shop.objects.filter(terminal=terminal).update(seller=seller)
        terminal.seller = seller


def _store_password(terminal: Terminal, *, is_new: bool) -> None:
    try:
        is_stored = terminal.password == settings.SEQR_TERMINAL_PASSWORD
    except UnreadableSecret:
        is_stored = False
    if is_stored and terminal.retired_at is None:
        return
    if is_new:
        terminal.password = settings.SEQR_TERMINAL_PASSWORD
        terminal.save(update_fields=["password_ciphertext"])
    else:
        set_password(terminal.pk, settings.SEQR_TERMINAL_PASSWORD, OPERATOR)
