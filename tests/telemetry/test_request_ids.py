"""Each request has an id, which its log lines and its response carry."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import Settings

from tests.telemetry.log_lines import collected_lines

ID_OF_PROXY = "4f3c2b1a-0d9e-8f7a-6b5c-4d3e2f1a0b9c"


def answered_id(client: Client, **headers: str) -> str:
    """Return the id that the response to a request carries."""
    return str(client.get("/health/live", headers=headers)["X-Request-ID"])


def test_each_request_gets_an_id_of_its_own(client: Client) -> None:
    first, second = answered_id(client), answered_id(client)

    assert first != second
    assert re.fullmatch("[0-9a-f]{32}", first)


def test_id_of_a_trusted_proxy_is_kept(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1

    assert answered_id(client, x_request_id=ID_OF_PROXY) == ID_OF_PROXY


def test_id_of_a_client_is_replaced_where_no_proxy_is_trusted(client: Client) -> None:
    assert answered_id(client, x_request_id=ID_OF_PROXY) != ID_OF_PROXY


@pytest.mark.parametrize(
    "given",
    ["", "+46701234567", "short", "a" * 65, "a b" * 8, "x" * 20 + "\n", "{}" * 10, "å" * 20],
)
def test_malformed_id_is_replaced(client: Client, settings: Settings, given: str) -> None:
    settings.TRUSTED_PROXIES = 1

    assert re.fullmatch("[0-9a-f]{32}", answered_id(client, x_request_id=given))


@pytest.mark.django_db
def test_lines_of_a_request_carry_its_id(client: Client) -> None:
    with collected_lines() as lines:
        response = client.get("/no-such-page")

    (line,) = lines.parsed(logger="django.request")
    assert line["request_id"] == response["X-Request-ID"]
