"""Password fields of the admin: typed, stored encrypted, and never shown again."""

from __future__ import annotations

import json
from typing import Any

import lxml.html
import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django import Settings

from orders.models import Seller, Terminal
from tests.factories import SellerFactory, TerminalFactory
from tests.password_site import password_page
from tests.staff import superuser
from tests.stored_passwords import OTHER_KEY, ciphertext_by, terminal_with

pytestmark = pytest.mark.django_db

PASSWORD = "Kassa-lösen 7f3a!"


@pytest.fixture(autouse=True)
def _password_site(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.password_site"


@pytest.fixture
def client() -> Client:
    return superuser()


@pytest.fixture
def terminal() -> Terminal:
    return TerminalFactory.create(principal_id="till-2", label="Till 2", password=PASSWORD)


def form_of(terminal: Terminal, **fields: Any) -> dict[str, Any]:
    filled = {
        "seller": terminal.seller_id,
        "principal_id": terminal.principal_id,
        "label": terminal.label,
        "password": "",
    }
    return filled | fields


def password_input(page: str) -> Any:
    return _element(page, "id_password")


def help_text(page: str) -> str:
    return str(_element(page, "id_password_helptext").text_content()).strip()


def _element(page: str, element_id: str) -> Any:
    parsed: Any = lxml.html.fromstring(page)
    return parsed.get_element_by_id(element_id)


def stored_password(terminal: Terminal) -> str:
    return Terminal.objects.get(pk=terminal.pk).password


def test_page_has_an_empty_field_and_says_that_a_password_is_stored(
    client: Client, terminal: Terminal
) -> None:
    page = client.get(password_page(terminal)).content.decode()

    found = password_input(page)
    assert found.get("type") == "password"
    assert found.get("autocomplete") == "new-password"
    assert found.get("value") is None
    assert found.get("required") is None
    assert help_text(page) == "A password is stored. Leave the field empty to keep it."
    assert PASSWORD not in page
    assert terminal.password_ciphertext not in page


def test_new_row_needs_a_password(client: Client) -> None:
    new = Terminal(seller=SellerFactory.create(), principal_id="till-2", label="Till 2")

    page = client.get(password_page(new)).content.decode()
    refused = client.post(password_page(new), form_of(new))
    added = client.post(password_page(new), form_of(new, password=PASSWORD))

    assert help_text(page) == "No password is stored."
    assert refused.context["adminform"].form.errors == {"password": ["This field is required."]}
    assert added.status_code == 302
    assert Terminal.objects.get(principal_id="till-2").password == PASSWORD


def test_empty_field_keeps_the_password(client: Client, terminal: Terminal) -> None:
    before = terminal.password_ciphertext

    client.post(password_page(terminal), form_of(terminal, label="Kassan"))

    terminal.refresh_from_db()
    assert (terminal.label, terminal.password_ciphertext) == ("Kassan", before)


def test_typed_password_replaces_the_stored_one(client: Client, terminal: Terminal) -> None:
    client.post(password_page(terminal), form_of(terminal, password="another one"))

    assert stored_password(terminal) == "another one"


def test_password_of_a_reseller_is_stored_too(client: Client) -> None:
    seller = SellerFactory.create(reseller_id="lyktan")
    fields = ("legal_name", "organisation_number", "reseller_id", "reseller_user_id")
    typed = {name: getattr(seller, name) for name in fields} | {"reseller_password": PASSWORD}

    client.post(password_page(seller), typed)

    assert Seller.objects.get(pk=seller.pk).reseller_password == PASSWORD


def test_other_error_of_the_form_does_not_show_what_was_typed(
    client: Client, terminal: Terminal
) -> None:
    response = client.post(
        password_page(terminal), form_of(terminal, label="", password="typed-secret")
    )

    assert response.status_code == 200
    assert "typed-secret" not in response.content.decode()
    assert password_input(response.content.decode()).get("value") is None
    assert stored_password(terminal) == PASSWORD


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        (" pasted", "The password begins or ends with a space."),
        ("pasted\t", "The password begins or ends with a space."),
        ("   ", "The password begins or ends with a space."),
        ("zero\u200bwidth", "The password has a character that cannot be typed."),
        ("x" * 201, "Ensure this value has at most 200 characters (it has 201)."),
    ],
)
def test_slip_is_refused_beside_the_field_and_changes_nothing(
    client: Client, terminal: Terminal, typed: str, error: str
) -> None:
    refused = client.post(password_page(terminal), form_of(terminal, password=typed))

    assert refused.context["adminform"].form.errors == {"password": [error]}
    assert stored_password(terminal) == PASSWORD


def test_unreadable_password_is_asked_for_again(client: Client) -> None:
    terminal = terminal_with(ciphertext_by(OTHER_KEY, PASSWORD))

    page = client.get(password_page(terminal)).content.decode()
    refused = client.post(password_page(terminal), form_of(terminal))
    client.post(password_page(terminal), form_of(terminal, password="entered again"))

    assert help_text(page) == "The stored password cannot be read: enter it again."
    assert "password" in refused.context["adminform"].form.errors
    assert stored_password(terminal) == "entered again"


def test_history_names_the_field_without_its_value(client: Client, terminal: Terminal) -> None:
    client.post(password_page(terminal), form_of(terminal, password="typed-secret"))

    entry = LogEntry.objects.get()
    assert json.loads(entry.change_message) == [{"changed": {"fields": ["Password"]}}]
    assert entry.get_change_message() == "Changed Password."


def test_texts_are_swedish_for_swedish_staff(client: Client, terminal: Terminal) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "sv"

    page = client.get(password_page(terminal)).content.decode()

    assert help_text(page) == "Ett lösenord är sparat. Lämna fältet tomt för att behålla det."
