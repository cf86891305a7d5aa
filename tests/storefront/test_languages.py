"""Languages: a new one is one file, and a reader may choose among them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings as given
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from orders.models import Shop
from payments.models import Invoice
from seqrshop.languages import languages_in
from seqrshop.storefront.templatetags.languages import counted_items
from tests.factories import (
    CustomerSessionFactory,
    InvoiceFactory,
    OrderFactory,
    OrderRowFactory,
    ProductFactory,
    ShopFactory,
)

TOKEN = "0000002012-63506374"
PAGES = ["order", "success", "failure", "cancel"]
Attributes = list[tuple[str, str | None]]
READ_ALOUD = ("alt", "aria-label", "title", "placeholder")


@pytest.fixture
def cafe(db: None) -> Shop:
    """A paused shop that sells a bun."""
    cafe = ShopFactory.create(name="Kafé Lyktan", slug="lyktan", paused=True)
    ProductFactory.create(shop=cafe)
    return cafe


@pytest.fixture
def paid(cafe: Shop) -> Invoice:
    order = OrderFactory.create(shop=cafe, state="paid", language="fi")
    OrderRowFactory.create(order=order)
    return InvoiceFactory.create(order=order, paid=True)


@pytest.fixture
def finnish(settings: Settings, tmp_path: Path) -> None:
    """Add Finnish: its translation puts each text in brackets."""
    swedish = Path(given.LOCALE_PATHS[0]) / "sv" / "LC_MESSAGES" / "django.po"
    bracketed = Catalog(locale="fi")
    with swedish.open("rb") as file:
        for message in read_po(file):
            texts = [message.id] if isinstance(message.id, str) else list(message.id)
            if message.id:
                marked = [f"⟦{text}⟧" for text in texts]
                bracketed.add(message.id, marked[0] if len(marked) == 1 else marked)
    folder = tmp_path / "fi" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, bracketed)
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = languages_in(tmp_path)


class Texts(HTMLParser):
    """Collects a page's texts, read or read aloud."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.found |= {" ".join(data.split())} - {""}

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:  # noqa: ARG002
        self.found |= {value for name, value in attrs if name in READ_ALOUD and value}


def untranslated(html: str, *names: str) -> list[str]:
    """Return the texts that are neither in brackets nor among these names."""
    texts = {text for text in Texts(html).found if re.search(r"[^\W\d_]", text)}
    allowed = {"English", *names}
    return sorted(text for text in texts - allowed if "⟦" not in text)


def test_languages_are_english_and_those_with_a_folder() -> None:
    assert languages_in(Path(given.LOCALE_PATHS[0])) == [("en", "English"), ("sv", "Svenska")]
    assert languages_in(Path(given.LOCALE_PATHS[0])) == given.LANGUAGES


@pytest.mark.usefixtures("finnish")
def test_new_language_file_translates_every_page(cafe: Shop, paid: Invoice) -> None:
    client = Client(headers={"Accept": "text/html", "Accept-Language": "fi"})
    key = paid.order.return_key
    addresses = [f"/lyktan/{page}" for page in PAGES] + [f"/return/{key}", f"/return/{key}/receipt"]

    pages = [client.get(address) for address in [*addresses, "/lyktan/nothing"]]

    for page in pages:
        html = page.content.decode()
        assert '<html lang="fi">' in html
        seller = [
            "Lyktan Kafé AB",
            f"{cafe.seller.street}, {cafe.seller.postal_code} {cafe.seller.city}",
        ]
        names = ["Kafé Lyktan", "1 × Cinnamon bun", "45,00 SEK", *seller]
        assert untranslated(html, *names) == []


@pytest.mark.usefixtures("finnish")
def test_json_is_in_new_language_and_untranslated_names_in_english(
    cafe: Shop, paid: Invoice
) -> None:
    CustomerSessionFactory.create(shop=cafe, token=TOKEN, customer=paid.order.customer)

    response = Client(headers={"X-SEQR-Token": TOKEN, "Accept-Language": "fi"}).post(
        "/lyktan/session", {}, "application/json"
    )

    body = response.json()
    assert body["products"][0]["name"] == "Cinnamon bun"
    assert body["unavailable_message"] == "⟦We are not taking orders right now.⟧"
    assert body["latest_order"]["message"].startswith("⟦We have received your payment.")


@pytest.mark.usefixtures("finnish")
def test_language_switch_lists_other_languages_by_own_name(cafe: Shop) -> None:
    html = Client().get("/lyktan/order", headers={"Accept-Language": "en"}).content.decode()

    links = re.findall(r'<a href="(\?language=..)"\s+lang="(..)"[^>]*>([^<]+)</a>', html)
    assert links == [("?language=fi", "fi", "Suomi")]


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", {"one": "{} item", "other": "{} items"}),
        ("sv", {"one": "{} vara", "other": "{} varor"}),
    ],
)
def test_counted_items_has_every_plural_form_of_language(
    language: str, forms: dict[str, str]
) -> None:
    with translation.override(language):
        assert counted_items() == forms


def test_language_with_four_plural_forms_has_all_of_them() -> None:
    with translation.override("pl"):
        assert set(counted_items()) == {"one", "few", "many"}  # whole numbers have no "other"


@pytest.mark.parametrize("page", [*PAGES, "nothing"])
def test_chosen_language_wins_over_browser_and_is_remembered(
    client: Client, cafe: Shop, page: str
) -> None:
    headers = {"Accept": "text/html", "Accept-Language": "sv"}

    chosen = client.get(f"/lyktan/{page}?language=en", headers=headers)
    later = client.get("/lyktan/order", headers=headers)

    assert b'<html lang="en">' in chosen.content
    assert chosen["Content-Language"] == "en"
    assert b'<html lang="en">' in later.content
    assert client.cookies["django_language"]["httponly"]
    assert client.cookies["django_language"]["samesite"] == "Lax"


@pytest.mark.parametrize("language", ["xx", "", "sv-se", "<script>", "../../etc"])
def test_unknown_language_is_ignored(client: Client, cafe: Shop, language: str) -> None:
    page = client.get("/lyktan/order", {"language": language}, headers={"Accept-Language": "sv"})

    assert b'<html lang="sv">' in page.content
    assert "django_language" not in client.cookies


def test_json_ignores_language_chosen_in_another_tab(client: Client, cafe: Shop) -> None:
    client.get("/lyktan/order?language=sv")
    CustomerSessionFactory.create(shop=cafe, token=TOKEN)
    headers: dict[str, Any] = {"Accept-Language": "en", "Accept": "application/json"}

    body = client.post(
        "/lyktan/session", {"token": TOKEN}, "application/json", headers=headers
    ).json()

    assert body["unavailable_message"] == "We are not taking orders right now."
