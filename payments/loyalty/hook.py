"""LOYALTY_HOOK: the shop's function that decides about loyalty cards, called in isolation.

The hook gets the order and the card's number. It returns the discounts, possibly none, or None for
an unknown card. See docs/loyalty.md.

A card's number is personal data: it is in no log, no event and no error. The text of an exception
may contain it, so only the exception's class and line are recorded.
"""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils.module_loading import import_string

if TYPE_CHECKING:  # find_hook runs while Django loads the models
    from orders.models import Order

HOOK_TIMEOUT_SECONDS = 3.0  # a customer is waiting to pay
MAX_HOOK_THREADS = 4  # limits the threads of hooks that never end
MAX_NAME_LENGTH = 80
_ORE = Decimal("0.01")

_free_threads = threading.BoundedSemaphore(MAX_HOOK_THREADS)


@dataclass(frozen=True)
class Discount:
    """A row that lowers the price. `amount` is below 0, in major units, including VAT.

    `vat_rate` is in per cent. It must be the rate of a row of the order. Raises ValueError for
    values that a receipt cannot show.
    """

    name_sv: str
    name_en: str
    amount: Decimal
    vat_rate: Decimal

    def __post_init__(self) -> None:
        for name in (self.name_sv, self.name_en):
            if not (
                isinstance(name, str) and 0 < len(name) <= MAX_NAME_LENGTH and name.isprintable()
            ):
                raise ValueError(f"A name has 1 to {MAX_NAME_LENGTH} characters.")
        if not (_is_exact(self.amount) and self.amount < 0):
            raise ValueError("amount is a Decimal below 0 with two decimals at most.")
        if not (_is_exact(self.vat_rate) and 0 <= self.vat_rate < 100):
            raise ValueError("vat_rate is a Decimal from 0 to 99.99.")


def _is_exact(number: object) -> bool:
    return (
        isinstance(number, Decimal)
        and number.is_finite()
        and abs(number) < 10**8
        and number == number.quantize(_ORE)
    )


Hook = Callable[["Order", str], Iterable[Discount] | None]


class HookFailed(Exception):
    """The shop's hook failed. The text gives the reason, without the card's number."""


def find_hook() -> Hook | None:
    """Return the shop's hook, or None if there is none. Raises ImproperlyConfigured."""
    if not settings.LOYALTY_HOOK:
        return None
    try:
        hook: Any = import_string(settings.LOYALTY_HOOK)
    except Exception as error:  # the shop's module may raise anything
        raise ImproperlyConfigured(f"LOYALTY_HOOK cannot be imported: {error}.") from error
    if not callable(hook):
        raise ImproperlyConfigured("LOYALTY_HOOK names something that is not a function.")
    found: Hook = hook
    return found


def discounts_for(order: Order, card: str) -> tuple[Discount, ...] | None:
    """Return the shop's discounts for a card, or None for an unknown card.

    Call it outside any transaction: the hook may take HOOK_TIMEOUT_SECONDS. Raises HookFailed.
    """
    hook = find_hook()
    if hook is None:
        return None
    discounts = _call_with_timeout(hook, order, card)
    if discounts is not None:
        _require_acceptable(order, discounts)
    return discounts


def _call_with_timeout(hook: Hook, order: Order, card: str) -> tuple[Discount, ...] | None:
    """Call the hook in a thread of its own, which is abandoned after the timeout."""
    if not _free_threads.acquire(timeout=HOOK_TIMEOUT_SECONDS):
        raise HookFailed(f"LOYALTY_HOOK has not returned from {MAX_HOOK_THREADS} earlier calls")
    results: queue.SimpleQueue[tuple[Discount, ...] | HookFailed | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            result = _call(hook, order, card)
        finally:
            connection.close()
            _free_threads.release()
        results.put(result)

    threading.Thread(target=run, name="loyalty", daemon=True).start()
    try:
        result = results.get(timeout=HOOK_TIMEOUT_SECONDS)
    except queue.Empty:
        raise HookFailed(f"LOYALTY_HOOK took longer than {HOOK_TIMEOUT_SECONDS} seconds") from None
    if isinstance(result, HookFailed):
        raise result
    return result


def _call(hook: Hook, order: Order, card: str) -> tuple[Discount, ...] | HookFailed | None:
    try:
        discounts = hook(order, card)
        return None if discounts is None else tuple(discounts)
    except Exception as error:  # noqa: BLE001  # a broken hook must not cost a payment
        place = traceback.extract_tb(error.__traceback__)[-1]
        line = f"{Path(place.filename).name}, line {place.lineno}"
        return HookFailed(f"LOYALTY_HOOK raised {type(error).__name__} at {line}")


def goods_by_vat_rate(order: Order) -> dict[Decimal, Decimal]:
    """Return what an order's goods cost at each VAT rate, in major units: all but the tip."""
    goods: dict[Decimal, Decimal] = {}
    for row in order.rows.all():
        if not row.is_tip:
            goods[row.vat_rate] = goods.get(row.vat_rate, Decimal(0)) + row.total
    return goods


def _require_acceptable(order: Order, discounts: tuple[Discount, ...]) -> None:
    if not all(isinstance(each, Discount) for each in discounts):
        raise HookFailed("LOYALTY_HOOK returned something other than discounts")
    remaining = goods_by_vat_rate(order)
    for each in discounts:
        remaining[each.vat_rate] = remaining.get(each.vat_rate, Decimal(0)) + each.amount
        if remaining[each.vat_rate] < 0:
            raise HookFailed("LOYALTY_HOOK discounts more than was bought at a VAT rate")
    if order.total + sum(each.amount for each in discounts) <= 0:
        raise HookFailed("LOYALTY_HOOK leaves nothing to pay")
