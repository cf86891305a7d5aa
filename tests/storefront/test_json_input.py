"""Bodies of requests are read: what is accepted, and the sentence for each fault."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import RequestFactory

from orders.services import OrderRequest, RowRequest
from seqrshop.storefront.api_errors import ApiError
from seqrshop.storefront.json_input import read_object, read_order, read_reference, read_token

MAX_BODY_BYTES = 64 * 1024
ORDER = {"nonce": "nonce-01", "rows": [{"product": 1, "quantity": 2}]}
NONCE = "The nonce must be a string of 8 to 64 letters, digits, hyphens or underscores."
ROW = "Each row must be an object with a product and a quantity."
PRODUCT = "A product must be given by its id."
QUANTITY = "The quantity must be a whole number."
OPTIONS = "The options must be a list of ids."
NOTE = "The note must be a text."
LONG_NOTE = "A note can have at most 120 characters."
DINING = "Choose whether to eat here or take away."
AMOUNT = "The amount must be a string such as 90.00."
NOT_LISTS: list[object] = [None, {}, "x"]
NOT_OPTIONS: list[object] = [{}, "1", [0], [1, "2"]]
REFERENCE = "The invoice reference must be a string of letters and digits."


def post(body: bytes, content_type: str = "application/json", **headers: Any) -> dict[str, Any]:
    """Return what is read from a request with this body."""
    return read_object(RequestFactory().post("/", body, content_type, **headers))


def refusal(error: ApiError) -> tuple[int, str, str | None, str]:
    return error.status, error.code, error.details.get("field"), error.message


def test_object_is_read_up_to_64_kilobytes() -> None:
    largest = json.dumps({"token": "å" * 10}).encode().ljust(MAX_BODY_BYTES)

    assert post(largest) == {"token": "å" * 10}
    assert post('{"token": "å"}'.encode()) == {"token": "å"}


@pytest.mark.parametrize(
    ("body", "status", "code", "sentence"),
    [
        (b"{}".ljust(MAX_BODY_BYTES + 1), 413, "too_large", "The request is too large."),
        (b"{}\xff", 400, "malformed", "The body is not UTF-8."),
        (b" ", 400, "malformed", "The body is not JSON."),
        (b'{"token": NaN}', 400, "malformed", "The body is not JSON."),
        (b"[]", 400, "malformed", "The body is not a JSON object."),
        (b"null", 400, "malformed", "The body is not a JSON object."),
    ],
)
def test_other_body_is_refused_with_a_sentence(
    body: bytes, status: int, code: str, sentence: str
) -> None:
    with pytest.raises(ApiError) as refused:
        post(body)

    assert refusal(refused.value) == (status, code, None, sentence)


def test_body_of_another_type_is_refused() -> None:
    with pytest.raises(ApiError) as refused:
        post(b"{}", "text/plain")

    assert (refused.value.status, refused.value.code) == (415, "unsupported_media_type")


def test_order_is_read_with_all_that_it_may_have() -> None:
    body = {
        "nonce": "aZ09_-xx",
        "rows": [
            {"product": 1, "quantity": 2, "options": [3, 2**63 - 1], "note": " no\nsugar "},
            {"product": 2**63 - 1, "quantity": -1, "options": None, "note": None},
        ],
        "note": "a" * 120,
        "dining": "take_away",
        "tip": "5.00",
        "total": "99999999.99",
    }

    assert read_order(body) == OrderRequest(
        nonce="aZ09_-xx",
        rows=[RowRequest(1, 2, (3, 2**63 - 1), "no sugar"), RowRequest(2**63 - 1, -1, (), "")],
        note="a" * 120,
        dining="take_away",
        tip=Decimal("5.00"),
        seen_total=Decimal("99999999.99"),
    )


def test_order_is_read_with_the_least_that_it_must_have() -> None:
    read = read_order({**ORDER, "nonce": "n" * 64})

    assert read == OrderRequest(
        nonce="n" * 64,
        rows=[RowRequest(1, 2, (), "")],
        note="",
        dining="",
        tip=Decimal(0),
        seen_total=None,
    )


def row(**fields: object) -> dict[str, object]:
    """Return the change of an order's body whose second row has these fields."""
    of_order = {"product": 1, "quantity": 2}
    return {"rows": [of_order, {**of_order, **fields}]}


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        *(
            ({"nonce": nonce}, "nonce", NONCE)
            for nonce in (None, 7, "n" * 7, "n" * 65, "nonce 01", "nonce-01\n")
        ),
        *(({"rows": rows}, "rows", "The rows must be a list.") for rows in NOT_LISTS),
        ({"rows": [[]]}, "rows[0]", ROW),
        *((row(product=each), "rows[1].product", PRODUCT) for each in (None, "1", 0, 2**63, True)),
        *((row(quantity=each), "rows[1].quantity", QUANTITY) for each in (None, "1", 1.5, True)),
        *((row(options=each), "rows[1].options", OPTIONS) for each in NOT_OPTIONS),
        (row(note=7), "rows[1].note", NOTE),
        (row(note="a" * 121), "rows[1].note", LONG_NOTE),
        ({"note": []}, "note", NOTE),
        ({"note": "a" * 121}, "note", LONG_NOTE),
        *(({"dining": each}, "dining", DINING) for each in ("", "elsewhere", 7)),
        *(
            ({field: amount}, field, AMOUNT)
            for field in ("tip", "total")
            for amount in (5, "5", "5.0", "5.000", "-5.00", "5,00", "123456789.00", "5.00\n")
        ),
    ],
)
def test_fault_of_an_order_is_named_with_its_field(
    change: dict[str, object], field: str, sentence: str
) -> None:
    with pytest.raises(ApiError) as refused:
        read_order({**ORDER, **change})

    assert refusal(refused.value) == (400, "invalid", field, sentence)


class Interrupted(io.BytesIO):
    """A body whose client has gone away."""

    def read(self, *_size: int | None) -> bytes:
        raise OSError


def test_interrupted_request_is_malformed() -> None:
    request = RequestFactory().post("/", b"{}", "application/json")
    vars(request)["_stream"] = Interrupted()

    with pytest.raises(ApiError) as refused:
        read_object(request)

    assert refusal(refused.value) == (400, "malformed", None, "The request was interrupted.")


def test_token_and_reference_are_read() -> None:
    assert (read_token({}), read_token({"token": None}), read_token({"token": "t"})) == (
        None,
        None,
        "t",
    )
    assert read_reference({}) is None
    assert read_reference({"invoice_reference": "aZ09_-" + "1" * 58}) == "aZ09_-" + "1" * 58


@pytest.mark.parametrize("reference", [7, "", "1" * 65, "1 2", "1\n", "å"])
def test_reference_that_seqr_cannot_have_given_is_refused(reference: object) -> None:
    with pytest.raises(ApiError) as refused:
        read_reference({"invoice_reference": reference})

    assert refusal(refused.value) == (400, "invalid", "invoice_reference", REFERENCE)


@pytest.mark.parametrize("token", [7, True, [], {}])
def test_token_that_is_no_string_is_refused(token: object) -> None:
    with pytest.raises(ApiError) as refused:
        read_token({"token": token})

    assert refusal(refused.value) == (400, "invalid", "token", "The token must be a string.")
