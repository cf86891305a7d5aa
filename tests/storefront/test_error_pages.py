"""Error pages say what has happened and what to do, in a person's words."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from orders.models import Shop
from seqrshop.storefront import api_errors
from seqrshop.storefront.api_errors import ApiError
from seqrshop.storefront.error_pages import ADVICE, RETRYABLE_STATUSES, error_response
from tests.factories import ShopFactory
from tests.storefront.conftest import JsonClient

HTML = {"Accept": "text/html"}
STILL_HERE = {
    "en": "Any order that you have placed is still here.",
    "sv": "Har du lagt en beställning finns den kvar.",
}
FAULTS: dict[str, Callable[[], ApiError]] = {
    "slow": lambda: api_errors.body_not_received(408),
    "too many": lambda: api_errors.too_many_requests(20),
    "a fault in the shop": api_errors.internal_error,
    "an outage": api_errors.temporarily_unavailable,
}


def page_of(error: ApiError, language: str = "en", method: str = "get") -> HttpResponse:
    request = getattr(RequestFactory(), method)("/lyktan/order", headers=HTML)
    request.resolver_match = None
    with translation.override(language):
        return error_response(request, error)


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("fault", FAULTS)
def test_page_of_a_passing_fault_reassures_and_offers_another_try(
    fault: str, language: str
) -> None:
    with translation.override(language):
        error = FAULTS[fault]()

    html = page_of(error, language).content.decode()

    assert STILL_HERE[language] in html
    assert "data-retry" in html
    assert error.status in RETRYABLE_STATUSES


def test_each_status_that_may_pass_has_advice() -> None:
    assert set(ADVICE) == set(RETRYABLE_STATUSES)


@pytest.mark.parametrize(
    ("error", "method", "seconds"),
    [
        (api_errors.too_many_requests(20), "get", "20"),
        (api_errors.temporarily_unavailable(), "get", "2"),
        (api_errors.temporarily_unavailable(), "post", ""),
        (api_errors.internal_error(), "get", ""),
    ],
)
def test_page_tries_again_by_itself_when_the_shop_names_a_time(
    error: ApiError, method: str, seconds: str
) -> None:
    html = page_of(error, method=method).content.decode()

    assert re.search(r'data-retry="(\d*)"', html)[1] == seconds  # type: ignore[index]


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["There is no shop at this address.", "Scan the code", "See the shops here"]),
        ("sv", ["Det finns ingen butik", "Skanna koden", "Se butikerna här"]),
    ],
)
def test_unknown_address_leads_to_the_code_and_to_the_shops(
    client: JsonClient, cafe: Shop, language: str, texts: list[str]
) -> None:
    response = client.get("/nowhere/order", headers={**HTML, "Accept-Language": language})

    html = response.content.decode()
    assert response.status_code == 404
    assert [text for text in texts if text not in html] == []
    assert 'href="/"' in html


def test_address_of_no_shop_in_particular_leads_to_the_shops(
    client: JsonClient, cafe: Shop
) -> None:
    ShopFactory.create()

    html = client.get("/order", headers=HTML).content.decode()

    assert "There are several shops here" in html
    assert 'href="/"' in html
