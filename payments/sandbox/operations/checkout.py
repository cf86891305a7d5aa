"""Instant Checkout: a product bought without a visit to the shop's pages.

SEQR tells the merchant who buys what; the merchant answers with an invoice.
Source: API reference 2.6.0, Instant Checkout, createPurchase.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp

TIMEOUT_SECONDS: Final = 10
MAX_ANSWER_BYTES: Final = 64 * 1024

CUSTOMER_FIELDS: Final = (
    "clientName",
    "street",
    "city",
    "country",
    "state",
    "zip",
    "email",
    "msisdn",
)

DEFAULT_CUSTOMER: Final[Mapping[str, str]] = {
    "clientName": "Kim Sandberg",
    "street": "Sandlådegatan 1",
    "city": "Stockholm",
    "country": "Sweden",
    "state": "Stockholm",
    "zip": "11122",
    "email": "kim@example.com",
    "msisdn": "46700643933",
}


@dataclass(frozen=True)
class Purchase:
    """What is bought, by whom; `customer` are the details that differ from the default ones."""

    url: str
    purchase_token: str
    customer: Mapping[str, str]

    def as_json(self) -> dict[str, str]:
        """What the merchant is sent."""
        return {"purchaseToken": self.purchase_token, **DEFAULT_CUSTOMER, **self.customer}


class PurchaseFailedError(Exception):
    """The merchant's answer is of no use; the text is a sentence."""


async def create_purchase(purchase: Purchase) -> str:
    """The invoice reference with which the merchant answers. Raises PurchaseFailedError.

    At most ten seconds, 64 KB, and no redirects.
    """
    # A compressed answer would be larger than what is counted here.
    headers = {"Accept-Encoding": "identity"}
    try:
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS), auto_decompress=False
            ) as session,
            session.post(
                purchase.url, json=purchase.as_json(), headers=headers, allow_redirects=False
            ) as response,
        ):
            if response.status != 200:
                raise PurchaseFailedError(f"The merchant answered with HTTP {response.status}.")
            body = await response.content.read(MAX_ANSWER_BYTES + 1)
            while not response.content.at_eof() and len(body) <= MAX_ANSWER_BYTES:
                body += await response.content.read(MAX_ANSWER_BYTES + 1 - len(body))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise PurchaseFailedError(f"The merchant cannot be reached: {error!r}") from error
    return _reference(body)


def _reference(body: bytes) -> str:
    if len(body) > MAX_ANSWER_BYTES:
        raise PurchaseFailedError(f"The merchant's answer is longer than {MAX_ANSWER_BYTES} bytes.")
    try:
        reference = json.loads(body)["invoiceReferenceId"]
    except (ValueError, RecursionError, TypeError, KeyError):
        reference = None
    if not isinstance(reference, str):
        raise PurchaseFailedError('The merchant\'s answer is not {"invoiceReferenceId": "…"}.')
    return reference
