"""The frame of every page: the brand, the navigation by job, and what waits for the person."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from orders.audit import ChangeSource, by_staff
from orders.models import Order, Seller, Shop, SourceName
from payments.cases.cases import open_case
from payments.loyalty import example
from payments.models import CaseKind, Refund, RefundStatus
from payments.refunds.refund import request_refund
from tests.factories import InvoiceFactory, SellerFactory, ShopFactory, TerminalFactory
from tests.staff import list_url, page_url, staff, superuser, user_of

pytestmark = pytest.mark.django_db

INDEX = "/admin/"


def frame_of(client: Client, address: str = INDEX) -> Any:
    """Return the frame of a page."""
    return client.get(address).context["frame"]


def jobs_of(client: Client) -> dict[str, list[str]]:
    """Return the labels of the navigation: the pages by their job."""
    return {
        str(job.label): [str(entry.label) for entry in job.entries] for job in frame_of(client).jobs
    }


def shop_of_another_seller() -> Shop:
    seller = SellerFactory.create(reseller_id="another", legal_name="Bageriet AB")
    terminal = TerminalFactory.create(seller=seller, principal_id="another")
    shop: Shop = ShopFactory.create(terminal=terminal, accent="#0b4f9e")
    return shop


def test_brand_of_a_person_of_one_shop_is_the_shops_own() -> None:
    shop = ShopFactory.create(name="Kafé Lyktan", accent="#0b4f9e")
    ShopFactory.create()
    client = staff(shops=[shop])

    page = client.get(INDEX).content.decode()

    assert ">Kafé Lyktan</a>" in page
    assert "/accents/0b4f9e.css" in page


def test_brand_of_a_person_of_two_shops_is_their_seller() -> None:
    shops = ShopFactory.create_batch(2)

    assert frame_of(staff(shops=shops)).brand.name == Seller.objects.get().legal_name


def test_brand_of_a_person_of_two_sellers_shops_is_our_own() -> None:
    shops = [ShopFactory.create(), shop_of_another_seller()]

    brand = frame_of(staff(shops=shops)).brand

    assert (brand.name, brand.accent) == ("seqrshop", "#7a3412")


def test_sign_in_page_has_no_navigation_and_names_no_shop() -> None:
    ShopFactory.create(name="Kafé Lyktan")

    page = Client().get(reverse("admin:login")).content.decode()

    assert "Kafé Lyktan" not in page
    assert "staff-nav" not in page
    assert 'id="staff-search"' not in page


def test_navigation_of_a_superuser_has_every_registered_list(settings: Settings) -> None:
    from django.contrib.admin import site  # noqa: PLC0415

    settings.LOYALTY_HOOK = example.PATH  # else the loyalty cards are hidden
    page = superuser().get(INDEX).content.decode()

    missing = [model for model in site._registry if f'"{list_url(model)}"' not in page]
    entries = [entry.address for job in frame_of(superuser()).jobs for entry in job.entries]
    assert [model for model in missing if list_url(model) not in entries] == []


def test_navigation_shows_the_pages_that_a_person_may_open() -> None:
    client = staff("orders.view_order", "payments.view_refund", shops=[ShopFactory.create()])

    assert jobs_of(client) == {
        "Today": ["Today"],
        "Orders": ["Orders"],
        "Money": ["Refunds"],
        "People": ["Roles", "What is kept"],
    }


def test_navigation_of_a_person_of_no_shop_has_no_list() -> None:
    assert list(jobs_of(staff("orders.view_order", shops=[]))) == ["Today", "People"]


@pytest.mark.parametrize("page", ["list", "row", "history"])
def test_job_of_the_open_page_is_marked(page: str) -> None:
    order = InvoiceFactory.create().order
    addresses = {
        "list": list_url(Order),
        "row": page_url(order),
        "history": reverse("admin:orders_order_history", args=[order.pk]),
    }

    frame = frame_of(superuser(), addresses[page])

    assert [str(job.label) for job in frame.jobs if job.is_current] == ["Orders"]


def test_today_alone_is_marked_on_the_first_page() -> None:
    frame = frame_of(superuser())

    assert [str(job.label) for job in frame.jobs if job.is_current] == ["Today"]


def requested_refund(client: Client, shop: Shop, nonce: str) -> Refund:
    """Request a refund that waits for a second person."""
    invoice = InvoiceFactory.create(paid=True, order__shop=shop)
    refund, _ = request_refund(invoice.pk, Decimal(1), "cold", by_staff(user_of(client)), nonce)
    Refund.objects.filter(pk=refund.pk).update(
        status=RefundStatus.REQUESTED, approval_reason="daily_limit"
    )
    return refund


def test_count_has_the_approvals_of_others_requests_in_the_persons_shops() -> None:
    here, elsewhere = ShopFactory.create_batch(2)
    client = staff("payments.approve_refund", "payments.view_refund", shops=[here])
    colleague = superuser()
    requested_refund(colleague, here, "a colleague's")
    requested_refund(colleague, elsewhere, "of another shop")
    requested_refund(client, here, "the person's own")

    [money] = [job for job in frame_of(client).jobs if str(job.label) == "Money"]

    assert (money.count, [entry.count for entry in money.entries if entry.count]) == (1, [1])


def test_count_is_nothing_for_a_person_who_may_not_decide() -> None:
    shop = ShopFactory.create()
    requested_refund(superuser(), shop, "a colleague's")
    client = staff("payments.view_refund", shops=[shop])

    assert (frame_of(client).counts.approvals, frame_of(client).counts.cases) == (0, 0)


def test_count_has_the_open_cases_of_the_persons_shops() -> None:
    here, elsewhere = ShopFactory.create_batch(2)
    for shop in (here, elsewhere):
        open_case(
            CaseKind.AMOUNT_DIFFERS,
            ChangeSource(SourceName.POLLER),
            "70 or 77",
            invoice=InvoiceFactory.create(paid=True, order__shop=shop),
        )

    client = staff("payments.view_moneycase", shops=[here])

    assert frame_of(client).counts.cases == 1
    assert '<span class="visually-hidden">waiting:</span> 1<' in client.get(INDEX).content.decode()


def test_texts_of_scripts_are_in_the_language_that_the_person_has_chosen() -> None:
    client = superuser()
    client.get(reverse("admin:index"), {"language": "sv"})

    texts = client.get(reverse("admin:jsi18n"), headers={"accept": "*/*"}).content.decode()

    assert "%(sel)s av %(cnt)s" in texts
