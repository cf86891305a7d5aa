"""Validates invoices and amounts.

Source: API reference 2.6.0, sendInvoice.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import RefusedError, ResultCode

MAX_AMOUNT_EXPONENT: Final = 14
"""Amounts from a quadrillion up are refused: decimal arithmetic would start to round."""

_ISO_4217 = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD
    KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO
    NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE
    SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV
    WST XAF XCD XOF XPF YER ZAR ZMW
"""

CURRENCIES: Final = frozenset(_ISO_4217.split())
"""ISO 4217 codes of currencies in circulation."""

MAX_RESERVATION_SECONDS: Final = 366 * 24 * 3600


def validated_invoice(invoice: Message | None) -> Message:
    """Return the invoice, if it is valid. SEQR's certification asks for more: `certification`.

    By our reading commitReservationTimeout is in seconds; a reservation without it never expires.
    Raises RefusedError: 49 INVALID_INVOICE_DATA, or 64 INVALID_NOTIFICATION_URL.
    """
    if invoice is None:
        raise _invalid("invoice is missing")
    for name in ("acknowledgmentMode", "title"):
        if not invoice.get(name, "").strip():
            raise _invalid(f"{name} is missing")
    rows = invoice.get("invoiceRows", {}).get("invoiceRow", [])
    if not rows:
        raise _invalid("an invoice needs at least one invoiceRow")
    _check_amounts(invoice, rows)
    _check_notification_url(invoice)
    seconds: int | None = invoice.get("commitReservationTimeout")
    if seconds is not None and not 0 < seconds <= MAX_RESERVATION_SECONDS:
        raise _invalid("commitReservationTimeout must be between one second and a year")
    return invoice


def validated_refund(invoice: Message | None) -> Message:
    """Return the content of a refund, if it is valid: a total and optional rows.

    Raises RefusedError: 49 INVALID_INVOICE_DATA.
    """
    if invoice is None:
        raise _invalid("invoice is missing")
    _check_amounts(invoice, invoice.get("invoiceRows", {}).get("invoiceRow", []))
    return invoice


def validated_amount(
    name: str, amount: Message | None, code: ResultCode = ResultCode.INVALID_INVOICE_DATA
) -> tuple[Decimal, str]:
    """Return the value in major units and the currency. Raises RefusedError with `code`."""
    if amount is None:
        raise RefusedError(code, f"{name} is missing")
    currency: str | None = amount.get("currency")
    if currency not in CURRENCIES:
        raise RefusedError(code, f"{name}: currency must be a code of ISO 4217")
    value: Decimal | None = amount.get("value")
    if value is None:
        raise RefusedError(code, f"{name}: value is missing")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -2:
        raise RefusedError(code, f"{name}: an amount has at most two decimals")
    if value.adjusted() > MAX_AMOUNT_EXPONENT:
        raise RefusedError(code, f"{name}: the amount is too large")
    return value, currency


def _check_amounts(invoice: Message, rows: list[Message]) -> None:
    for number, row in enumerate(rows, start=1):
        if "itemTotalAmount" not in row:
            raise _invalid(f"row {number}: itemTotalAmount is missing")
    total, currency = validated_amount("totalAmount", invoice.get("totalAmount"))
    for name, amount in _row_amounts(rows):
        if validated_amount(name, amount)[1] != currency:
            raise _invalid(f"{name}: every amount must have the currency of totalAmount")
    if total <= 0:
        raise _invalid("totalAmount must be above 0")
    if not rows:
        return
    rows_sum = sum((row["itemTotalAmount"]["value"] for row in rows), Decimal())
    if total != rows_sum:
        raise _invalid(f"totalAmount is {total}, but the rows add up to {rows_sum}")


def _row_amounts(rows: list[Message]) -> Iterator[tuple[str, Message]]:
    for number, row in enumerate(rows, start=1):
        for name in ("itemDiscount", "itemTotalAmount", "itemUnitPrice"):
            if name in row:
                yield f"row {number}: {name}", row[name]


def _check_notification_url(invoice: Message) -> None:
    url: str | None = invoice.get("notificationUrl")
    if url is not None and not url.lower().startswith(("http://", "https://")):
        raise RefusedError(
            ResultCode.INVALID_NOTIFICATION_URL, "notificationUrl must start with http"
        )


def _invalid(detail: str) -> RefusedError:
    return RefusedError(ResultCode.INVALID_INVOICE_DATA, detail)
