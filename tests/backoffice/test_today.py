"""The first page: whether payments work, and what waits, in a person's shops."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from orders.models import Order, OrderState, Seller, Shop
from payments.models import Invoice, PaymentPause
from tests.factories import (
    InvoiceFactory,
    OptionFactory,
    OrderFactory,
    ProductFactory,
    ShopFactory,
    TerminalFactory,
)
from tests.ops.shards import publish_heartbeat, write_row
from tests.payments.steps import pause_for_refused_password
from tests.redis_reset import redis_for_tests
from tests.staff import staff, superuser

pytestmark = pytest.mark.django_db

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 29, 14, 30, tzinfo=STOCKHOLM)
MAX_STATEMENTS = 23


@pytest.fixture(autouse=True)
def _one_shard_without_a_heartbeat(settings: Settings) -> None:
    settings.SEQR_POLL_SHARDS = 1
    redis_for_tests().delete("seqrshop:heartbeat:0/1")


@pytest.fixture
def shop() -> Shop:
    shop: Shop = ShopFactory.create(name="Kafé Lyktan")
    return shop


def today(client: Client) -> Any:
    """Return the context of the first page."""
    return client.get(reverse("admin:index")).context


def payment(shop: Shop, paid_at: datetime, amount: str = "45.00", **fields: Any) -> Invoice:
    invoice: Invoice = InvoiceFactory.create(
        paid=True, order__shop=shop, amount=Decimal(amount), paid_at=paid_at, **fields
    )
    return invoice


# --- Whether payments work ---


def test_payments_work_while_nothing_is_wrong(shop: Shop) -> None:
    context = today(staff(shops=[shop]))

    assert (context["payments"].tone, context["payments"].text) == ("ok", "Payments work")


def test_pause_of_the_shops_terminal_is_shown_with_its_time_and_case(shop: Shop) -> None:
    pause_for_refused_password()
    pause = PaymentPause.objects.get()
    PaymentPause.objects.update(since=NOW.replace(hour=12, minute=41), terminal=shop.terminal)

    state = today(staff("payments.view_moneycase", shops=[shop]))["payments"]

    assert state.tone == "bad"
    assert state.text.startswith("Payments have been paused since ")
    assert state.text.endswith("12:41: SEQR rejects our settings")
    assert state.url == f"/admin/payments/moneycase/{pause.case_id}/change/"


def test_pause_of_another_shops_terminal_is_not_shown(shop: Shop) -> None:
    pause_for_refused_password()
    other = ShopFactory.create(terminal=TerminalFactory.create(principal_id="another"))

    assert today(staff(shops=[other]))["payments"].tone == "ok"


def test_pause_of_one_of_two_shops_names_that_shop(shop: Shop) -> None:
    other = ShopFactory.create(terminal=TerminalFactory.create(principal_id="another"))
    pause_for_refused_password()
    PaymentPause.objects.update(terminal=shop.terminal)

    text = today(staff(shops=[shop, other]))["payments"].text

    assert text.startswith("Payments at Kafé Lyktan have been paused since ")


def test_case_of_a_pause_is_not_linked_for_a_person_who_may_not_see_cases(shop: Shop) -> None:
    pause_for_refused_password()

    assert today(staff(shops=[shop]))["payments"].url == ""


def test_open_payment_without_an_answer_is_shown_as_seqr_not_answering(shop: Shop) -> None:
    InvoiceFactory.create(issued=True, order__shop=shop)
    publish_heartbeat(answer_age=60)

    state = today(staff(shops=[shop]))["payments"]

    assert state.tone == "bad"
    assert "SEQR does not answer" in state.text


def test_stopped_payment_checks_are_shown(shop: Shop) -> None:
    InvoiceFactory.create(issued=True, order__shop=shop)
    write_row(round_age=120)

    state = today(staff(shops=[shop]))["payments"]

    assert state.tone == "bad"
    assert "the payment checks have stopped" in state.text


def test_payment_checks_that_never_ran_are_shown_without_a_time(shop: Shop) -> None:
    InvoiceFactory.create(issued=True, order__shop=shop)

    text = today(staff(shops=[shop]))["payments"].text

    assert text == "Payments are not checked: the payment checks have not started"


@pytest.mark.parametrize(("age_seconds", "tone"), [(5, "ok"), (30, "warn")])
def test_payment_that_is_not_sent_in_time_is_shown(shop: Shop, age_seconds: int, tone: str) -> None:
    invoice = InvoiceFactory.create(sending=True, order__shop=shop)
    created_at = timezone.now() - timedelta(seconds=age_seconds)
    Invoice.objects.filter(pk=invoice.pk).update(created_at=created_at)

    assert today(staff(shops=[shop]))["payments"].tone == tone


def test_unsent_payment_of_another_shop_is_not_shown(shop: Shop) -> None:
    invoice = InvoiceFactory.create(sending=True)
    created_at = timezone.now() - timedelta(minutes=1)
    Invoice.objects.filter(pk=invoice.pk).update(created_at=created_at)

    assert today(staff(shops=[shop]))["payments"].tone == "ok"


def test_shop_that_its_staff_paused_is_named(shop: Shop) -> None:
    Shop.objects.update(paused=True)

    page = staff(shops=[shop]).get(reverse("admin:index")).content.decode()

    assert "Paused by the staff: Kafé Lyktan." in page


# --- What waits ---


def test_what_the_receipts_of_a_seller_lack_is_shown_to_those_who_may_complete_it(
    shop: Shop,
) -> None:
    Seller.objects.filter(pk=shop.seller_id).update(street="")

    for_owner = superuser().get(reverse("admin:index")).content.decode()
    for_cashier = staff("orders.view_order").get(reverse("admin:index")).content.decode()
    Seller.objects.filter(pk=shop.seller_id).update(street="Storgatan 1")
    completed = superuser().get(reverse("admin:index")).content.decode()

    assert "Receipts of Lyktan Kafé AB lack: street." in for_owner
    assert f'href="/admin/orders/seller/{shop.seller_id}/change/"' in for_owner
    assert "Receipts of" not in for_cashier
    assert "Receipts of" not in completed


def test_waiting_orders_are_the_paid_ones_that_are_not_served(shop: Shop) -> None:
    states = [OrderState.PAID, OrderState.PARTLY_REFUNDED, OrderState.CREATED, OrderState.CANCELED]
    orders = [OrderFactory.create(shop=shop, state=state) for state in states]
    served = OrderFactory.create(shop=shop, state=OrderState.SERVED, served_at=timezone.now())
    OrderFactory.create(state=OrderState.PAID)  # of another shop
    twelve_minutes_ago = timezone.now() - timedelta(minutes=12, seconds=5)
    Order.objects.filter(pk=orders[0].pk).update(created_at=twelve_minutes_ago)

    waiting = today(staff("orders.view_order", shops=[shop]))["waiting"]

    assert served.pk
    assert (waiting.number, waiting.oldest_number) == (2, orders[0].number)
    assert waiting.oldest_age == "12\N{NO-BREAK SPACE}minutes"


@pytest.mark.parametrize(
    ("permissions", "address"),
    [
        (["orders.view_order", "orders.serve_order"], "/staff/kitchen"),
        (["orders.view_order"], "/admin/orders/order/?state__in=paid"),
    ],
)
def test_waiting_orders_lead_to_the_kitchen_for_a_person_who_serves(
    shop: Shop, permissions: list[str], address: str
) -> None:
    assert today(staff(*permissions, shops=[shop]))["orders_url"].startswith(address)


def test_order_of_the_day_before_waits_no_longer(shop: Shop) -> None:
    order = OrderFactory.create(shop=shop, state=OrderState.PAID)
    Order.objects.filter(pk=order.pk).update(created_at=timezone.now() - timedelta(hours=25))

    assert today(staff("orders.view_order", shops=[shop]))["waiting"].number == 0


def test_sold_out_products_of_the_persons_shops_are_named(shop: Shop) -> None:
    ProductFactory.create(shop=shop, sold_out=True, name_en="Shrimp sandwich")
    ProductFactory.create(shop=shop)
    ProductFactory.create(shop=shop, sold_out=True, on_sale=False)
    ProductFactory.create(sold_out=True)

    context = today(staff("orders.view_product", shops=[shop]))

    assert (context["sold_out_count"], context["sold_out"]) == (1, ["Shrimp sandwich"])


def test_sold_out_options_of_the_persons_shops_are_named(shop: Shop) -> None:
    OptionFactory.create(group__shop=shop, sold_out=True)
    OptionFactory.create(group__shop=shop, sold_out=True, on_sale=False)
    OptionFactory.create(sold_out=True)

    client = staff("orders.view_product", "orders.view_option", shops=[shop])
    page = client.get(reverse("admin:index"))

    assert page.context["sold_out_options"] == ["Oat milk"]
    assert page.context["sold_out_count"] == 0
    assert "Everything on the menu is available." not in page.content.decode()


def test_more_than_five_sold_out_products_are_counted(shop: Shop) -> None:
    ProductFactory.create_batch(7, shop=shop, sold_out=True)

    context = today(staff("orders.view_product", shops=[shop]))

    assert (len(context["sold_out"]), context["more_sold_out"]) == (5, 2)


# --- Who sees what ---


def test_person_sees_the_parts_that_the_permissions_allow(shop: Shop) -> None:
    context = today(staff("orders.view_order", shops=[shop]))

    assert context["waiting"] is not None
    assert "takings" not in context
    assert (context["approvals"], context["cases"]) == (None, None)


def test_person_without_a_shop_reads_what_to_do() -> None:
    ShopFactory.create(name="Kafé Lyktan")

    page = staff(shops=[]).get(reverse("admin:index")).content.decode()

    assert "You have no shop yet." in page
    assert "Payments work" not in page


def test_parts_are_those_of_the_page(shop: Shop) -> None:
    client = staff("orders.view_order", "payments.view_invoice", shops=[shop])

    page = client.get(reverse("admin:index")).content.decode()
    parts = client.get(reverse("staff:today")).content.decode()

    assert parts in page


def test_parts_need_a_signed_in_person() -> None:
    response = Client().get(reverse("staff:today"))

    assert response.status_code == 302


def test_page_runs_a_constant_number_of_statements(
    shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        payment(shop, timezone.now() - timedelta(minutes=number))
    ProductFactory.create_batch(10, shop=shop, sold_out=True)
    client = superuser()

    with django_assert_max_num_queries(MAX_STATEMENTS):
        client.get(reverse("admin:index"))


@pytest.mark.usefixtures("shop")
def test_page_is_swedish_for_swedish_staff() -> None:
    client = superuser()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "sv"

    assert today(client)["payments"].text == "Betalningarna fungerar"
