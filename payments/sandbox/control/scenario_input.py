"""Reads scenarios from JSON: forced states, customers, refund refusals, purchases.

Every reader raises BadInputError with a sentence that names the field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from payments.sandbox.control.json_input import (
    BadInputError,
    http_url,
    msisdn,
    optional_text,
    text,
    whole_number,
)
from payments.sandbox.operations.checkout import CUSTOMER_FIELDS, Purchase
from payments.sandbox.operations.refunds import REFUND_REFUSAL_CODES
from payments.sandbox.storage.merchant_models import RefundRefusal
from payments.sandbox.storage.models import (
    Customer,
    CustomerToken,
    ForcedAnswer,
    Status,
    status_named,
)
from payments.sandbox.storage.published_principals import PUBLISHED_RESELLER_ID

MAX_CARDS: Final = 20
MAX_VERSION: Final = 2**31 - 1
MAX_REFUSAL_COUNT: Final = 1_000_000

FORCED_FIELDS: Final = frozenset(
    {"status", "version", "receipt", "receipt_amount", "receipt_currency", "ers_reference"}
)

_STATUS = re.compile(r"[A-Z_]{1,60}", re.ASCII)
_PURCHASE_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,200}", re.ASCII)


@dataclass(frozen=True)
class ForcedState:
    """The state to force an invoice into; None leaves a field as it is.

    `ers_reference` is a new reference. Whether getPaymentStatus sends one depends on `forced`.
    """

    status: Status | str | None
    version: int | None
    ers_reference: str | None
    forced: ForcedAnswer


@dataclass(frozen=True)
class PeriodMark:
    """Another till's mark: of a terminal's period, or, without `terminal_id`, of a reseller's.

    `closes_terminals`: the mark of a reseller's period also ends each of its terminals'.
    """

    terminal_id: str | None = None
    reseller_id: str = PUBLISHED_RESELLER_ID
    closes_terminals: bool = False


def forced_state(body: Mapping[str, Any], forced: ForcedAnswer) -> ForcedState:
    """Read the state to force; `forced` are the fields forced before."""
    if unknown := sorted(body.keys() - FORCED_FIELDS):
        raise BadInputError(f"{unknown[0]}: only {', '.join(sorted(FORCED_FIELDS))} can be set.")
    if not body:
        raise BadInputError(f"The body must set one of {', '.join(sorted(FORCED_FIELDS))}.")
    reference = optional_text(body, "ers_reference")
    sent = reference is not None if "ers_reference" in body else forced.ers_reference
    return ForcedState(
        status=_status(body),
        version=_optional_number(body, "version", 0, MAX_VERSION),
        ers_reference=reference,
        forced=ForcedAnswer(
            ers_reference=sent,
            receipt=_flag(body, "receipt") if "receipt" in body else forced.receipt,
            receipt_amount=(
                _amount(body, "receipt_amount")
                if "receipt_amount" in body
                else forced.receipt_amount
            ),
            receipt_currency=(
                optional_text(body, "receipt_currency")
                if "receipt_currency" in body
                else forced.receipt_currency
            ),
        ),
    )


def _status(body: Mapping[str, Any]) -> Status | str | None:
    name = optional_text(body, "status")
    if name is None:
        return None
    if not _STATUS.fullmatch(name):
        raise BadInputError("status: up to 60 capital letters and underscores are needed.")
    return status_named(name)


def _optional_number(body: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    value = body.get(name)
    return None if value is None else whole_number(name, value, low, high)


def _flag(body: Mapping[str, Any], name: str) -> bool | None:
    value = body[name]
    if value is not None and not isinstance(value, bool):
        raise BadInputError(f"{name}: true, false or null is needed.")
    return value


def _amount(body: Mapping[str, Any], name: str) -> Decimal | None:
    value = optional_text(body, name)
    if value is None:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount.adjusted()) > 20:
        raise BadInputError(f"{name}: an amount as text, such as '45.00', is needed.")
    return amount


def customer(body: Mapping[str, Any]) -> Customer:
    """Read a customer with loyalty cards."""
    number = msisdn(body)
    if number is None:
        raise BadInputError("msisdn: a text is needed.")
    cards = body.get("cards")
    if not isinstance(cards, list) or len(cards) > MAX_CARDS:
        raise BadInputError(f"cards: a list of at most {MAX_CARDS} cards is needed.")
    return Customer(number, tuple(map(_card, cards)))


def _card(value: object) -> CustomerToken:
    if not isinstance(value, dict):
        raise BadInputError("cards: each is an object with id, value and optional description.")
    try:
        return CustomerToken(
            id=text(value, "id"),
            value=text(value, "value"),
            description=optional_text(value, "description"),
        )
    except BadInputError as error:
        raise BadInputError(f"cards: {error}") from None


def period_mark(body: Mapping[str, Any]) -> PeriodMark:
    """Read another till's mark of a period; by default of the published reseller's."""
    reseller_id = optional_text(body, "reseller_id")
    terminal_id = optional_text(body, "terminal_id")
    closes_terminals = bool("closes_terminals" in body and _flag(body, "closes_terminals"))
    if terminal_id is not None and closes_terminals:
        raise BadInputError("closes_terminals: only for a whole reseller, without a terminal_id.")
    if terminal_id is not None and reseller_id is not None:
        raise BadInputError("reseller_id: only for a whole reseller, without a terminal_id.")
    return PeriodMark(terminal_id, reseller_id or PUBLISHED_RESELLER_ID, closes_terminals)


def refund_refusal(body: Mapping[str, Any]) -> RefundRefusal:
    """Read a rule that refuses refunds."""
    code = whole_number("code", body.get("code"), 0, 99)
    if code not in REFUND_REFUSAL_CODES:
        allowed = " or ".join(str(int(each)) for each in sorted(REFUND_REFUSAL_CODES))
        raise BadInputError(f"code: {allowed} is needed.")
    count = _optional_number(body, "count", 1, MAX_REFUSAL_COUNT)
    return RefundRefusal(code, optional_text(body, "service_id"), msisdn(body), count)


def purchase(body: Mapping[str, Any]) -> Purchase:
    """Read a purchase: the merchant's createPurchase URL, product and customer."""
    url = http_url(body, "url")
    if not url.partition("?")[0].endswith("createPurchase"):
        raise BadInputError("url: the merchant's URL must end in createPurchase.")
    token = text(body, "purchaseToken")
    if not _PURCHASE_TOKEN.fullmatch(token):
        raise BadInputError("purchaseToken: letters, digits, dashes, underscores and dots only.")
    customer_fields = body.get("customer", {})
    if not isinstance(customer_fields, dict):
        raise BadInputError("customer: an object is needed.")
    if unknown := sorted(customer_fields.keys() - set(CUSTOMER_FIELDS)):
        raise BadInputError(f"customer: {unknown[0]} is not one of {', '.join(CUSTOMER_FIELDS)}.")
    try:
        msisdn(customer_fields)
        details = {
            name: value
            for name in customer_fields
            if (value := optional_text(customer_fields, name))
        }
    except BadInputError as error:
        raise BadInputError(f"customer: {error}") from None
    return Purchase(url, token, details)
