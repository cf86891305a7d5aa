"""The first page: whether payments work, what waits, and what was sold, in a person's shops."""

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

from orders.audit import by_staff
from orders.models import Order, OrderState, Seller, Shop
from payments.models import Invoice, InvoiceStatus, PaymentPause, Refund, RefundStatus
from payments.refunds.refund import request_refund
from seqrshop.backoffice.today.sales import start_of_day, week_before
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
from tests.staff import staff, superuser, user_of

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


@pytest.fixture
def at_half_past_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be half past two on a Sunday."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


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


# --- What was sold ---


@pytest.mark.usefixtures("at_half_past_two")
def test_takings_have_today_and_the_same_weekday_of_last_week(shop: Shop) -> None:
    week_ago = NOW - timedelta(days=7)
    payment(shop, NOW.replace(hour=0, minute=0), "10.00")
    payment(shop, NOW - timedelta(minutes=5), "20.00")
    payment(shop, NOW.replace(hour=0) - timedelta(hours=1), "1000.00")  # yesterday
    payment(shop, week_ago.replace(hour=0, minute=0), "3.00")
    payment(shop, week_ago + timedelta(hours=5), "4.00")
    payment(shop, week_ago.replace(hour=0, minute=0) - timedelta(seconds=1), "1000.00")
    payment(shop, week_ago.replace(hour=0, minute=0) + timedelta(days=1), "1000.00")

    [sums] = today(staff("payments.view_invoice", shops=[shop]))["takings"]

    assert {name: text.replace("\N{NO-BREAK SPACE}", " ") for name, text in sums.items()} == {
        "today": "30.00 SEK",
        "refunded": "",
        "earlier_so_far": "3.00 SEK",
        "earlier": "7.00 SEK",
    }


@pytest.mark.usefixtures("at_half_past_two")
def test_takings_leave_out_other_shops_and_duplicate_payments(shop: Shop) -> None:
    payment(shop, NOW - timedelta(hours=2), "20.00")
    payment(ShopFactory.create(), NOW - timedelta(hours=2), "1000.00")
    payment(shop, NOW - timedelta(hours=2), "1000.00", status=InvoiceStatus.DUPLICATE)

    context = today(staff("payments.view_invoice", shops=[shop]))

    assert context["takings"][0]["today"] == "20.00\N{NO-BREAK SPACE}SEK"
    assert (context["sales"].today, context["sales"].last_hour) == (1, 0)


@pytest.mark.usefixtures("at_half_past_two")
def test_takings_have_the_amount_of_seqrs_receipt(shop: Shop) -> None:
    payment(shop, NOW - timedelta(hours=2), "77.00", paid_amount=70, paid_currency="SEK")

    context = today(staff("payments.view_invoice", shops=[shop]))

    assert context["takings"][0]["today"] == "70.00\N{NO-BREAK SPACE}SEK"


@pytest.mark.usefixtures("at_half_past_two")
def test_takings_of_two_currencies_are_two_sums(shop: Shop) -> None:
    payment(shop, NOW - timedelta(hours=2), "20.00")
    payment(shop, NOW - timedelta(hours=2), "9.00", currency="EUR")

    takings = today(staff("payments.view_invoice", shops=[shop]))["takings"]

    assert [sums["today"] for sums in takings] == [
        "9.00\N{NO-BREAK SPACE}EUR",
        "20.00\N{NO-BREAK SPACE}SEK",
    ]


@pytest.mark.usefixtures("at_half_past_two")
def test_refunds_of_today_are_shown_beside_the_takings(shop: Shop) -> None:
    client = staff("payments.view_invoice", shops=[shop])
    for number, each in enumerate((shop, ShopFactory.create())):
        invoice = payment(each, NOW - timedelta(days=3))
        refund, _ = request_refund(
            invoice.pk, Decimal(5), "cold", by_staff(user_of(client)), f"form {number}"
        )
        Refund.objects.filter(pk=refund.pk).update(
            status=RefundStatus.REFUNDED,
            ers_reference=f"R{number}",
            sent_at=NOW - timedelta(minutes=1),
        )

    [sums] = today(client)["takings"]

    assert (sums["today"], sums["refunded"]) == (
        "0.00\N{NO-BREAK SPACE}SEK",
        "5.00\N{NO-BREAK SPACE}SEK",
    )


def test_hour_before_the_first_hour_of_a_day_is_counted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    past_midnight = NOW.replace(hour=0, minute=20)
    monkeypatch.setattr(timezone, "now", lambda: past_midnight)
    payment(shop, past_midnight - timedelta(minutes=30))
    payment(shop, past_midnight - timedelta(minutes=5))

    sales = today(staff("payments.view_invoice", shops=[shop]))["sales"]

    assert (sales.last_hour, sales.today) == (2, 1)


def test_day_begins_at_midnight_in_the_shops_time_zone_when_the_clocks_change() -> None:
    after_change = datetime(2026, 10, 25, 12, 0, tzinfo=STOCKHOLM)

    assert start_of_day(after_change).isoformat() == "2026-10-25T00:00:00+02:00"
    assert week_before(after_change).isoformat() == "2026-10-18T12:00:00+02:00"


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
