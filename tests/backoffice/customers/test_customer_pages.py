"""Staff look up a customer by phone number, export what is kept, and erase it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import AuditEvent, Customer, Delivery, EventName, Order, OrderState
from payments.models import Invoice
from tests.backoffice.test_swedish import english_in
from tests.factories import CustomerSessionFactory, ShopFactory
from tests.payments.privacy.steps import KEY, PHONE, is_erased, person, served_order
from tests.staff import page_url, shown_messages, staff, user_of

pytestmark = pytest.mark.django_db

EXPORT, ERASE = "orders.export_customer", "orders.erase_customer"
WRITTEN_PHONE = "070-987 65 43"


@pytest.fixture
def invoice() -> Invoice:
    """The payment of an order of the person, who has a session too."""
    invoice = served_order(person(), timezone.now())
    CustomerSessionFactory.create(customer=invoice.order.customer, shop=invoice.order.shop)
    return invoice


def address(page: str, customer: Customer | None = None) -> str:
    """Return the address of a page."""
    return reverse(f"staff:{page}", args=[customer.pk] if customer else [])


def look_up(client: Client, phone: str) -> Any:
    """Search for a phone number."""
    return client.post(address("customers"), {"phone": phone})


@pytest.mark.parametrize("phone", [WRITTEN_PHONE, "+46 70 987 65 43", PHONE])
def test_phone_number_leads_to_its_customer(phone: str, invoice: Invoice) -> None:
    client = staff(EXPORT, "orders.view_order")
    customer = invoice.order.customer

    found = look_up(client, phone)
    page = client.get(found.headers["Location"])

    assert found.headers["Location"] == address("customer", customer)
    shown = page.content.decode()
    for text in (f"+{PHONE}", KEY, invoice.order.number, f"call {PHONE}", "extra hot"):
        assert text in shown
    assert address("customer_erase", customer) not in shown  # a permission of its own


def test_page_shows_where_an_order_of_instant_checkout_is_delivered(invoice: Invoice) -> None:
    Delivery.objects.create(order=invoice.order, client_name="Åsa Ek", city="Umeå")

    page = staff(EXPORT, "orders.view_order").get(address("customer", invoice.order.customer))

    assert "Åsa Ek, Umeå" in page.content.decode()


def test_several_customers_with_one_phone_number_are_listed(invoice: Invoice) -> None:
    other = person(subscriber_key="another")

    shown = look_up(staff(EXPORT), PHONE).content.decode()

    assert address("customer", other) in shown
    assert address("customer", invoice.order.customer) in shown


@pytest.mark.parametrize(
    ("phone", "answer"),
    [
        ("", "Enter the whole phone number"),
        ("6543", "Enter the whole phone number"),
        ("the tall one", "Enter the whole phone number"),
        ("070-000 00 00", "Nothing is kept"),
    ],
)
def test_other_input_gets_a_sentence(phone: str, answer: str, invoice: Invoice) -> None:
    response = look_up(staff(EXPORT), phone)

    assert response.status_code == 200
    assert answer in response.content.decode()


def test_export_has_all_that_is_kept_and_is_recorded(invoice: Invoice) -> None:
    client, customer = staff(EXPORT), invoice.order.customer
    served_order(customer)

    response = client.post(address("customer_export", customer))

    data = json.loads(response.content)
    assert data["customer"]["phone_number"] == f"+{PHONE}"
    assert data["customer"]["subscriber_key_at_seqr"] == KEY
    assert [each["number"] for each in data["orders"]] == [
        order.number for order in Order.objects.order_by("pk")
    ]
    [payment] = data["orders"][0]["payments"]
    assert payment["payment_reference_at_seqr"] == invoice.ers_reference
    assert [receipt["amount"] for receipt in payment["receipts"]] == ["45.00"]
    assert data["sessions"][0]["shop"] == invoice.order.shop.name
    assert PHONE not in response.headers["Content-Disposition"]
    event = AuditEvent.objects.get(name=EventName.CUSTOMER_EXPORTED)
    assert (event.subject_id, event.actor) == (customer.pk, user_of(client))
    assert event.detail == f"customer-{customer.pk}-{timezone.localdate()}.json; orders: 2"


def test_customer_is_erased_after_a_confirmation(invoice: Invoice) -> None:
    client, customer = staff(EXPORT, ERASE), invoice.order.customer

    asked = client.get(address("customer_erase", customer))
    assert asked.status_code == 200
    assert not is_erased(customer)
    erased = client.post(address("customer_erase", customer), {"confirmed": "yes"})

    assert shown_messages(erased) == ["The customer's personal data is erased."]
    assert is_erased(customer)
    assert "Nothing is kept" in look_up(client, PHONE).content.decode()
    assert client.get(address("customer", customer)).status_code == 404
    event = AuditEvent.objects.get(name=EventName.CUSTOMER_ERASED)
    assert (event.actor, event.detail) == (user_of(client), "")


def test_customer_with_an_open_order_is_not_erased_and_the_page_says_why(
    invoice: Invoice,
) -> None:
    client, customer = staff(EXPORT, ERASE), invoice.order.customer
    Order.objects.update(state=OrderState.NEEDS_ATTENTION)

    response = client.post(address("customer_erase", customer), {"confirmed": "yes"})

    assert shown_messages(response) == ["Not erased. Something has been opened meanwhile."]
    shown = response.content.decode()
    assert f"Order {invoice.order.number}: the order is open" in shown
    assert 'name="confirmed"' not in shown
    assert not is_erased(customer)


def test_person_of_some_shops_finds_no_customer(invoice: Invoice) -> None:
    client = staff(EXPORT, ERASE, shops=[invoice.order.shop])
    customer = invoice.order.customer

    assert "A colleague with all shops" in client.get(address("customers")).content.decode()
    assert look_up(client, PHONE).status_code == 200
    for page in ("customer", "customer_erase"):
        assert client.get(address(page, customer)).status_code == 404
    erase = client.post(address("customer_erase", customer), {"confirmed": "yes"})
    assert (erase.status_code, is_erased(customer)) == (404, False)


def test_order_links_to_its_customer_until_the_customer_is_erased(invoice: Invoice) -> None:
    client, customer = staff(EXPORT, ERASE, "orders.view_order"), invoice.order.customer
    before = client.get(page_url(invoice.order)).content.decode()
    client.post(address("customer_erase", customer), {"confirmed": "yes"})

    after = client.get(page_url(invoice.order)).content.decode()

    assert address("customer", customer) in before
    assert f"tel:+{PHONE}" in before
    assert address("customer", customer) not in after
    assert "tel:" not in after
    assert "erased" in after


def test_search_lists_an_erased_customers_order_without_a_phone_number(invoice: Invoice) -> None:
    client, customer = staff(EXPORT, ERASE, "orders.view_order"), invoice.order.customer
    other = served_order(customer)
    client.post(address("customer_erase", customer), {"confirmed": "yes"})

    table = {"TABLE": "44"}
    Order.objects.filter(pk__in=[invoice.order_id, other.order_id]).update(
        parameters=table, created_at=timezone.now()
    )
    shown = client.get(reverse("staff:search"), {"q": "table 44"}).content.decode()

    assert shown.count("phone number erased") == 2


def test_every_colleague_reads_what_is_kept() -> None:
    shown = staff("orders.view_order").get(address("kept")).content.decode()

    assert "90 days after the latest order" in shown
    assert "Seven years" in shown


def test_pages_have_no_english_for_swedish_staff(invoice: Invoice) -> None:
    client, customer = staff(EXPORT, ERASE), invoice.order.customer
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "sv"
    pages = ["customer", "customer_erase"]
    ShopFactory.create()

    Order.objects.update(note="")
    addresses = [address("kept"), address("customers"), *(address(p, customer) for p in pages)]
    found = english_in(client, *addresses)

    assert found == {}
