"""Roles in the back office: explained in both languages, and never widened by their holders."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from orders.models import Product, Seller, StaffAccess
from payments.models import Invoice
from payments.staff_roles import ROLES
from tests.factories import InvoiceFactory
from tests.staff import admin_url, list_url, page_url, staff, superuser, user_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ready_made_roles")]

HTML = {"Accept": "text/html"}
SWEDISH = {"Accept": "text/html", "Accept-Language": "sv"}


def person_with(*roles: str) -> Client:
    """Return the browser of a person with these roles and all shops."""
    client = staff()
    user_of(client).groups.set(Group.objects.filter(name__in=roles))
    return client


@pytest.mark.parametrize("role", [role.name for role in ROLES])
@pytest.mark.parametrize("headers", [HTML, SWEDISH], ids=["en", "sv"])
def test_page_explains_the_roles_to_every_member_of_staff(
    role: str, headers: dict[str, str]
) -> None:
    page = person_with(role).get(reverse("staff:roles"), headers=headers)

    assert page.status_code == 200
    own = [card.role.name for card in page.context["cards"] if card.is_own]
    assert own == [role]
    shown = page.content.decode()
    in_english, in_swedish = "Your role", "Din roll"
    assert (in_english in shown) == (headers is HTML)
    assert (in_swedish in shown) == (headers is SWEDISH)


def test_page_of_roles_asks_a_stranger_to_sign_in() -> None:
    page = Client().get(reverse("staff:roles"))

    assert page.status_code == 302
    assert page.headers["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize(
    ("page", "label", "roles"),
    [
        (lambda: list_url(Invoice), "Payment: Can view", "Cashier, Shift leader, Owner, "),
        (lambda: admin_url(Seller, "add"), "Seller: Can add", "Owner."),
        (
            lambda: admin_url(Invoice, "refund", InvoiceFactory.create(paid=True).pk),
            "Refund: Can refund a payment",
            "Shift leader, Owner.",
        ),
        (lambda: reverse("admin:auth_user_changelist"), "User: Can view", "Owner, Auditor."),
    ],
)
def test_person_who_lacks_a_right_reads_which_roles_have_it(
    page: Any, label: str, roles: str
) -> None:
    refused = person_with("Kitchen").get(page(), headers=HTML)

    shown = refused.content.decode()
    assert refused.status_code == 403
    assert "Scan the code" not in shown
    assert "Your role: Kitchen." in shown
    assert f"You lack the permission “{label}”." in shown
    assert f"These roles have it: {roles}" in shown


def test_refund_names_the_roles_that_may_refund() -> None:
    address = admin_url(Invoice, "refund", InvoiceFactory.create(paid=True).pk)

    shown = person_with("Cashier").get(address, headers=SWEDISH).content.decode()

    assert "De här rollerna har den: Skiftledare, Ägare." in shown
    assert "Skanna koden" not in shown


def test_missing_page_of_the_back_office_is_not_the_customers() -> None:
    missing = person_with("Owner").get("/admin/no/such/page/", headers=HTML)

    assert missing.status_code == 404
    assert "Scan the code" not in missing.content.decode()
    assert "This page does not exist" in missing.content.decode()


def test_outdated_form_of_the_back_office_is_not_the_customers() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_of(superuser()))

    refused = client.post(reverse("admin:logout"), headers=HTML)

    assert refused.status_code == 403
    assert "Nothing was changed. Go back, reload the page, and try again." in (
        refused.content.decode()
    )


def test_customer_still_gets_the_customers_pages() -> None:
    missing = Client().get("/no-such-shop/order", headers=HTML)

    assert missing.status_code == 404
    assert "Scan the code in the shop with the SEQR app to begin." in missing.content.decode()


def test_program_at_the_back_office_gets_json() -> None:
    refused = person_with("Kitchen").get(list_url(Invoice))

    assert refused.status_code == 403
    assert refused.headers["Content-Type"] == "application/json"


def post_user(client: Client, user: User, **fields: Any) -> Any:
    """Post the page of a user with these fields."""
    body = {
        "username": user.username,
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2026-11-29",
        "date_joined_1": "12:00:00",
        "staff_access-TOTAL_FORMS": 1,
        "staff_access-INITIAL_FORMS": 1,
        "staff_access-0-id": StaffAccess.objects.get(user=user).pk,
        "staff_access-0-user": user.pk,
        "staff_access-0-all_shops": "on",
        **fields,
    }
    return client.post(page_url(user), body)


def test_owner_gives_a_colleague_a_role() -> None:
    colleague = user_of(person_with("Kitchen"))
    cashier = Group.objects.get(name="Cashier")

    post_user(person_with("Owner"), colleague, groups=[cashier.pk])

    assert list(colleague.groups.all()) == [cashier]


def test_manager_of_users_gives_nobody_a_right_that_they_lack() -> None:
    manager = staff("auth.view_user", "auth.change_user")
    owner = Group.objects.get(name="Owner")

    post_user(manager, user_of(manager), groups=[owner.pk], is_superuser="on")

    himself = user_of(manager)
    assert (himself.is_superuser, list(himself.groups.all())) == (False, [])
    shown = manager.get(page_url(himself)).context["adminform"].form.fields
    assert list(shown["groups"].queryset) == []
    assert "is_superuser" not in shown
    assert "user_permissions" not in shown


@pytest.mark.parametrize("role", ["Owner", None], ids=["an owner", "a superuser"])
def test_manager_of_users_changes_nobody_with_more_rights(role: str | None) -> None:
    other = user_of(superuser() if role is None else person_with(role))
    manager = staff("auth.view_user", "auth.change_user", "auth.delete_user")

    changed = post_user(manager, other, username="renamed")

    assert changed.status_code == 403
    assert User.objects.get(pk=other.pk).username == other.username
    assert manager.get(page_url(other)).status_code == 200


def test_nobody_changes_a_ready_made_role_and_staff_add_groups_of_their_own() -> None:
    client, kitchen = superuser(), Group.objects.get(name="Kitchen")

    refused = client.post(page_url(kitchen), {"name": "Kitchen"})
    added = client.post(admin_url(Group, "add"), {"name": "Summer staff"})

    assert (refused.status_code, added.status_code) == (403, 302)
    assert kitchen.permissions.exists()
    assert Group.objects.filter(name="Summer staff").exists()


def test_person_adds_no_group_with_a_right_that_they_lack() -> None:
    manager = staff("auth.view_group", "auth.add_group", "orders.view_order")
    form = manager.get(admin_url(Group, "add")).context["adminform"].form

    offered = {each.codename for each in form.fields["permissions"].queryset}

    assert offered == {"view_group", "add_group", "view_order"}


@pytest.mark.parametrize(("headers", "label"), [(HTML, "Shift leader"), (SWEDISH, "Skiftledare")])
def test_roles_have_translated_names_in_the_list_of_groups(
    headers: dict[str, str], label: str
) -> None:
    shown = superuser().get(list_url(Group), headers=headers).content.decode()

    assert f">{label}</a>" in shown


def test_kitchen_marks_sold_out_and_changes_no_price() -> None:
    client = person_with("Kitchen")

    assert client.get(list_url(Product)).status_code == 200
    assert client.get(admin_url(Product, "add"), headers=HTML).status_code == 403
