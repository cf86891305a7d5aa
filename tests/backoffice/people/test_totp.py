"""Codes of authenticator apps, by the vectors of RFC 6238."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from seqrshop.backoffice.people.totp import (
    code_at,
    new_secret,
    provisioning_uri,
    step_of_code,
    svg_of,
)

OF_RFC = base64.b32encode(b"12345678901234567890").decode()
NOW = 1_111_111_109.0
STEP = int(NOW) // 30


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_code_is_that_of_the_rfc(seconds: int, expected: str) -> None:
    assert code_at(OF_RFC, seconds // 30) == expected


@pytest.mark.parametrize(
    ("steps", "is_accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_clock_may_be_wrong_by_one_step_either_way(steps: int, is_accepted: bool) -> None:
    found = step_of_code(OF_RFC, code_at(OF_RFC, STEP + steps), now=NOW)

    assert found == (STEP + steps if is_accepted else None)


def test_code_that_was_used_is_refused() -> None:
    code = code_at(OF_RFC, STEP)

    assert step_of_code(OF_RFC, code, now=NOW, after_step=STEP) is None
    assert step_of_code(OF_RFC, code, now=NOW, after_step=STEP - 1) == STEP


@pytest.mark.parametrize("code", ["", "81804", "0818040", "abcdef", "０８１８０４"])
def test_malformed_code_is_refused(code: str) -> None:
    assert step_of_code(OF_RFC, code, now=NOW) is None


def test_secrets_differ_and_have_160_bits() -> None:
    first, second = new_secret(), new_secret()

    assert first != second
    assert len(base64.b32decode(first)) == 20


def test_address_for_the_app_names_the_shop_and_the_person() -> None:
    address = urlsplit(provisioning_uri(OF_RFC, "åsa b", "shop.example.se"))

    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert address.path == "/shop.example.se%3A%C3%A5sa%20b"
    assert parse_qs(address.query) == {"secret": [OF_RFC], "issuer": ["shop.example.se"]}
    assert svg_of(address.geturl()).startswith("<svg")
