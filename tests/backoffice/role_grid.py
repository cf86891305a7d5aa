"""Each address of the back office, with the roles that may open it and those that may post to it.

Written by hand from the descriptions of the roles, not from the code that checks permissions. A
role stands by a letter, such as K for the kitchen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import site
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from payments.models import Refund

LETTERS = {
    "Viewer": "V",
    "Kitchen": "K",
    "Cashier": "C",
    "Shift leader": "L",
    "Owner": "O",
    "Accountant": "A",
    "Auditor": "U",
}
EVERYONE = "VKCLOAU"
MENU = "VKCLOU"  # see the menu, the shops and the codes
PAYMENTS = "CLOAU"
CASES = "LOAU"
BOOKS = "OAU"
TECHNICAL = "OU"
KITCHEN = "KCLO"
REFUND = "LO"
RECONCILE = "OA"
SIGN = "LOA"  # sign off a day
OWNER = "O"
NOBODY = ""
BACK_OFFICE = ("admin", "staff")


@dataclass(frozen=True)
class Access:
    """The letters of the roles that open an address, and of those that may post to it."""

    opens: str
    posts: str


def _same(letters: str) -> Access:
    return Access(letters, letters)


def _only_post(letters: str) -> Access:
    return Access(NOBODY, letters)


def _rows(
    name: str, sees: str, *, adds: str = "", changes: str = "", deletes: str = "", **pages: Access
) -> dict[str, Access]:
    """Return the pages of a model, of which each list takes posts: its actions."""
    found = {
        "changelist": _same(sees),
        "history": _same(sees),
        "change": Access(sees, changes),
        "add": _same(adds),
        "delete": _same(deletes),
        **pages,
    }
    return {f"admin:{name}_{page}": access for page, access in found.items()}


GRID: dict[str, Access] = {
    "admin:index": _same(EVERYONE),
    "admin:password_change": _same(EVERYONE),
    "admin:password_change_done": Access(EVERYONE, NOBODY),
    "admin:logout": _only_post(EVERYONE),
    "admin:login": _same(EVERYONE),  # leads to the first page
    "admin:jsi18n": Access(EVERYONE, NOBODY),
    "admin:autocomplete": Access(MENU, NOBODY),  # of products, here
    "admin:app_list": _same(EVERYONE),  # of orders, here
    **_rows("orders_auditevent", BOOKS, export=_same(BOOKS)),
    **_rows("orders_option", MENU, changes=OWNER, deletes=OWNER),
    **_rows("orders_optiongroup", MENU, adds=OWNER, changes=OWNER, deletes=OWNER),
    **_rows("orders_order", EVERYONE, receipt=_same(PAYMENTS)),
    **_rows("orders_product", MENU, changes=OWNER, deletes=OWNER),
    **_rows(
        "orders_qrcode",
        MENU,
        adds=OWNER,
        changes=OWNER,
        deletes=OWNER,
        svg=_same(MENU),
        png=_same(MENU),
    ),
    **_rows("orders_seller", BOOKS, adds=OWNER, changes=OWNER, deletes=OWNER),
    **_rows(
        "orders_shop",
        MENU,
        adds=OWNER,
        changes=OWNER,
        deletes=OWNER,
        start=Access(MENU, OWNER),  # shows the addresses and codes; a post makes codes
        terminal=_same(OWNER),
        hours=_same(OWNER),
        menu=Access(MENU, OWNER),  # offers the file; a post uploads one
        menu_preview=_same(OWNER),
        menu_export=_same(MENU),
    ),
    **_rows("orders_terminal", BOOKS, adds=OWNER, changes=OWNER, retire=_same(OWNER)),
    **_rows("payments_accountplan", BOOKS, changes=RECONCILE),
    **_rows("payments_exportschedule", BOOKS, adds=RECONCILE, changes=RECONCILE),
    **_rows("payments_invoice", PAYMENTS, refund=_same(REFUND), capture=_same(OWNER)),
    **_rows("payments_loyaltycard", TECHNICAL, adds=OWNER, deletes=OWNER),
    **_rows("payments_moneycase", CASES, changes=REFUND),  # a post closes the case
    **_rows("payments_periodrow", BOOKS),
    **_rows("payments_pollshard", TECHNICAL),
    **_rows("payments_refund", PAYMENTS, resolve=_same(OWNER), approvals=Access(PAYMENTS, OWNER)),
    **_rows("payments_transactionperiod", BOOKS, resolve=_same(RECONCILE)),
    **_rows("auth_group", TECHNICAL, adds=OWNER, changes=OWNER, deletes=OWNER),
    **_rows(
        "auth_user",
        TECHNICAL,
        adds=OWNER,
        changes=OWNER,
        deletes=OWNER,
        password_change=_same(OWNER),
        second_factor=_same(OWNER),
    ),
    # The files of a list's rows.
    **{
        f"admin:{name}_export_{ending}": _same(RECONCILE)
        for name in ("orders_order", "payments_invoice", "payments_moneycase", "payments_refund")
        for ending in ("csv", "xlsx")
    },
    "staff:search": _same(EVERYONE),
    "staff:today": _same(EVERYONE),
    "staff:kitchen": Access(KITCHEN, NOBODY),
    "staff:kitchen_board": Access(KITCHEN, NOBODY),
    "staff:kitchen_orders": Access(KITCHEN, NOBODY),
    "staff:kitchen_events": Access(KITCHEN, NOBODY),
    "staff:kitchen_pause": _only_post(KITCHEN),
    "staff:kitchen_step": _only_post(KITCHEN),
    "staff:closing": Access(CASES, NOBODY),
    "staff:closing_day": Access(CASES, NOBODY),
    "staff:closing_pdf": Access(CASES, NOBODY),
    "staff:closing_sign": _only_post(SIGN),
    "staff:closing_reopen": _only_post(RECONCILE),
    "staff:dashboard": Access(PAYMENTS, NOBODY),
    "staff:bulk_jobs": Access(EVERYONE, NOBODY),
    "staff:bulk_job": Access(EVERYONE, NOBODY),  # each person sees their own
    "staff:bulk_start": _only_post(KITCHEN),  # of an action that serves orders, here
    "staff:bulk_stop": _only_post(EVERYONE),
    "staff:customers": _same(OWNER),
    "staff:customer": _same(OWNER),
    "staff:customer_export": _only_post(OWNER),
    "staff:customer_erase": _same(OWNER),
    "staff:kept": _same(EVERYONE),
    "staff:tables": _same(OWNER),
    "staff:print_files": Access(OWNER, NOBODY),
    "staff:print_file": _same(OWNER),  # each person sees their own
    "staff:print_file_download": Access(OWNER, NOBODY),
    "staff:print_file_printed": _only_post(OWNER),
    "staff:exports": _same(RECONCILE),
    "staff:roles": _same(EVERYONE),
    "staff:invitation": _same(EVERYONE),
    "staff:second_factor": _same(EVERYONE),  # leads to the sign-in
    "staff:security": _same(EVERYONE),
    "staff:add_app": _same(EVERYONE),
    "staff:add_passkey": _same(EVERYONE),
    "staff:new_codes": _only_post(EVERYONE),
    "staff:sign_in_again": _only_post(EVERYONE),
    "staff:remove_factor": _only_post(EVERYONE),
}
# A stranger opens these; at each other address a person who is not signed in is asked to sign in.
FOR_STRANGERS = {
    "admin:login",
    "admin:logout",
    "staff:invitation",
    "staff:second_factor",
    "staff:sign_in_again",
}
# No page of the back office is about a row of the storefront.
WITHOUT_A_PAGE = {"admin:view_on_site"}
# Django leads an address without the last word on to the row, and any unknown one to a 404.
UNNAMED = {"<path:object_id>/", "(?P<url>.*)$"}

# What a form asks for, so that a post that is not refused changes something.
BODY = {
    "post": "yes",
    "amount": "1.00",
    "nonce": "nonce-of-the-form",
    "reason": "it was cold",
    "was_refunded": "yes",
    "closed": "no",
    "closing_reason": "all is well",
}
BODIES = {
    "staff:kitchen_step": {"step": "preparing", "change": "record"},
    "staff:kitchen_pause": {"minutes": "20"},
    "admin:payments_refund_approvals": {"decision": "approve"},
    "staff:print_file": {"layout": "GRID"},
}
QUERIES = {
    "admin:autocomplete": "?app_label=orders&model_name=orderrow&field_name=product&term=",
}


@dataclass(frozen=True)
class Rows:
    """The rows that addresses are about; `of_model` has one of each model, by its primary key."""

    of_model: Mapping[type[Model], object]
    slug: str
    order_id: int
    job_id: int
    customer_id: int
    file_id: int


@dataclass(frozen=True)
class Address:
    """An address of the back office: its name in GRID, and the names of its parameters."""

    name: str
    parameters: tuple[str, ...]

    @property
    def model(self) -> type[Model] | None:
        """The model of a page of the admin; None for an address of the site."""
        page = self.name.partition(":")[2]
        found = (
            model
            for model in site._registry
            if page.startswith(f"{model._meta.app_label}_{model._meta.model_name}_")
        )
        return next(found, None)

    def body(self, rows: Rows) -> dict[str, Any]:
        """Return the form about these rows."""
        return {**BODIES.get(self.name, BODY), "refund": rows.of_model[Refund]}

    def of(self, rows: Rows) -> str:
        """Return the address about these rows."""
        if self.name == "admin:app_list":
            return reverse(self.name, args=["orders"])
        values: dict[str, object] = {
            "slug": rows.slug,
            "job_id": rows.job_id,
            "customer_id": rows.customer_id,
            "file_id": rows.file_id,
            "day": timezone.localdate(),  # of the receipts
        }
        if self.model is not None:
            values = dict.fromkeys(self.parameters, rows.of_model[self.model])
        elif "order_id" in self.parameters:
            values["order_id"] = rows.order_id
        kwargs = {name: values[name] for name in self.parameters}
        return reverse(self.name, kwargs=kwargs) + QUERIES.get(self.name, "")


def addresses() -> list[Address]:
    """Return the addresses of GRID, with the parameters that their patterns have."""
    return [
        Address(name, tuple(pattern.pattern.converters))
        for name, pattern in patterns()
        if name in GRID
    ]


def patterns() -> Iterator[tuple[str, URLPattern]]:
    """Yield the name and the pattern of each address under /admin/ and /staff/."""
    for each in get_resolver().url_patterns:
        if isinstance(each, URLResolver) and each.app_name in BACK_OFFICE:
            for pattern in _below(each):
                yield f"{each.app_name}:{pattern.name or pattern.pattern}", pattern


def _below(resolver: URLResolver) -> Iterator[URLPattern]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from _below(each)
        else:
            yield each
