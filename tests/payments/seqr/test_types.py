"""Values refuse invalid content when they are made."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from payments.seqr import Amount, InvoiceRow, SeqrConfig
from tests.payments.seqr.sample_calls import INVOICE


@pytest.mark.parametrize("value", ["0.01", "99999999.99", "-45", "1E+3", "93.31000", "0"])
def test_amount_accepts_at_most_two_significant_decimals(value: str) -> None:
    amount = Amount(Decimal(value), "SEK")

    assert amount.value == Decimal(value)


@pytest.mark.parametrize(
    "value", ["0.001", "10.005", "1E-1000", "NaN", "sNaN", "Infinity", "1E+15"]
)
def test_amount_refuses_invalid_decimals(value: str) -> None:
    with pytest.raises(ValueError, match="An amount must"):
        Amount(Decimal(value), "SEK")


@pytest.mark.parametrize("value", [45, 45.0, "45.00", None])
def test_amount_refuses_other_types_than_decimal(value: object) -> None:
    with pytest.raises(ValueError, match="An amount must be a finite Decimal"):
        Amount(value, "SEK")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["", "SE", "SEKK", "sek", "S1K", "ÅÄÖ"])
def test_amount_refuses_other_currencies_than_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="three capital letters"):
        Amount(Decimal(1), currency)


def test_invoice_row_refuses_nan_and_infinity() -> None:
    row = InvoiceRow("Kaffe", Decimal(1), Amount(Decimal(1), "SEK"))

    with pytest.raises(ValueError, match="item_quantity"):
        replace(row, item_quantity=Decimal("NaN"))
    with pytest.raises(ValueError, match="item_tax_rate"):
        replace(row, item_tax_rate=Decimal("Infinity"))


def test_invoice_refuses_an_issue_date_without_time_zone() -> None:
    with pytest.raises(ValueError, match="issue_date must carry a time zone"):
        replace(INVOICE, issue_date=datetime(2026, 5, 17, 12, 30, tzinfo=UTC).replace(tzinfo=None))


def test_values_are_immutable() -> None:
    amount = Amount(Decimal(1), "SEK")

    with pytest.raises(FrozenInstanceError):
        amount.currency = "EUR"  # type: ignore[misc]


@pytest.mark.parametrize(
    "url", ["", "seqr.example/soap", "ftp://seqr.example/", "file:///etc/passwd", "https://"]
)
@pytest.mark.parametrize("name", ["service_url", "session_url"])
def test_config_refuses_an_endpoint_that_is_not_http(
    config: SeqrConfig, name: str, url: str
) -> None:
    with pytest.raises(ValueError, match=f"{name} must be an http or https address"):
        replace(config, **{name: url})  # type: ignore[arg-type]


def test_config_refuses_an_endpoint_with_a_password(config: SeqrConfig) -> None:
    with pytest.raises(ValueError, match="must not hold a user name or a password"):
        replace(config, service_url="https://me:secret@seqr.example/soap")


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_config_refuses_an_invalid_timeout(config: SeqrConfig, seconds: float) -> None:
    with pytest.raises(ValueError, match="timeout_seconds"):
        replace(config, timeout_seconds=seconds)


def test_config_refuses_a_client_reference_that_seqr_does_not_take(config: SeqrConfig) -> None:
    longest = replace(config, client_reference="x" * 32)

    with pytest.raises(ValueError, match="client_reference has more than 32 characters"):
        replace(config, client_reference="x" * 33)

    assert longest.client_reference == "x" * 32
