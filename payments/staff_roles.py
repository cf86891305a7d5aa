"""The ready-made roles of staff: what each may do, in one place.

`manage.py migrate` stores each role as a group with exactly these permissions, after every run. So
a role follows a new version of the shop. Staff cannot change a ready-made role; they may add groups
of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Permissions = frozenset[str]
"""Permissions such as `orders.view_order`, as `User.has_perm` takes them."""

READ = ("view",)
EDIT = ("add", "change", "delete", "view")
CHANGES = ("add", "change", "delete")


def _on(app: str, models: str, actions: Iterable[str]) -> Permissions:
    """Return the permissions for these actions on these models, such as `orders.view_order`."""
    return frozenset(f"{app}.{action}_{model}" for model in models.split() for action in actions)


SEE_ORDERS = _on("orders", "order orderrow", READ)
_HOURS = "openinghours openingexception plannedpause"
SEE_MENU = _on(
    "orders", f"product category optiongroup option shop qrcode pricechange {_HOURS}", READ
)
SEE_PAYMENTS = _on("payments", "invoice invoicediscount refund", READ)
SEE_BOOKS = (
    _on("payments", "moneycase transactionperiod periodrow dayclosing", READ)
    | _on("payments", "accountplan exportschedule", READ)
    | _on("orders", "seller terminal auditevent", READ)
)  # fmt: skip
SEE_PEOPLE = _on("auth", "user group", READ)
SEE_TECHNICAL = _on("payments", "pollshard loyaltycard", READ)
WORK_IN_KITCHEN = frozenset(
    {"orders.serve_order", "orders.sell_out_product", "orders.sell_out_option", "orders.pause_shop"}
)
WORK_AT_COUNTER = frozenset({"payments.check_invoice", "payments.cancel_invoice"})
LEAD_SHIFT = frozenset(
    {
        "payments.request_refund",
        "payments.close_moneycase",
        "payments.check_paymentpause",
        "payments.sign_dayclosing",
    }
)
RECONCILE = frozenset(
    {
        "payments.reconcile_transactionperiod",
        "payments.sign_dayclosing",
        "payments.reopen_dayclosing",
    }
)
EXPORT_BOOKS = (
    frozenset({"payments.export_books", "payments.change_accountplan"})
    | _on("payments", "exportschedule", ("add", "change"))
)  # fmt: skip
DECIDE_ABOUT_MONEY = frozenset(
    {
        "payments.approve_refund",
        "payments.resolve_unknown_refund",
        "payments.capture_invoice",
    }
)
ANSWER_CUSTOMERS = frozenset({"orders.export_customer", "orders.erase_customer"})
EDIT_MENU = (
    _on("orders", f"product category optiongroup option qrcode {_HOURS}", EDIT)
    | _on("orders", "pricechange", ("add", "delete", "view"))
)  # fmt: skip
EDIT_SETTINGS = (
    _on("orders", "shop seller", EDIT)
    | _on("orders", "terminal", ("add", "change", "view"))
    | _on("payments", "loyaltycard", EDIT)
    | _on("auth", "user group", EDIT)
)

# Django makes these permissions for every model; no page of the back office asks for them.
TECHNICAL_PERMISSIONS = (
    _on("admin", "logentry", EDIT)
    | _on("auth", "permission", EDIT)
    | _on("contenttypes", "contenttype", EDIT)
    | _on("sessions", "session", EDIT)
    | _on("orders", "customer customersession menuimport", EDIT)
    | _on("orders", "order orderrow auditevent", CHANGES)
    | _on("orders", "terminal", ("delete",))
    | _on("orders", "pricechange", ("change",))
    | _on("payments", "outboxmail", EDIT)
    | _on("payments", "pollshard invoice invoicediscount refund moneycase", CHANGES)
    | _on("payments", "transactionperiod periodrow", CHANGES)
)


@dataclass(frozen=True)
class Role:
    """A ready-made role. `name` is the name of its group, in English; `label` translates it."""

    name: str
    label: Promise
    description: Promise
    permissions: Permissions


_KITCHEN = SEE_ORDERS | SEE_MENU | WORK_IN_KITCHEN
_CASHIER = _KITCHEN | SEE_PAYMENTS | WORK_AT_COUNTER
_LEADER = _CASHIER | LEAD_SHIFT | _on("payments", "moneycase dayclosing", READ)
_ACCOUNTANT = SEE_ORDERS | SEE_PAYMENTS | SEE_BOOKS | RECONCILE | EXPORT_BOOKS
_AUDITOR = SEE_ORDERS | SEE_MENU | SEE_PAYMENTS | SEE_BOOKS | SEE_PEOPLE | SEE_TECHNICAL

ROLES = (
    Role(
        "Viewer",
        _("Viewer"),
        _("Sees orders and the menu, and changes nothing. For trainees and screens."),
        SEE_ORDERS | SEE_MENU,
    ),
    Role(
        "Kitchen",
        _("Kitchen"),
        _("Prepares and serves orders, marks products as sold out, and pauses the shop."),
        _KITCHEN,
    ),
    Role(
        "Cashier",
        _("Cashier"),
        _("As the kitchen; also sees payments, checks them with SEQR, and cancels unpaid ones."),
        _CASHIER,
    ),
    Role(
        "Shift leader",
        _("Shift leader"),
        _(
            "As the cashier; also refunds, up to the limits below, closes payment cases, and signs "
            "off days."
        ),
        _LEADER,
    ),
    Role(
        "Owner",
        _("Owner"),
        _(
            "Everything: the menu, shops, terminals and colleagues; approves large refunds and "
            "decides about payments whose outcome is unknown."
        ),
        _LEADER
        | _ACCOUNTANT
        | _AUDITOR
        | DECIDE_ABOUT_MONEY
        | ANSWER_CUSTOMERS
        | EDIT_MENU
        | EDIT_SETTINGS,
    ),
    Role(
        "Accountant",
        _("Accountant"),
        _(
            "Sees orders, payments and refunds, reconciles them with SEQR's reports, signs off and "
            "re-opens days, and exports for the accounts. Changes neither orders nor payments."
        ),
        _ACCOUNTANT,
    ),
    Role(
        "Auditor",
        _("Auditor"),
        _("Sees everything, people and the audit included, and changes nothing."),
        _AUDITOR,
    ),
)

# A person with one of these signs in with a second factor where the setting requires it.
REFUND_PERMISSIONS = frozenset(
    {"payments.request_refund", "payments.approve_refund", "payments.resolve_unknown_refund"}
)
SETTINGS_PERMISSIONS = (
    _on("orders", "shop seller terminal", ("add", "change"))
    | _on("auth", "user group", ("add", "change"))
)  # fmt: skip
SENSITIVE_PERMISSIONS = REFUND_PERMISSIONS | SETTINGS_PERMISSIONS


def role_named(name: str) -> Role | None:
    """Return the ready-made role whose group has this name."""
    return next((role for role in ROLES if role.name == name), None)


def roles_with(permission: str) -> list[Role]:
    """Return the ready-made roles that have a permission."""
    return [role for role in ROLES if permission in role.permissions]


@transaction.atomic
def save_roles() -> None:
    """Store each ready-made role as a group with exactly its permissions."""
    ids = {
        f"{app}.{codename}": pk
        for pk, app, codename in Permission.objects.values_list(
            "pk", "content_type__app_label", "codename"
        )
    }
    Group.objects.bulk_create((Group(name=role.name) for role in ROLES), ignore_conflicts=True)
    names = [role.name for role in ROLES]
    groups = dict(Group.objects.filter(name__in=names).values_list("name", "pk"))
    held = Group.permissions.through.objects.filter(group__in=groups.values())
    before = {(row.group_id, row.permission_id): row.pk for row in held}
    wanted = {(groups[role.name], ids[name]) for role in ROLES for name in role.permissions}
    held.filter(pk__in=[pk for key, pk in before.items() if key not in wanted]).delete()
    held.bulk_create(
        (
            held.model(group_id=group, permission_id=permission)
            for group, permission in sorted(wanted - before.keys())
        ),
        ignore_conflicts=True,
    )


def all_permissions() -> Permissions:
    """Return every permission that the database has."""
    names = Permission.objects.values_list("content_type__app_label", "codename")
    return frozenset(f"{app}.{codename}" for app, codename in names)
