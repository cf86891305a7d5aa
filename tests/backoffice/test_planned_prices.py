"""Prices from a date on: planned on a page, applied once, and said in open baskets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from orders.models import CustomerSession, Option, PriceChange, Product, Shop
from orders.services.prices import apply_price_changes
from seqrshop.backoffice.planned_prices import apply_planned_prices
from seqrshop.backoffice.tasks import apply_prices
from tests.backoffice.shop_form import form as shop_form
from tests.backoffice.shop_form import row_of
from tests.backoffice.test_products import form
from tests.conftest import TOKEN
from tests.factories import OptionFactory, ProductFactory
from tests.races import held, run_concurrently, wait_for_lock_wait, with_own_connection
from tests.staff import page_url, staff, superuser, user_of
from tests.storefront.conftest import JsonClient

pytestmark = pytest.mark.django_db

NEXT_YEAR = timezone.localdate().year + 1
NEW_YEAR = datetime(NEXT_YEAR, 6, 30, 22, tzinfo=UTC)  # midnight in Stockholm


def rows(*posted: tuple[str, str]) -> dict[str, str]:
    """Return the form's rows of new planned prices."""
    found = {"price_changes-TOTAL_FORMS": str(len(posted))}
    for number, (price, applies_at) in enumerate(posted):
        found[f"price_changes-{number}-price"] = price
        found[f"price_changes-{number}-applies_at"] = applies_at
    return found


def planned(sold: Product | Option, price: str, applies_at: datetime = NEW_YEAR) -> PriceChange:
    """Plan a price in the name of a new person."""
    target: dict[str, Any] = {"product": sold} if isinstance(sold, Product) else {"option": sold}
    person = user_of(staff())
    return PriceChange.objects.create(
        price=Decimal(price), applies_at=applies_at, made_by=person, **target
    )


def test_price_is_planned_by_local_time_in_the_persons_name_and_logged() -> None:
    bun = ProductFactory.create()
    client = superuser()

    client.post(page_url(bun), form(bun, **rows(("49.00", f"{NEXT_YEAR}-07-01T00:00"))))

    bun.refresh_from_db()
    change = PriceChange.objects.get()
    assert (change.product, change.price, change.applies_at) == (bun, Decimal("49.00"), NEW_YEAR)
    assert (change.made_by, bun.price) == (user_of(client), Decimal("45.00"))
    assert "Added planned price" in LogEntry.objects.get().get_change_message()
    assert "49.00" in client.get(page_url(bun)).content.decode()


@pytest.mark.parametrize(
    ("row", "field", "sentence"),
    [
        (("49.00", "2020-01-01T00:00"), "applies_at", "This is in the past."),
        (("49.00", f"{NEXT_YEAR + 4}-01-01T00:00"), "applies_at", "more than two years ahead"),
        (("0", f"{NEXT_YEAR}-07-01T00:00"), "price", "A product costs at least 0.01."),
        (("-1", f"{NEXT_YEAR}-07-01T00:00"), "price", "greater than or equal to 0"),
        (("", f"{NEXT_YEAR}-07-01T00:00"), "price", "required"),
    ],
)
def test_price_that_cannot_be_planned_is_refused_beside_its_field(
    row: tuple[str, str], field: str, sentence: str
) -> None:
    bun = ProductFactory.create()

    response = superuser().post(page_url(bun), form(bun, **rows(row)))

    [formset] = response.context["inline_admin_formsets"]
    assert sentence in formset.forms[0].errors[field][0]
    assert not PriceChange.objects.exists()


def test_planned_price_is_cancelled_before_it_applies_and_not_after() -> None:
    bun = ProductFactory.create()
    waits, applied = planned(bun, "49.00"), planned(bun, "47.00", timezone.now())
    client = superuser()
    removed = {
        "price_changes-TOTAL_FORMS": "2",
        "price_changes-INITIAL_FORMS": "2",
        "price_changes-0-id": str(applied.pk),
        "price_changes-0-DELETE": "on",
        "price_changes-1-id": str(waits.pk),
        "price_changes-1-DELETE": "on",
    }
    page = form(bun, **removed)

    client.post(page_url(bun), page)
    apply_planned_prices(NEW_YEAR + timedelta(days=1))

    bun.refresh_from_db()
    assert bun.price == Decimal("45.00")
    assert not PriceChange.objects.exists()


def test_price_applies_at_its_time_once_with_a_line_in_the_history() -> None:
    bun = ProductFactory.create()
    change = planned(bun, "49.00")

    early = apply_planned_prices(NEW_YEAR - timedelta(seconds=1))
    due = apply_planned_prices(NEW_YEAR)
    Product.objects.update(price=Decimal("30.00"))  # a person changes it by hand
    again = apply_planned_prices(NEW_YEAR + timedelta(days=1))

    bun.refresh_from_db()
    change.refresh_from_db()
    assert (early, due, again) == (0, 1, 0)
    assert (bun.price, change.earlier_price) == (Decimal("30.00"), Decimal("45.00"))
    log = LogEntry.objects.get()
    assert (log.user, log.object_id) == (change.made_by, str(bun.pk))
    assert log.get_change_message() == (
        "Changed price including VAT for planned price “45.00 → 49.00”."
    )


def test_prices_of_one_product_apply_in_the_order_of_their_times() -> None:
    bun, oat = ProductFactory.create(), OptionFactory.create()
    planned(bun, "51.00", NEW_YEAR)
    planned(bun, "49.00", NEW_YEAR - timedelta(days=1))
    planned(oat, "0.00")

    assert apply_planned_prices(NEW_YEAR) == 3

    bun.refresh_from_db()
    oat.refresh_from_db()
    assert (bun.price, oat.price) == (Decimal("51.00"), Decimal("0.00"))


def test_page_opened_before_a_price_applies_keeps_the_new_one() -> None:
    bun = ProductFactory.create()
    seen = {"initial-price": "45.00", "price": "45.00"}
    rows_seen = {f"products-{name}": "1" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    shop_page = shop_form(**rows_seen, **row_of(bun, unit="kg"))
    planned(bun, "49.00")
    apply_planned_prices(NEW_YEAR)
    client = superuser()

    client.post(page_url(bun), form(bun, name_en="Bun", **seen))
    client.post(page_url(bun.shop), shop_page)
    bun.refresh_from_db()
    kept = (bun.price, bun.unit)
    client.post(page_url(bun), form(bun, **seen | {"price": "50.00"}))

    bun.refresh_from_db()
    assert kept == (Decimal("49.00"), "kg")
    assert bun.price == Decimal("50.00")


@pytest.mark.django_db(transaction=True)
def test_two_processes_apply_a_price_once() -> None:
    bun = ProductFactory.create()
    planned(bun, "49.00", timezone.now())

    applied = run_concurrently(4, lambda: apply_planned_prices(timezone.now()))

    assert sorted(applied) == [0, 0, 0, 1]
    assert LogEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("factory", [ProductFactory, OptionFactory])
def test_price_that_is_changed_meanwhile_is_the_earlier_one(factory: Any) -> None:
    sold = factory.create()
    change = planned(sold, "49.00", timezone.now())
    changed = type(sold)._default_manager.filter(pk=sold.pk)

    with ThreadPoolExecutor(1) as threads:
        with held(lambda: changed.update(price=Decimal("47.00"))):
            applied = threads.submit(
                with_own_connection, lambda: apply_planned_prices(timezone.now())
            )
            wait_for_lock_wait()
        assert applied.result() == 1

    change.refresh_from_db()
    sold.refresh_from_db()
    assert (change.earlier_price, sold.price) == (Decimal("47.00"), Decimal("49.00"))


def test_task_applies_what_is_due_by_the_databases_clock() -> None:
    bun = ProductFactory.create()
    planned(bun, "49.00", timezone.now() - timedelta(minutes=1))

    apply_prices()

    bun.refresh_from_db()
    assert bun.price == Decimal("49.00")


def test_customer_with_an_open_basket_is_told_before_the_order_is_placed(
    customer_session: CustomerSession, cafe: Shop
) -> None:
    bun = ProductFactory.create(shop=cafe)
    customer = JsonClient(TOKEN)
    body = {
        "nonce": "nonce-of-this-order",
        "rows": [{"product": bun.pk, "quantity": 2}],
        "total": "90.00",
    }
    planned(bun, "49.00", timezone.now())

    apply_planned_prices(timezone.now())
    refused = customer.send("/lyktan/orders", body)
    agreed = customer.send("/lyktan/orders", body | {"total": "98.00"})

    assert (refused.status_code, refused.json()["error"]) == (409, "price_changed")
    assert agreed.status_code == 201


def test_price_that_is_deleted_meanwhile_keeps_no_other_from_applying() -> None:
    first, second = (planned(ProductFactory.create(), "51.00") for _ in range(2))

    def delete_second(change: PriceChange) -> None:
        assert change.pk == first.pk
        PriceChange.objects.filter(pk=second.pk).delete()

    assert apply_price_changes(NEW_YEAR, delete_second) == 1
