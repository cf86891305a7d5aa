"""The people of the demo: one for each role, bound to the shops where they work.

Each has the demo's password. A person who exists already is left unchanged.
"""

from dataclasses import dataclass
from functools import cache

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import transaction

from orders.models import Shop, StaffAccess


@dataclass(frozen=True)
class Person:
    """A member of staff, with the name of a ready-made role.

    `slug` names the one shop of the person, and is empty for all shops.
    """

    username: str
    role: str
    slug: str = ""


PEOPLE = (
    Person("owner", "Owner"),
    Person("leader", "Shift leader", "hamnen"),
    Person("cashier", "Cashier", "lyktan"),
    Person("kitchen", "Kitchen", "lyktan"),
    Person("viewer", "Viewer", "lyktan"),
    Person("accountant", "Accountant"),
    Person("auditor", "Auditor"),
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
            _add(person, shop, _hashed(password))
        described.append([person.username, f"{person.role}, {shop or 'all shops'}"])
    return described


@cache
def _hashed(password: str) -> str:
    """Hash the password that all share, once: each time takes half a second."""
    return make_password(password)


def _add(person: Person, shop: Shop | None, hashed: str) -> None:
    user = User.objects.create(username=person.username, password=hashed, is_staff=True)
    user.groups.add(Group.objects.get(name=person.role))
    access = StaffAccess.objects.create(user=user, all_shops=shop is None)
    if shop is not None:
        access.shops.add(shop)
