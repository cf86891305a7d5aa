"""Pages that are rendered once show no more and no less than pages that are rendered anew."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import brotli
import pytest

from orders.models import CustomerSession, Shop
from tests.storefront.conftest import JsonClient

PLAIN: dict[str | None, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    None: bytes,
}


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

    assert 'href="SEQR-ACTION://ELSEWHERE"' in page_of(client)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.0, x-br", None),
        ("gzip;q=0.01", "gzip"),
        ("x-gzippy", None),
        ("", None),
    ],
)
def test_page_is_compressed_as_the_browser_accepts_it(
    client: JsonClient, cafe: Shop, accepted: str, coding: str | None
) -> None:
    response = client.get("/lyktan/order", headers={"Accept-Encoding": accepted})

    assert response.get("Content-Encoding") == coding
    assert b"data-session-url" in PLAIN[coding](response.content)
    assert "Accept-Encoding" in response["Vary"]
