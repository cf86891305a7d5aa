"""Services in the admin: their addresses, products and codes, and when they stay."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from orders.models import OrderState, Product, QrCode, Service
from orders.qr import save_qr_code
from tests.factories import OrderFactory, ProductFactory, ServiceFactory
from tests.staff import boss, find, list_url, page_url, run, staff, told

pytestmark = pytest.mark.django_db


def form(**fields: str) -> dict[str, str]:
    """The fields of a service's form, without products."""
    return {
        "name": "Kafé Lyktan",
        "slug": "lyktan",
        "service_id": "LYKTAN",
        "currency": "SEK",
        "products-TOTAL_FORMS": "0",
        "products-INITIAL_FORMS": "0",
        **fields,
    }


def errors(response: Any) -> dict[str, list[str]]:
    """The form's errors, by field."""
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def test_the_page_shows_the_four_addresses_to_hand_to_seqr(settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://shop.example.se"
    service = ServiceFactory.create(slug="lyktan")

    page = boss().get(page_url(service)).content.decode()

    for name in ("order", "success", "failure", "cancel"):
        assert f'readonly value="https://shop.example.se/lyktan/{name}"' in page


def test_a_new_service_is_made_with_its_products() -> None:
    first_product = {
        "products-TOTAL_FORMS": "1",
        "products-0-on_sale": "on",
        "products-0-position": "1",
        "products-0-name_sv": "Kanelbulle",
        "products-0-name_en": "Cinnamon bun",
        "products-0-price": "35.00",
        "products-0-vat_rate": "12",
        "products-0-unit": "st",
    }

    boss().post(reverse("admin:orders_service_add"), form(**first_product))

    product = Product.objects.get()
    assert (product.service.slug, product.name_sv, str(product.price)) == (
        "lyktan",
        "Kanelbulle",
        "35.00",
    )


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("slug", "orders", "one of our own addresses"),
        ("slug", "med blanksteg", "slug"),
        ("service_id", "lyktan", "capital letters"),
        ("currency", "kr", "three capital letters"),
    ],
)
def test_what_a_service_cannot_be_called_is_told_beside_the_field(
    field: str, value: str, sentence: str
) -> None:
    response = boss().post(reverse("admin:orders_service_add"), form(**{field: value}))

    assert sentence in errors(response)[field][0]
    assert not Service.objects.exists()


def test_a_service_id_too_long_for_a_printed_code_is_refused() -> None:
    service = ServiceFactory.create(service_id="LYKTAN")
    save_qr_code(service, "Table 4", "WHERE=TABLE-4", None)

    response = boss().post(page_url(service), form(service_id="KAFE-LYKTAN-I-UPPSALA"))

    assert "Table 4" in errors(response)["service_id"][0]
    assert "50 are allowed" in errors(response)["service_id"][0]


def test_a_new_service_id_reminds_of_the_printed_codes() -> None:
    service = ServiceFactory.create(service_id="LYKTAN")
    save_qr_code(service, "Table 4", "TABLE=4", None)

    response = boss().post(page_url(service), form(service_id="KAFE"))

    assert any("old service ID" in message for message in told(response))


def test_all_codes_of_a_service_are_made_anew_by_one_action() -> None:
    service, other = ServiceFactory.create(service_id="OLD"), ServiceFactory.create()
    for table in range(3):
        save_qr_code(service, f"Table {table}", f"TABLE={table}", None)
    elsewhere = save_qr_code(other, "Counter", "", None)
    Service.objects.filter(pk=service.pk).update(service_id="NEW")
    client = boss()

    messages = run(client, "regenerate_codes", service)

    payloads = QrCode.objects.filter(service=service).order_by("parameters")
    assert [code.payload for code in payloads] == [
        f"HTTP://SEQR.SE/000/NEW?TABLE={table}" for table in range(3)
    ]
    assert messages == [f"Made anew: {', '.join(str(code) for code in payloads)}."]
    elsewhere.refresh_from_db()
    assert elsewhere.made_by is None


def test_codes_are_made_anew_only_by_staff_who_may_change_them() -> None:
    service = ServiceFactory.create(service_id="OLD")
    save_qr_code(service, "Table 4", "TABLE=4", None)
    Service.objects.filter(pk=service.pk).update(service_id="NEW")

    run(staff("orders.view_service"), "regenerate_codes", service)

    assert QrCode.objects.get().payload == "HTTP://SEQR.SE/000/OLD?TABLE=4"


@pytest.mark.parametrize("way", ["page", "list"])
def test_a_service_with_orders_is_not_deleted_and_the_page_says_why(way: str) -> None:
    service = ServiceFactory.create(name="Kafé Lyktan")
    OrderFactory.create_batch(2, service=service)
    client = boss()
    url = reverse("admin:orders_service_delete", args=[service.pk])

    response: Any
    if way == "page":
        response = client.post(url, {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": service.pk, "post": "yes"}
        response = client.post(list_url(Service), chosen)

    assert Service.objects.filter(pk=service.pk).exists()
    assert "Kafé Lyktan: 2 orders" in client.get(url).content.decode()
    assert response.status_code in (200, 302)


def test_a_service_without_orders_can_be_deleted() -> None:
    service = ServiceFactory.create()
    ProductFactory.create(service=service)

    boss().post(reverse("admin:orders_service_delete", args=[service.pk]), {"post": "yes"})

    assert not Service.objects.exists()


def test_the_list_counts_products_on_sale_and_open_orders() -> None:
    service = ServiceFactory.create()
    ProductFactory.create_batch(3, service=service)
    ProductFactory.create(service=service, on_sale=False)
    OrderFactory.create_batch(2, service=service, state=OrderState.AWAITING_PAYMENT)
    OrderFactory.create(service=service, state=OrderState.PAID)

    (row,) = find(boss(), Service)

    assert (row.number_of_products, row.number_of_open_orders) == (3, 2)


def test_the_list_of_twenty_services_costs_no_more_queries_than_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for service in ServiceFactory.create_batch(20):
        ProductFactory.create_batch(2, service=service)
        OrderFactory.create(service=service)
    client = boss()

    with django_assert_max_num_queries(6):
        response = client.get(list_url(Service))

    assert len(response.context["cl"].result_list) == 20


def test_a_name_with_a_script_in_it_is_shown_as_text() -> None:
    service = ServiceFactory.create(name="<script>alert(1)</script>")
    ProductFactory.create(service=service, name_sv="<script>alert(2)</script>")
    save_qr_code(service, "<script>alert(3)</script>", "", None)
    client = boss()

    pages = [
        client.get(url).content.decode()
        for url in (
            page_url(service),
            list_url(Service),
            list_url(QrCode),
            page_url(QrCode.objects.get()),
        )
    ]

    assert all("<script>alert" not in page for page in pages)
    assert all("&lt;script&gt;alert" in page for page in pages)
