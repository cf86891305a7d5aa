"""The shop's own word on loyalty cards: LOYALTY_HOOK, asked so that it can break nothing.

The hook is a function of the order and the card's number. It returns the discounts, perhaps none,
or None for a card that it does not know. See docs/loyalty.md.

A card's number is personal: it stands in no log, no event and no error. So of what a hook raises,
only the kind and the place are told, since its text may name the card.
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

if TYPE_CHECKING:  # the hook is looked for while Django is still loading the models
    from orders.models import Order

HOOK_SECONDS = 3.0  # a customer waits at the till
AT_ONCE = 4  # hooks that never end take no more threads than these
LONGEST_NAME = 80
_ORE = Decimal("0.01")

_free = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Discount:
    """A row that takes something off. `amount` is below 0, in major units, VAT included.

    `vat_rate` is in per cent: a rate at which something was bought. Raises ValueError for what no
    receipt could say.
    """

    name_sv: str
    name_en: str
    amount: Decimal
    vat_rate: Decimal

    def __post_init__(self) -> None:
        for name in (self.name_sv, self.name_en):
            if not (isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isprintable()):
                raise ValueError(f"A name has 1 to {LONGEST_NAME} characters.")
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
    """The shop's hook gave nothing that can be used. The text says why, without the card."""


def find_hook() -> Hook | None:
    """Return the shop's hook, or None where it has none. Raises ImproperlyConfigured."""
    if not settings.LOYALTY_HOOK:
        return None
    try:
        hook: Any = import_string(settings.LOYALTY_HOOK)
    except Exception as error:  # whatever importing the shop's module may raise
        raise ImproperlyConfigured(f"LOYALTY_HOOK cannot be imported: {error}.") from error
    if not callable(hook):
        raise ImproperlyConfigured("LOYALTY_HOOK names something that is not a function.")
    found: Hook = hook
    return found


def discounts_for(order: Order, card: str) -> tuple[Discount, ...] | None:
    """Return what the shop takes off for a card, or None where it does not know the card.

    To be called outside any transaction: the hook may take HOOK_SECONDS. Raises HookFailed.
    """
    hook = find_hook()
    if hook is None:
        return None
    found = _ask(hook, order, card)
    if found is not None:
        _require_acceptable(order, found)
    return found


def _ask(hook: Hook, order: Order, card: str) -> tuple[Discount, ...] | None:
    """Ask the hook in a thread of its own, which is left behind where it does not end."""
    if not _free.acquire(timeout=HOOK_SECONDS):
        raise HookFailed(f"LOYALTY_HOOK has not ended for the {AT_ONCE} cards before")
    answers: queue.SimpleQueue[tuple[Discount, ...] | HookFailed | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            answer = _answer(hook, order, card)
        finally:
            connection.close()
            _free.release()
        answers.put(answer)

    threading.Thread(target=run, name="loyalty", daemon=True).start()
    try:
        answer = answers.get(timeout=HOOK_SECONDS)
    except queue.Empty:
        raise HookFailed(f"LOYALTY_HOOK took longer than {HOOK_SECONDS} seconds") from None
    if isinstance(answer, HookFailed):
        raise answer
    return answer


def _answer(hook: Hook, order: Order, card: str) -> tuple[Discount, ...] | HookFailed | None:
    try:
        found = hook(order, card)
        return None if found is None else tuple(found)
    except Exception as error:  # noqa: BLE001  # the shop's fault must not lose us a payment
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        return HookFailed(f"LOYALTY_HOOK raised {type(error).__name__} at {where}")


def _require_acceptable(order: Order, discounts: tuple[Discount, ...]) -> None:
    if not all(isinstance(each, Discount) for each in discounts):
        raise HookFailed("LOYALTY_HOOK returned something else than discounts")
    left: dict[Decimal, Decimal] = {}
    for row in order.rows.all():
        left[row.vat_rate] = left.get(row.vat_rate, Decimal(0)) + row.total
    for each in discounts:
        left[each.vat_rate] = left.get(each.vat_rate, Decimal(0)) + each.amount
        if left[each.vat_rate] < 0:
            raise HookFailed("LOYALTY_HOOK takes off more than was bought at a rate of VAT")
    if order.total + sum(each.amount for each in discounts) <= 0:
        raise HookFailed("LOYALTY_HOOK leaves nothing to pay")
