"""The root address: the shops here; and the manifest of each."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.utils import timezone
from PIL import Image

from orders.audit import ChangeSource
from orders.models import Shop, SourceName
from payments.availability.pause import open_pause_case
from payments.models import PaymentPause
from payments.seqr import SeqrAuthenticationError
from tests.factories import OpeningHoursFactory, ShopFactory, TerminalFactory
from tests.storefront.conftest import JsonClient

pytestmark = pytest.mark.django_db


def html_of(client: JsonClient, language: str = "en") -> str:
    response = client.get("/", headers={"Accept": "text/html", "Accept-Language": language})
    assert response.status_code == 200
    html: str = response.content.decode()
    return html


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["Kafé Lyktan", "Welcome", "Open now", "scan the code in the shop"]),
        ("sv", ["Kafé Lyktan", "Välkommen", "Öppet nu", "skanna koden i butiken"]),
    ],
)
def test_start_page_of_the_only_shop_says_how_to_order(
    client: JsonClient, cafe: Shop, language: str, texts: list[str]
) -> None:
    html = html_of(client, language)

    assert [text for text in texts if text not in html] == []


def test_start_page_lists_several_shops_with_why_they_are_closed(
    client: JsonClient, cafe: Shop
) -> None:
    tomorrow = (timezone.localdate().weekday() + 1) % 7
    closed = ShopFactory.create(name="Baren")
    OpeningHoursFactory.create(shop=closed, weekday=tomorrow, opens=time(11), closes=time(12))
    ShopFactory.create(name="Kiosken", paused=True, pause_note_en="Back at two.")
    refused = SeqrAuthenticationError("sendInvoice", "SEQR answered 20", 20)
    till = TerminalFactory.create(principal_id="web-2")
    ShopFactory.create(name="Mejeriet", terminal=till)
    case = open_pause_case(till.pk, refused, source=ChangeSource(SourceName.POLLER))
    assert case
    PaymentPause.objects.create(
        terminal=till, case=case, reason=str(refused), next_probe_at=timezone.now()
    )

    html = html_of(client)

    for name, state in (
        ("Baren", "We are closed. We open again tomorrow at 11:00."),
        ("Kafé Lyktan", "Open now"),
        ("Kiosken", "We are not taking orders right now. Back at two."),
        ("Mejeriet", "Payments are paused."),
    ):
        _, _, after = html.partition(f"<h2>{name}</h2>")
        assert state in after.partition("</li>")[0]


def test_start_page_without_a_shop_says_so(client: JsonClient) -> None:
    assert "There is no shop here yet." in html_of(client)


def test_start_page_advertises_no_way_in_for_staff(client: JsonClient, cafe: Shop) -> None:
    html = html_of(client)

    assert "/admin" not in html
    assert "/staff" not in html


def test_markup_in_a_shops_name_is_escaped(client: JsonClient) -> None:
    ShopFactory.create(name="<script>alert(1)</script>")
    ShopFactory.create()

    assert "<script>alert" not in html_of(client)


# --- The manifest --------------------------------------------------------------------------------


def test_manifest_names_the_shop_and_opens_its_order_page(client: JsonClient, cafe: Shop) -> None:
    response = client.get("/lyktan/manifest.webmanifest")

    manifest = response.json()
    assert response["Content-Type"] == "application/manifest+json"
    assert (manifest["name"], manifest["start_url"]) == ("Kafé Lyktan", "/lyktan/order")
    assert manifest["theme_color"] == cafe.accent


def test_icons_of_the_manifest_have_the_sizes_that_it_names(client: JsonClient, cafe: Shop) -> None:
    icons = client.get("/lyktan/manifest.webmanifest").json()["icons"]

    sizes: dict[str, list[str]] = {"any": [], "maskable": []}
    for icon in icons:
        file = finders.find(icon["src"].removeprefix("/static/"))
        assert file
        with Image.open(file) as image:
            assert icon["sizes"] == f"{image.width}x{image.height}"
        sizes[icon["purpose"]].append(icon["sizes"])
    assert sizes == {"any": ["192x192", "512x512"], "maskable": ["512x512"]}


@pytest.mark.parametrize("page", ["order", "success", "my-orders"])
def test_pages_of_a_shop_link_its_manifest_which_the_policy_allows(
    client: JsonClient, cafe: Shop, page: str
) -> None:
    response: Any = client.get(f"/lyktan/{page}")

    link = '<link rel="manifest" href="/lyktan/manifest.webmanifest">'
    assert link in response.content.decode()
    assert "manifest-src 'self'" in response["Content-Security-Policy"]
