"""The page of exports, the links of the lists, account plans and schedules."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from orders.models import Order, Seller, Shop
from payments.exports.account_plans import plan_of
from payments.models import (
    AccountPlan,
    ExportDelivery,
    ExportSchedule,
    Invoice,
    MoneyCase,
    Refund,
    VatAccounts,
)
from seqrshop.backoffice.exports import responses
from seqrshop.backoffice.formatting import local_time
from tests.factories import (
    InvoiceFactory,
    OrderFactory,
    OrderRowFactory,
    ProductFactory,
    ReceiptFactory,
    SellerFactory,
    ShopFactory,
)
from tests.payments.exports.files import read_csv, read_excel
from tests.sie_reader import read_sie
from tests.staff import admin_url, list_url, page_url, shown_messages, staff, superuser

pytestmark = pytest.mark.django_db
PAGE = "/staff/exports"
EXPORT = "payments.export_books"
PLAN = ("payments.view_accountplan", "payments.change_accountplan")
SCHEDULE = (
    "payments.view_exportschedule",
    "payments.add_exportschedule",
    "payments.change_exportschedule",
)


def yesterday() -> date:
    """Return the day before today, in Stockholm."""
    return timezone.localdate() - timedelta(days=1)


def content_of(response: Any) -> bytes:
    """Return the content of an exported file."""
    assert response.streaming, response.content.decode()
    return b"".join(response.streaming_content)


def sold(shop: Shop | None = None) -> Order:
    """Return a paid order of yesterday."""
    order = OrderFactory.create(state="paid", **({"shop": shop} if shop else {}))
    OrderRowFactory.create(order=order)
    invoice = InvoiceFactory.create(order=order, paid=True, receipt=False)
    ReceiptFactory.create(invoice=invoice, issued_at=timezone.now() - timedelta(days=1))
    found: Order = order
    return found


def form(*shops: Shop, **fields: Any) -> dict[str, Any]:
    """Return the form of the page, about yesterday's receipts if nothing else is given."""
    return {
        "content": "receipts",
        "file_format": "csv",
        "first": str(yesterday()),
        "last": str(yesterday()),
        "shops": [shop.pk for shop in shops],
        **fields,
    }


def test_page_answers_with_the_chosen_file() -> None:
    order = sold()
    browser = staff(EXPORT)

    page = browser.get(PAGE).context["form"]
    text = browser.post(PAGE, form(order.shop))
    excel = browser.post(PAGE, form(order.shop, file_format="xlsx"))
    sie = browser.post(PAGE, form(order.shop, content="sie"))

    assert [page[name].label for name in ("first", "last")] == ["First day", "Last day"]
    name = f"receipts-{yesterday()}-{yesterday()}"
    assert text["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    assert [row["order"] for row in read_csv(content_of(text))] == [order.number]
    assert excel["Content-Disposition"] == f'attachment; filename="{name}.xlsx"'
    [row] = read_excel(io.BytesIO(content_of(excel)))
    assert (row["order"], row["gross"]) == (order.number, 45)
    [voucher] = read_sie(content_of(sie)).vouchers
    assert voucher.day == yesterday()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"last": "2020-01-01"}, "The last day is before the first."),
        (
            {"content": "sie", "last": str(timezone.localdate())},
            "Vouchers are of days that are over",
        ),
        ({"content": "vat", "first": "2020-01-01"}, "Choose a period of a year at most."),
        ({"shops": []}, "Choose a shop."),
        ({"first": "yesterday"}, "Enter a valid date."),
        ({"content": "secrets"}, "not one of the available choices"),
        ({"first": "99999-01-01"}, "Enter a valid date."),
        ({"last": "9999-12-31"}, "Choose days from 2000 to 2099."),
        ({"first": "0001-01-01"}, "Choose days from 2000 to 2099."),
    ],
)
def test_wrong_choice_is_answered_beside_its_field(fields: dict[str, Any], sentence: str) -> None:
    order = sold()

    answer = staff(EXPORT).post(PAGE, form(order.shop, **fields))

    assert answer.status_code == 200
    assert sentence in answer.content.decode()


def test_person_exports_their_own_shops_alone() -> None:
    own, other = sold(), sold()
    browser = staff(EXPORT, "orders.view_order", shops=[own.shop])

    answer = browser.post(PAGE, form(own.shop, other.shop))
    listed = browser.get(admin_url(Order, "export_csv"))

    assert answer.status_code == 200
    assert "not one of the available choices" in answer.content.decode()
    assert [row["order"] for row in read_csv(content_of(listed))] == [own.number]


def test_list_exports_what_is_filtered_in_both_formats() -> None:
    paid, _failed = sold(), OrderFactory.create(state="failed")
    browser = staff(EXPORT, "orders.view_order")

    page = browser.get(f"{list_url(Order)}?state__exact=paid").content.decode()
    text = browser.get(f"{admin_url(Order, 'export_csv')}?state__exact=paid")
    excel = browser.get(f"{admin_url(Order, 'export_xlsx')}?state__exact=paid")

    assert f'href="{admin_url(Order, "export_csv")}?state__exact=paid"' in page
    assert [row["order"] for row in read_csv(content_of(text))] == [paid.number]
    assert [row["order"] for row in read_excel(io.BytesIO(content_of(excel)))] == [paid.number]


@pytest.mark.parametrize("model", [Order, Invoice, Refund, MoneyCase])
def test_list_offers_and_makes_exports_for_those_who_may(model: type[Any]) -> None:
    sees = f"{model._meta.app_label}.view_{model._meta.model_name}"
    address = admin_url(model, "export_csv")

    assert address not in staff(sees).get(list_url(model)).content.decode()
    assert staff(sees).get(address).status_code == 403
    assert staff(EXPORT).get(address).status_code == 403
    assert content_of(staff(sees, EXPORT).get(address)).startswith(b"\xef\xbb\xbf")


def test_list_with_too_many_rows_for_excel_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "MAX_EXCEL_ROWS_IN_REQUEST", 1)
    for _ in range(2):
        OrderFactory.create()

    answer = staff(EXPORT, "orders.view_order").get(admin_url(Order, "export_xlsx"))

    assert answer["Location"] == list_url(Order)
    assert shown_messages(answer) == ["This would be more than 1 rows. Choose fewer days, or CSV."]


def test_export_of_a_filter_that_does_not_exist_leads_to_the_list() -> None:
    browser = staff(EXPORT, "orders.view_order")

    answer = browser.get(f"{admin_url(Order, 'export_csv')}?customer__msisdn=46701234567")

    assert answer.status_code in {302, 400}


def test_page_names_the_hole_of_an_account_plan_and_leads_to_it() -> None:
    order = sold()
    plan_of(order.shop.seller).rates.all().delete()

    page = staff(EXPORT).post(PAGE, form(order.shop, content="sie")).content.decode()

    assert "has no accounts for goods at 12" in page
    assert list_url(AccountPlan) in page


def plan_form(plan: AccountPlan, **fields: str) -> dict[str, str]:
    """Return the form of a plan as it is, with some fields changed."""
    rates = list(plan.rates.all())
    given = {
        "receivable_account": plan.receivable_account,
        "tips_account": plan.tips_account,
        "rounding_account": plan.rounding_account,
        "series": plan.series,
        "first_month": str(plan.first_month),
        "rates-TOTAL_FORMS": str(len(rates)),
        "rates-INITIAL_FORMS": str(len(rates)),
    }
    for number, rate in enumerate(rates):
        for name in ("id", "vat_rate", "sales_account", "vat_account", "refund_account"):
            given[f"rates-{number}-{name}"] = str(getattr(rate, name))
    return {**given, **fields}


def test_every_seller_has_a_plan_with_the_accounts_of_bas() -> None:
    shop = ShopFactory.create()

    page = staff(*PLAN).get(list_url(AccountPlan)).content.decode()

    assert shop.seller.legal_name in page
    assert list(VatAccounts.objects.values_list("sales_account", "vat_account")) == [
        ("3001", "2611"),
        ("3002", "2621"),
        ("3003", "2631"),
        ("3004", ""),
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"receivable_account": ""}, "This field is required."),
        ({"tips_account": "12345"}, "at most 4 characters"),
        ({"rounding_account": "37a0"}, "An account has four digits"),
        ({"series": "A 1"}, "letters A to Z and digits only"),
        ({"first_month": "13"}, "less than or equal to 12"),
        ({"rates-1-vat_account": ""}, "Give the account of the output VAT."),
        ({"rates-1-sales_account": "9999"}, "An account has four digits"),
        ({"rates-1-DELETE": "on"}, "Products are on sale at 12"),
        ({"rates-1-vat_rate": "25"}, "duplicate"),
    ],
)
def test_plan_with_a_hole_is_refused_beside_its_field(
    fields: dict[str, str], sentence: str
) -> None:
    plan = plan_of(ProductFactory.create().shop.seller)

    answer = staff(*PLAN).post(page_url(plan), plan_form(plan, **fields))

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    if fields.keys() == {"rates-1-vat_account"}:
        [rates] = answer.context["inline_admin_formsets"]
        assert rates.formset.errors[1] == {"vat_account": [sentence]}
    assert plan.rates.filter(vat_rate=12, vat_account="2621", sales_account="3002").exists()


def test_accounts_of_a_plan_are_changed() -> None:
    plan = plan_of(ProductFactory.create().shop.seller)
    changed = plan_form(plan, **{"rates-1-refund_account": "3732", "series": "S"})

    answer = staff(*PLAN).post(page_url(plan), changed)

    assert answer.status_code == 302
    assert plan.rates.get(vat_rate=12).refund_account == "3732"


def schedule_form(shop: Shop, **fields: Any) -> dict[str, Any]:
    """Return the form of a new schedule."""
    return {
        "content": "sie",
        "file_format": "csv",
        "frequency": "monthly",
        "seller": str(shop.seller_id),
        "recipient": "books@example.se",
        "folder": "",
        "is_active": "on",
        **fields,
    }


def add_schedule(browser: Client, shop: Shop, **fields: Any) -> Any:
    """Post the form of a new schedule."""
    return browser.post(admin_url(ExportSchedule, "add"), schedule_form(shop, **fields))


def test_new_schedule_begins_with_the_current_period() -> None:
    shop = ShopFactory.create()

    assert add_schedule(staff(*SCHEDULE), shop).status_code == 302

    schedule = ExportSchedule.objects.get()
    assert schedule.next_first == timezone.localdate().replace(day=1)
    assert schedule.created_by.username.startswith("staff-")


def test_saved_schedule_shows_its_next_period_and_who_made_it() -> None:
    browser = staff(*SCHEDULE)
    new = browser.get(admin_url(ExportSchedule, "add")).context["adminform"]
    add_schedule(browser, ShopFactory.create())

    saved = browser.get(page_url(ExportSchedule.objects.get())).context["adminform"]

    fields = [[*form.fieldsets[1][1]["fields"]] for form in (new, saved)]
    assert fields[1] == [*fields[0], "next_first", "created_by"]


def test_form_of_a_new_schedule_leads_to_no_page_of_a_seller_or_shop() -> None:
    page = superuser().get(admin_url(ExportSchedule, "add")).content.decode()

    assert 'name="seller"' in page
    assert "related-widget-wrapper-link" not in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"recipient": ""}, "Give either a recipient or a folder."),
        ({"folder": "books"}, "Give either a recipient or a folder."),
        ({"recipient": "", "folder": "../etc"}, "not below the folder for exports"),
        ({"recipient": "", "folder": "/etc"}, "not below the folder for exports"),
        ({"recipient": "", "folder": "böcker"}, "A folder has letters A to Z"),
        ({"recipient": "nobody"}, "Enter a valid email address."),
    ],
)
def test_wrong_schedule_is_refused_beside_its_field(
    fields: dict[str, str], sentence: str, settings: Settings, tmp_path: Any
) -> None:
    settings.EXPORT_DIR = str(tmp_path)

    answer = add_schedule(staff(*SCHEDULE), ShopFactory.create(), **fields)

    assert sentence in answer.content.decode()
    assert not ExportSchedule.objects.exists()


def test_folder_is_refused_where_there_is_none_for_exports() -> None:
    answer = add_schedule(staff(*SCHEDULE), ShopFactory.create(), recipient="", folder="books")

    assert "EXPORT_DIR is not set" in answer.content.decode()


def test_failed_delivery_is_shown_in_the_list_on_its_page_and_on_exports() -> None:
    browser = staff(EXPORT, *SCHEDULE)
    add_schedule(browser, ShopFactory.create())
    schedule = ExportSchedule.objects.get()
    ExportDelivery.objects.create(
        schedule=schedule,
        first=date(2026, 10, 1),
        last=date(2026, 10, 31),
        attempts=3,
        last_error="The mail server is away.",
        lease_until=timezone.now(),
    )

    for page in (list_url(ExportSchedule), page_url(schedule), PAGE):
        assert "The mail server is away." in browser.get(page).content.decode(), page
    again = schedule.deliveries.get().lease_until
    assert again is not None
    assert local_time(again) in browser.get(page_url(schedule)).content.decode()


def test_person_of_some_shops_has_no_schedules_and_no_plans() -> None:
    browser = staff(EXPORT, *SCHEDULE, *PLAN, shops=[ShopFactory.create()])

    assert browser.get(list_url(ExportSchedule)).status_code == 403
    assert browser.get(list_url(AccountPlan)).status_code == 403
    assert browser.get(PAGE).status_code == 200


def test_seller_is_deleted_with_its_account_plan() -> None:
    plan = plan_of(SellerFactory.create())
    browser = staff("orders.view_seller", "orders.delete_seller")

    answer = browser.post(admin_url(Seller, "delete", plan.seller_id), {"post": "yes"})

    assert answer.status_code == 302
    assert not AccountPlan.objects.exists()
