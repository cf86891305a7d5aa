"""Role × page × action: what each ready-made role opens, adds and is offered, by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from orders.models import (
    AuditEvent,
    Option,
    OptionGroup,
    Order,
    Product,
    QrCode,
    Seller,
    Shop,
    Terminal,
)
from payments.loyalty import example
from payments.models import (
    AccountPlan,
    ExportSchedule,
    Invoice,
    LoyaltyCard,
    MoneyCase,
    PeriodRow,
    Refund,
    TransactionPeriod,
)
from payments.staff_roles import ROLES, save_roles
from tests.staff import admin_url, staff, user_of

pytestmark = pytest.mark.django_db
Models = set[type[Model]]

MENU: Models = {Order, Product, Option, OptionGroup, Shop, QrCode}
PAYMENTS: Models = {Invoice, Refund}
BOOKS: Models = {
    *(MoneyCase, TransactionPeriod, PeriodRow, AuditEvent, Seller, Terminal),
    *(AccountPlan, ExportSchedule),
}
LISTS: dict[str, Models] = {
    "Viewer": MENU,
    "Kitchen": MENU,
    "Cashier": MENU | PAYMENTS,
    "Shift leader": MENU | PAYMENTS | {MoneyCase},
    "Owner": {*site._registry},
    "Accountant": {Order} | PAYMENTS | BOOKS,
    "Auditor": {*site._registry},
}
ADDS: dict[str, Models] = {
    "Owner": {
        *(Group, LoyaltyCard, OptionGroup, QrCode, Seller, Shop, Terminal, User),
        ExportSchedule,
    },
    "Accountant": {ExportSchedule},
}
SERVE = {"mark_as_served"}
SELL = {"mark_sold_out", "mark_back_in_stock", "pause", "open"}
AT_COUNTER = {"check_with_seqr", "cancel_at_seqr"}
LEAD = {"refund", "withdraw", "check_payments"}
DECIDE = {"approve", "decline", "possibly_made", "resolve", "resolve_unknown_refund", "capture"}
CODES = {"regenerate", "regenerate_codes", "print_codes", "mark_printed", "mark_replaced"}
SETTINGS = CODES | {"retire", "delete_selected"}
ACTIONS: dict[str, set[str]] = {
    "Viewer": set(),
    "Kitchen": SERVE | SELL,
    "Cashier": SERVE | SELL | AT_COUNTER,
    "Shift leader": SERVE | SELL | AT_COUNTER | LEAD,
    "Owner": SERVE | SELL | AT_COUNTER | LEAD | DECIDE | SETTINGS | {"fetch_again"},
    "Accountant": {"fetch_again", "resolve"},
    "Auditor": set(),
}
each_role = pytest.mark.parametrize("role", [role.name for role in ROLES])


@pytest.fixture(autouse=True)
def _loyalty_cards_are_used(settings: Settings) -> None:
    settings.LOYALTY_HOOK = example.PATH


def browser_of(role: str) -> Client:
    """Return the browser of a person with this role alone, and all shops."""
    save_roles()
    client = staff()
    user_of(client).groups.set(Group.objects.filter(name=role))
    return client


def opened(client: Client, page: str) -> Models:
    """Return the models whose page of this name opens; every other one is refused with 403."""
    statuses = {model: client.get(admin_url(model, page)).status_code for model in site._registry}
    assert set(statuses.values()) <= {200, 403}
    return {model for model, status in statuses.items() if status == 200}


@each_role
def test_role_opens_these_lists_and_no_other(role: str) -> None:
    assert opened(browser_of(role), "changelist") == LISTS[role]


@each_role
def test_role_adds_these_rows_and_no_other(role: str) -> None:
    assert opened(browser_of(role), "add") == ADDS.get(role, set())


@each_role
def test_role_is_offered_these_actions_and_no_other(role: str) -> None:
    request: Any = RequestFactory().get("/")
    request.user = user_of(browser_of(role))

    offered = {
        name
        for model_admin in site._registry.values()
        if model_admin.has_view_permission(request)
        for name in model_admin.get_actions(request)
    }

    assert offered == ACTIONS[role]


@each_role
@pytest.mark.parametrize("page", ["admin:index", "staff:roles", "staff:security"])
def test_every_role_opens_the_pages_that_are_for_all(role: str, page: str) -> None:
    assert browser_of(role).get(reverse(page)).status_code == 200
