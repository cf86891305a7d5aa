"""Pages that are rendered once show no more and no less than pages that are rendered anew."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from orders.models import CustomerSession, Shop
from tests.storefront.conftest import JsonClient


def page_of(client: JsonClient, page: str = "order", **headers: str) -> str:
    return client.get(f"/lyktan/{page}", headers=headers).content.decode()


def test_changed_shop_is_shown_at_once(client: JsonClient, cafe: Shop) -> None:
    before = page_of(client)
    cafe.name = "Kafé Fyren"
    cafe.accent = "#004d40"
    cafe.save()

    after = page_of(client)

    assert ("Kafé Lyktan" in before, "Kafé Lyktan" in after) == (True, False)
    assert 'content="#004d40"' in after


def test_each_shop_language_and_page_has_its_own(client: JsonClient, cafe: Shop) -> None:
    pages = {
        page_of(client, page, **{"Accept-Language": language})
        for page in ("order", "success")
        for language in ("sv", "en")
    }

    assert len(pages) == 4


def test_paused_shop_says_so_and_no_longer_than_it_is_paused(
    client: JsonClient, cafe: Shop
) -> None:
    before = page_of(client)
    cafe.paused = True
    cafe.save()
    paused = page_of(client)
    cafe.paused = False
    cafe.save()

    assert paused != before
    assert page_of(client) == before


def test_page_holds_nothing_of_its_reader(
    client: JsonClient, customer_session: CustomerSession
) -> None:
    stranger = JsonClient()

    assert page_of(client) == page_of(stranger)


def test_changed_setting_is_shown(client: JsonClient, cafe: Shop, settings: Any) -> None:
    page_of(client)
    settings.SEQR_LEAVE_URL = "SEQR-ACTION://ELSEWHERE"

    assert 'data-leave-url="SEQR-ACTION://ELSEWHERE"' in page_of(client)


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("gzip;q=0.01", True),
        ("x-gzippy", False),
        ("", False),
    ],
)
def test_page_is_compressed_where_the_browser_accepts_it(
    client: JsonClient, cafe: Shop, accepted: str, compressed: bool
) -> None:
    response = client.get("/lyktan/order", headers={"Accept-Encoding": accepted})

    content = gzip.decompress(response.content) if compressed else response.content
    assert response.has_header("Content-Encoding") == compressed
    assert b"data-session-url" in content
    assert "Accept-Encoding" in response["Vary"]
