"""The people of the demo: one for each role, bound to the shops where they work.

Each has the demo's password. A person who exists already is left unchanged.
"""

from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission, User
from django.db import transaction

from orders.models import Shop, StaffAccess

# Each role's permissions, by their code names. The owner has all those of sales and payments.
ROLES = {
    "Owner": None,
    "Shift leader": (
        "view_order",
        "serve_order",
        "view_product",
        "sell_out_product",
        "view_category",
        "view_shop",
        "pause_shop",
        "view_qrcode",
        "view_invoice",
        "check_invoice",
        "cancel_invoice",
        "view_refund",
        "request_refund",
        "view_moneycase",
        "close_moneycase",
        "view_auditevent",
    ),
    "Counter": ("view_order", "serve_order", "view_product", "sell_out_product"),
    "Accountant": (
        "view_order",
        "view_invoice",
        "view_refund",
        "view_moneycase",
        "view_transactionperiod",
        "reconcile_transactionperiod",
        "view_auditevent",
    ),
}


@dataclass(frozen=True)
class Person:
    """A member of staff. `slug` names the one shop of the person, and is empty for all shops."""

    username: str
    role: str
    slug: str = ""


PEOPLE = (
    Person("owner", "Owner"),
    Person("leader", "Shift leader", "hamnen"),
    Person("counter", "Counter", "lyktan"),
    Person("accountant", "Accountant"),
)


@transaction.atomic
def add_people(password: str) -> list[list[str]]:
    """Add the missing people; return the name and the place of each for the banner."""
    described = []
    for person in PEOPLE:
        shop = Shop.objects.filter(slug=person.slug).first()
        if person.slug and shop is None:
            continue
        if not User.objects.filter(username=person.username).exists():
            _add(person, shop, password)
        described.append([person.username, f"{person.role}, {shop or 'all shops'}"])
    return described


def _add(person: Person, shop: Shop | None, password: str) -> None:
    user = User.objects.create_user(person.username, password=password, is_staff=True)
    user.groups.add(_group(person.role))
    access = StaffAccess.objects.create(user=user, all_shops=shop is None)
    if shop is not None:
        access.shops.add(shop)


def _group(role: str) -> Group:
    group, is_new = Group.objects.get_or_create(name=role)
    if is_new:
        permissions = Permission.objects.filter(content_type__app_label__in=("orders", "payments"))
        codenames = ROLES[role]
        if codenames is not None:
            permissions = permissions.filter(codename__in=codenames)
        group.permissions.set(permissions)
    return group
