"""The pages as the server renders them, without a browser."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from orders.models import CustomerSession, Product, Shop
from orders.validators import RESERVED_SLUGS
from payments.models import Invoice
from tests.conftest import TOKEN
from tests.factories import CustomerFactory, InvoiceFactory, OrderFactory, ShopFactory
from tests.storefront.conftest import JsonClient

PAGES = ["order", "success", "failure", "cancel", "my-orders"]


@pytest.mark.parametrize("page", PAGES)
def test_page_has_addresses_of_its_shop_for_script(
    client: JsonClient, cafe: Shop, page: str
) -> None:
    response = client.get(f"/lyktan/{page}")

    html = response.content.decode()
    assert response.status_code == 200
    assert 'data-session-url="/lyktan/session"' in html
    assert 'data-orders-url="/lyktan/orders"' in html
    assert 'href="SEQR-ACTION://WIZARD/CANCEL"' in html
    assert "Kafé Lyktan" in html


@pytest.mark.parametrize("page", PAGES)
def test_page_writes_nothing_and_sets_csrf_cookie_only(
    client: JsonClient, cafe: Shop, page: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):  # the shop; for the order page with hours and pauses
        response = client.get(f"/lyktan/{page}")

    assert set(response.cookies) == {"csrftoken"}
    assert response["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("page", PAGES)
def test_page_has_no_inline_or_foreign_content(client: JsonClient, cafe: Shop, page: str) -> None:
    response = client.get(f"/lyktan/{page}")

    html = response.content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", html)
    assert not re.search(r'<(?!a\b)[^>]*\s(?:src|href)="(?:https?:)?//', html)
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] in {"same-origin", "no-referrer"}


def test_page_preloads_exactly_its_scripts(client: JsonClient, cafe: Shop) -> None:
    html = client.get("/lyktan/success").content.decode()

    named = re.findall(
        r'<link rel="modulepreload" href="/static/(?:storefront/)?([\w/-]+)\.js">', html
    )
    assert sorted(named) == sorted(
        [
            "api-client",
            "app-handover",
            "basket-store",
            "dom",
            "focus",
            "fragment",
            "language-links",
            "money",
            "order-stream",
            "order-view",
            "page",
            "session",
            "streaming/read-events",
            "tracker",
        ]
    )
    assert '<script type="module" src="/static/storefront/result-page.js">' in html


def test_order_page_names_what_it_loads_later_and_preloads_none_of_it(
    client: JsonClient, cafe: Shop
) -> None:
    html = client.get("/lyktan/order").content.decode()

    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', html)
    for name in ("checkout", "product-sheet"):
        [later] = re.findall(rf'data-{name}="([^"]+)"', html)
        modules = later.split(" ")
        assert modules[0] == f"/static/storefront/{name}.js"
        assert "/static/storefront/note-field.js" in modules
        assert not set(modules) & set(preloaded)


@pytest.mark.parametrize("page", PAGES)
def test_pages_and_session_are_compressed(
    client: JsonClient, customer_session: CustomerSession, bun: Product, page: str
) -> None:
    headers = {"Accept-Encoding": "gzip"}

    html = client.get(f"/lyktan/{page}", headers=headers)
    data = client.send("/lyktan/session", {"token": TOKEN}, headers=headers)

    assert html["Content-Encoding"] == data["Content-Encoding"] == "gzip"
    assert b"data-session-url" in gzip.decompress(html.content)
    assert b"Cinnamon bun" in gzip.decompress(data.content)


@pytest.mark.parametrize("page", PAGES)
def test_page_is_in_readers_language(client: JsonClient, cafe: Shop, page: str) -> None:
    swedish = client.get(f"/lyktan/{page}", headers={"Accept-Language": "sv"}).content.decode()
    english = client.get(f"/lyktan/{page}", headers={"Accept-Language": "de"}).content.decode()

    assert '<html lang="sv">' in swedish
    assert "Avbryt beställningen" in swedish
    assert '<html lang="en">' in english
    assert "Cancel the order" in english


@pytest.mark.parametrize("page", PAGES)
def test_page_without_slug_belongs_to_only_shop(client: JsonClient, cafe: Shop, page: str) -> None:
    assert 'data-session-url="/lyktan/session"' in client.get(f"/{page}").content.decode()

    ShopFactory.create()
    response = client.get(f"/{page}", headers={"Accept": "text/html"})

    assert response.status_code == 404
    assert "several shops" in response.content.decode()


def test_page_without_any_shop_is_not_found(client: JsonClient, db: None) -> None:
    response = client.get("/order", headers={"Accept": "text/html"})

    assert response.status_code == 404
    assert "no shop here yet" in response.content.decode()


def test_markup_in_shop_name_is_escaped(client: JsonClient, db: None) -> None:
    ShopFactory.create(slug="x", name="<script>alert(1)</script>")

    assert "<script>alert" not in client.get("/x/order").content.decode()


def test_every_first_path_part_is_a_reserved_slug() -> None:
    def first_parts(patterns: list[URLPattern | URLResolver]) -> set[str]:
        found: set[str] = set()
        for pattern in patterns:
            if isinstance(pattern, URLResolver) and str(pattern.pattern) == "":
                found |= first_parts(pattern.url_patterns)
            else:
                found.add(str(pattern.pattern).split("/", maxsplit=1)[0])
        return found

    parts = first_parts(get_resolver().url_patterns) | {settings.STATIC_URL.strip("/")}

    assert parts - {"<slug:slug>", ""} <= RESERVED_SLUGS


# --- The return page -----------------------------------------------------------------------------


@pytest.fixture
def paid(cafe: Shop) -> Invoice:
    """A paid order over 45.00 SEK."""
    customer = CustomerFactory.create(msisdn="46700643933")
    order = OrderFactory.create(shop=cafe, customer=customer, state="paid")
    return InvoiceFactory.create(order=order, paid=True)


def test_return_page_shows_number_total_and_state(client: JsonClient, paid: Invoice) -> None:
    response = client.get(
        f"/return/{paid.order.return_key}", headers={"Accept-Language": "sv", "Accept": "text/html"}
    )

    html = response.content.decode()
    assert response.status_code == 200
    assert paid.order.number in html
    assert "45,00\xa0kr" in html
    assert "Betalt, tack!" in html
    assert "no-store" in response["Cache-Control"]


def test_return_page_has_nothing_personal_and_nothing_to_pay_with(
    client: JsonClient, paid: Invoice
) -> None:
    for path in (f"/return/{paid.order.return_key}", f"/return/{paid.order.return_key}.json"):
        text = client.get(path).content.decode()
        for secret in (
            "46700643933",
            paid.order.customer.subscriber_key,
            str(paid.order.public_id),
            paid.invoice_reference,
            paid.ers_reference,
            paid.notify_key,
        ):
            assert str(secret) not in text


@pytest.mark.parametrize(
    ("trait", "heading", "leads_to_the_order"),
    [
        ("issued", "Pay in SEQR", True),
        ("needs_attention", "Ask our staff", False),
        ("cancel_pending", "Cancelling", False),
        ("canceled", "Cancelled", False),
        ("failed", "The payment failed", False),
        ("expired", "Timed out", False),
    ],
)
def test_return_page_of_unpaid_order_links_to_order_page_only(
    client: JsonClient, cafe: Shop, trait: str, heading: str, leads_to_the_order: bool
) -> None:
    invoice = InvoiceFactory.create(order__shop=cafe, **{trait: True})

    html = client.get(f"/return/{invoice.order.return_key}").content.decode()
    data = client.get(f"/return/{invoice.order.return_key}.json").content.decode()

    link = re.search(r'<a [^>]*data-to-pay[^>]*href="/lyktan/order"([^>]*)>', html)
    assert f"<h1 data-heading>{heading}</h1>" in html
    assert link is not None
    assert ("hidden" not in link[1]) == leads_to_the_order
    for secret in (str(invoice.invoice_reference), str(invoice.order.public_id), "seqr://"):
        assert secret not in html + data


def test_return_state_is_json(client: JsonClient, paid: Invoice) -> None:
    assert client.get(f"/return/{paid.order.return_key}.json").json() == {
        "number": paid.order.number,
        "state": "paid",
        "total": {"value": "45.00", "currency": "SEK"},
        "heading": "Paid, thank you!",
        "message": "We have received your payment. Keep this number until you get your order.",
        "receipt_url": f"/return/{paid.order.return_key}/receipt",
        "short_state": "Paid",
        "progress": "paid",
        "paid_at": timezone.localtime(paid.paid_at).isoformat(timespec="seconds"),
        "estimate_minutes": None,
    }


@pytest.mark.parametrize("path", ["/return/guessed-key", "/return/guessed-key.json"])
def test_guessed_return_key_is_not_found(client: JsonClient, paid: Invoice, path: str) -> None:
    assert client.get(path).status_code == 404


def test_return_page_rejects_post(client: JsonClient, paid: Invoice) -> None:
    for suffix in ("", ".json"):
        assert client.post(f"/return/{paid.order.return_key}{suffix}").status_code in {403, 405}
