"""A shop is added by one form, whose errors say what to do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from orders.clock import database_now
from orders.models import AuditEvent, EventName, Product, Seller, Shop, SubjectType, Terminal
from tests.factories import (
    CategoryFactory,
    OpeningHoursFactory,
    ProductFactory,
    SellerFactory,
    ShopFactory,
    TerminalFactory,
)
from tests.races import wait_for_lock_wait, with_own_connection
from tests.staff import admin_url, page_url, shown_messages, staff, superuser, user_of

pytestmark = pytest.mark.django_db

ADD = "/admin/orders/shop/add/"
RESULT_SECONDS = 30


@pytest.fixture
def terminal() -> Terminal:
    """A terminal whose seller is complete."""
    return TerminalFactory.create()


@pytest.fixture
def other_terminal() -> Terminal:
    """The terminal of another seller."""
    seller = SellerFactory.create(reseller_id="fyren", legal_name="Fyren Bageri AB")
    return TerminalFactory.create(seller=seller, principal_id="fyren-till")


def form(terminal: Terminal, /, **fields: Any) -> dict[str, Any]:
    """Return the form, with nothing in it but what is needed."""
    typed = {
        "name": "Kafé Lyktan på Söder",
        "service_id": "lyktan-s",
        "slug": "",
        "seller": terminal.seller_id,
        "terminal": terminal.pk,
        "default_vat_rate": "12",
        "copy_menu_of": "",
    }
    return typed | fields


def errors(response: Any) -> dict[str, list[str]]:
    """Return the form's errors by field."""
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def test_form_asks_for_what_is_needed_and_nothing_else(terminal: Terminal) -> None:
    page = superuser().get(ADD)

    assert list(page.context["adminform"].form.fields) == [
        "name",
        "service_id",
        "slug",
        "seller",
        "terminal",
        "default_vat_rate",
        "copy_menu_of",
    ]
    assert page.context["inline_admin_formsets"] == []
    initial = page.context["adminform"].form.initial
    assert (initial["seller"], initial["terminal"]) == (terminal.seller_id, terminal.pk)
    TerminalFactory.create(seller=terminal.seller, principal_id="till-2")
    of_two = superuser().get(ADD).context["adminform"].form.initial
    assert of_two.keys().isdisjoint({"seller", "terminal"})


def test_seller_whose_terminals_are_retired_needs_another_one(terminal: Terminal) -> None:
    body = form(terminal, terminal="")
    Terminal.objects.update(retired_at=timezone.now(), password_ciphertext="")

    response = superuser().post(ADD, body)

    [sentence] = response.context["adminform"].form.errors["terminal"]
    assert "This seller has no terminal yet." in sentence
    assert not Shop.objects.exists()


def test_shop_is_added_in_its_usual_form_and_recorded_at_its_terminal(terminal: Terminal) -> None:
    client = superuser()

    response = client.post(ADD, form(terminal))

    shop = Shop.objects.get()
    assert (shop.slug, shop.service_id) == ("kafe-lyktan-pa-soder", "LYKTAN-S")
    assert (shop.seller, shop.terminal) == (terminal.seller, terminal)
    assert (shop.currency, shop.default_vat_rate) == ("SEK", Decimal(12))
    assert response.headers["Location"] == f"{admin_url(Shop, 'start', shop.pk)}?check=yes"
    assert shown_messages(response) == ["Kafé Lyktan på Söder is added."]
    event = AuditEvent.objects.get(subject_type=SubjectType.TERMINAL, subject_id=terminal.pk)
    assert (event.name, event.actor, event.detail) == (
        EventName.TERMINAL_TAKES_SHOP,
        user_of(client),
        "Kafé Lyktan på Söder",
    )


@pytest.mark.parametrize(
    ("typed", "field", "error"),
    [
        ({"service_id": "lyktan"}, "service_id", "Another shop has this service ID."),
        ({"service_id": "KAFÉ"}, "service_id", "capital letters"),
        ({"service_id": ""}, "service_id", "This field is required."),
        ({"slug": "orders"}, "slug", "reserved for the system"),
        ({"name": "Order"}, "slug", "reserved for the system"),
        ({"slug": "lyktan"}, "slug", "Another shop has this web address."),
        ({"name": "Lyktan"}, "slug", "Another shop has this web address."),
        ({"slug": "kafé lyktan"}, "slug", "slug"),
        ({"name": "茶"}, "slug", "has no letters for a web address"),
        ({"name": ""}, "name", "This field is required."),
        ({"terminal": ""}, "terminal", "This field is required."),
        ({"seller": ""}, "seller", "This field is required."),
        ({"default_vat_rate": "100"}, "default_vat_rate", "no more than 2 digits"),
    ],
)
def test_error_is_shown_beside_its_field_and_changes_nothing(
    terminal: Terminal, typed: dict[str, str], field: str, error: str
) -> None:
    ShopFactory.create(slug="lyktan", service_id="LYKTAN", terminal=terminal)

    response = superuser().post(ADD, form(terminal, **typed))

    found = errors(response)
    assert list(found) == [field]
    assert error in found[field][0]
    assert Shop.objects.count() == 1


def test_terminal_of_another_seller_is_refused(
    terminal: Terminal, other_terminal: Terminal
) -> None:
    response = superuser().post(ADD, form(terminal, terminal=other_terminal.pk))

    assert errors(response) == {
        "terminal": ["This terminal belongs to another seller, Fyren Bageri AB."]
    }
    assert not Shop.objects.exists()


@pytest.mark.parametrize("chosen", ["", "terminal of another seller"])
def test_seller_without_a_terminal_leads_to_the_form_for_one(
    terminal: Terminal, chosen: str
) -> None:
    seller = SellerFactory.create(reseller_id="fyren")
    fields = {"seller": seller.pk, "terminal": terminal.pk if chosen else ""}

    response = superuser().post(ADD, form(terminal, **fields))

    address = f"/admin/orders/terminal/add/?seller={seller.pk}&amp;_to_field=id&amp;_popup=1"
    assert list(errors(response)) == ["terminal"]
    page = response.content.decode()
    if chosen:
        assert "This terminal belongs to another seller" in page
    else:
        assert "This seller has no terminal yet." in page
        assert f'href="{address}">Add a terminal</a>' in page
    assert not Shop.objects.exists()


def test_retired_terminal_is_neither_offered_nor_accepted(terminal: Terminal) -> None:
    retired = TerminalFactory.create(
        principal_id="till-2", label="Old till", password="", retired_at=database_now()
    )
    client = superuser()

    page = client.get(ADD).content.decode()
    response = client.post(ADD, form(terminal, terminal=retired.pk))

    assert "Old till" not in page
    assert list(errors(response)) == ["terminal"]
    assert not Shop.objects.exists()


def test_seller_of_the_first_start_is_to_be_completed_first(terminal: Terminal) -> None:
    Seller.objects.update(legal_name="", organisation_number="")

    response = superuser().post(ADD, form(terminal))

    assert list(errors(response)) == ["seller"]
    page = response.content.decode()
    assert "The seller lacks its name or organisation number. Complete it first:" in page
    address = f"{page_url(terminal.seller)}?_to_field=id&amp;_popup=1"
    assert f'href="{address}">public_test_shop</a>' in page
    assert not Shop.objects.exists()


def test_menu_is_copied_with_its_currency_and_nothing_else(terminal: Terminal) -> None:
    copied = ShopFactory.create(terminal=terminal, currency="NOK")
    ProductFactory.create_batch(2, shop=copied, category=CategoryFactory.create(shop=copied))
    OpeningHoursFactory.create(shop=copied)

    superuser().post(ADD, form(terminal, copy_menu_of=copied.pk))

    shop = Shop.objects.get(service_id="LYKTAN-S")
    assert (shop.products.count(), shop.categories.count()) == (2, 1)
    assert shop.currency == "NOK"
    assert not shop.opening_hours.exists()


def test_name_with_a_script_is_escaped_in_the_link_of_an_error(terminal: Terminal) -> None:
    Seller.objects.update(legal_name="<script>alert(1)</script>", organisation_number="")

    page = superuser().post(ADD, form(terminal)).content.decode()

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_new_product_starts_with_the_shops_vat_rate() -> None:
    shop = ShopFactory.create(default_vat_rate=Decimal("6.00"))

    page = superuser().get(page_url(shop))

    (products,) = (
        inline.formset
        for inline in page.context["inline_admin_formsets"]
        if inline.formset.model is Product
    )
    assert products.empty_form["vat_rate"].initial == Decimal("6.00")


def test_adding_a_shop_needs_the_permission(terminal: Terminal) -> None:
    response = staff("orders.view_shop", "orders.change_shop").post(ADD, form(terminal))

    assert response.status_code == 403
    assert not Shop.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_second_click_on_save_gets_an_error_of_the_form() -> None:
    terminal, client = TerminalFactory.create(), superuser()
    first = {"terminal": terminal, "seller": terminal.seller, "slug": "lyktan-s"}

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            Shop.objects.create(name="Kafé Lyktan på Söder", service_id="LYKTAN-S", **first)
            second = thread.submit(
                with_own_connection, lambda: client.post(ADD, form(terminal)).status_code
            )
            wait_for_lock_wait()
        status = second.result(RESULT_SECONDS)

    assert status == 200
    assert Shop.objects.filter(service_id="LYKTAN-S").count() == 1
