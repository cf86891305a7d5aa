"""Where a member of staff may act: the shops of a person, and the rows of those shops.

Permissions say what a person may do. `SHOP_SCOPES` says which rows belong to which shops. A person
bound to some shops gets the rows of these shops alone; any other row looks as if it did not exist.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest

from orders.models import (
    AuditEvent,
    Category,
    CodeRevision,
    Customer,
    OpeningException,
    OpeningHours,
    Option,
    OptionGroup,
    Order,
    OrderRow,
    PlannedPause,
    PriceChange,
    Product,
    QrCode,
    Seller,
    Shop,
    StaffAccess,
    Terminal,
)
from payments.models import (
    AccountPlan,
    DayClosing,
    ExportDelivery,
    ExportSchedule,
    Invoice,
    InvoiceDiscount,
    LoyaltyCard,
    MoneyCase,
    PeriodRow,
    PollShard,
    Refund,
    TransactionPeriod,
    VatAccounts,
)

M = TypeVar("M", bound=Model)
ShopIds = frozenset[int]
Scope = Callable[[ShopIds], Q]
"""Returns the condition that selects a model's rows of these shops."""


@dataclass(frozen=True)
class ShopAccess:
    """The shops of one person. `shop_ids` is empty for a person who has all shops."""

    all_shops: bool
    shop_ids: ShopIds = frozenset()

    @property
    def has_any(self) -> bool:
        """Whether the person has at least one shop."""
        return self.all_shops or bool(self.shop_ids)


def shop_access(request: HttpRequest) -> ShopAccess:
    """Return the shops of the person who makes the request; they are read once for a request."""
    access: ShopAccess | None = getattr(request, "shop_access", None)
    if access is None:
        access = _read_access(request.user)
        request.shop_access = access  # type: ignore[attr-defined]
    return access


def has_all_shops(request: HttpRequest) -> bool:
    """Return whether the person who makes the request has all shops."""
    return shop_access(request).all_shops


def own_rows(request: HttpRequest, rows: QuerySet[M]) -> QuerySet[M]:
    """Return those of the rows that belong to the person's shops.

    A model that `SHOP_SCOPES` does not name has none, except for a person with all shops.
    """
    return _rows_within(shop_access(request), rows)


def rows_of_person(user: Any, rows: QuerySet[M]) -> QuerySet[M]:
    """Return those of the rows that belong to a person's shops now, outside any request."""
    return _rows_within(_read_access(user), rows)


def _rows_within(access: ShopAccess, rows: QuerySet[M]) -> QuerySet[M]:
    if access.all_shops:
        return rows
    scope = SHOP_SCOPES.get(rows.model, needs_all_shops)
    return rows.filter(scope(access.shop_ids))


def needs_all_shops(_shop_ids: ShopIds) -> Q:
    """Select nothing: the rows concern every shop, so only a person with all shops has them."""
    return Q(pk__in=())


def _read_access(user: Any) -> ShopAccess:
    if user.is_superuser:
        return ShopAccess(all_shops=True)
    access = StaffAccess.objects.filter(user=user.pk).first()
    if access is None or access.all_shops:
        return ShopAccess(all_shops=access is not None)
    return ShopAccess(False, frozenset(access.shops.values_list("pk", flat=True)))


def _of_shop(path: str) -> Scope:
    """Return the scope of rows that belong to one shop; a row without one is in no scope."""
    return lambda shop_ids: Q(**{f"{path}__in": shop_ids})


def _terminals(shop_ids: ShopIds) -> QuerySet[Terminal]:
    """Return the terminals that have shops, and none but these."""
    shops = Shop.objects.filter(terminal=OuterRef("pk"))
    return Terminal.objects.filter(Exists(shops), ~Exists(shops.exclude(pk__in=shop_ids)))


def _periods(shop_ids: ShopIds) -> QuerySet[TransactionPeriod]:
    """Return the periods of these shops' own terminals, without another shop's payment.

    A shop may have left the terminal since, and its sales are in the reports of that time.
    """
    others = (
        ~Exists(PeriodRow.objects.filter(shops, period=OuterRef("pk")))
        for shops in _ranges_of_other_shops(shop_ids)
    )
    return TransactionPeriod.objects.filter(*others, terminal__in=_terminals(shop_ids))


def _ranges_of_other_shops(shop_ids: ShopIds) -> Iterator[Q]:
    """Yield the conditions that select the rows of all other shops.

    Each is a range of IDs, which an index looks up. It would read all rows to find that none has
    another ID than these.
    """
    ordered = sorted(shop_ids)
    if not ordered:
        return
    yield Q(shop__lt=ordered[0])
    for lower, upper in pairwise(ordered):
        yield Q(shop__gt=lower, shop__lt=upper)
    yield Q(shop__gt=ordered[-1])


def _cases(shop_ids: ShopIds) -> Q:
    """Select the cases about these shops' orders, about their own terminals and their periods."""
    without_order = Q(order=None)
    return (
        Q(order__shop__in=shop_ids)
        | (without_order & Q(period__in=_periods(shop_ids)))
        | (without_order & Q(period=None, terminal__in=_terminals(shop_ids)))
    )


SHOP_SCOPES: dict[type[Model], Scope] = {
    Shop: _of_shop("pk"),
    OpeningHours: _of_shop("shop"),
    OpeningException: _of_shop("shop"),
    PlannedPause: _of_shop("shop"),
    Category: _of_shop("shop"),
    Product: _of_shop("shop"),
    OptionGroup: _of_shop("shop"),
    Option: _of_shop("group__shop"),
    PriceChange: lambda ids: Q(product__shop__in=ids) | Q(option__group__shop__in=ids),
    QrCode: _of_shop("shop"),
    CodeRevision: _of_shop("code__shop"),
    Order: _of_shop("shop"),
    OrderRow: _of_shop("order__shop"),
    AuditEvent: _of_shop("order__shop"),
    Invoice: _of_shop("shop"),
    InvoiceDiscount: _of_shop("invoice__shop"),
    Refund: _of_shop("invoice__shop"),
    DayClosing: _of_shop("shop"),
    MoneyCase: _cases,
    TransactionPeriod: lambda shop_ids: Q(pk__in=_periods(shop_ids)),
    PeriodRow: lambda shop_ids: Q(period__in=_periods(shop_ids)),
    # A customer and a card belong to every shop, and so do the accounts at SEQR and the poller.
    Customer: needs_all_shops,
    LoyaltyCard: needs_all_shops,
    Seller: needs_all_shops,
    Terminal: needs_all_shops,
    PollShard: needs_all_shops,
    # An account plan is that of a seller, and a schedule goes on when its author has left.
    AccountPlan: needs_all_shops,
    VatAccounts: needs_all_shops,
    ExportSchedule: needs_all_shops,
    ExportDelivery: needs_all_shops,
    User: needs_all_shops,
    Group: needs_all_shops,
    Permission: needs_all_shops,
    StaffAccess: needs_all_shops,
}
