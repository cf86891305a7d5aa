"""Instant Checkout: the customer buys a product without visiting the shop's pages.

SEQR posts the product and the customer to the merchant, who returns an invoice reference.
Source: API reference 2.6.0, Instant Checkout, createPurchase.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp

from payments.sandbox.operations.simulator import NotFoundError, SeqrSimulator
from payments.sandbox.storage.models import Invoice

TIMEOUT_SECONDS: Final = 10
MAX_RESPONSE_BYTES: Final = 64 * 1024

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
    """A purchase. `customer` are the details that differ from DEFAULT_CUSTOMER."""

    url: str
    purchase_token: str
    customer: Mapping[str, str]

    def as_json(self) -> dict[str, str]:
        """The JSON sent to the merchant."""
        return {"purchaseToken": self.purchase_token, **DEFAULT_CUSTOMER, **self.customer}


class PurchaseFailedError(Exception):
    """The merchant returned no invoice reference; the text is a sentence."""


async def purchased_invoice(seqr: SeqrSimulator, purchase: Purchase) -> Invoice:
    """Post the purchase and return the invoice of the merchant's response.

    Raises PurchaseFailedError, also for an unknown invoice and for one without a notificationUrl.
    """
    try:
        invoice = seqr.invoice(await create_purchase(purchase))
    except NotFoundError as error:
        raise PurchaseFailedError(str(error)) from None
    if not invoice.content.get("notificationUrl"):
        raise PurchaseFailedError(
            f"Invoice {invoice.reference} lacks the notificationUrl it needs here."
        )
    return invoice


async def create_purchase(purchase: Purchase) -> str:
    """Post the purchase and return the merchant's invoice reference. Raises PurchaseFailedError.

    It takes at most ten seconds, reads at most 64 KB and follows no redirects.
    """
    # A compressed response would be larger than what is counted here.
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
                raise PurchaseFailedError(f"The merchant responded with HTTP {response.status}.")
            body = await response.content.read(MAX_RESPONSE_BYTES + 1)
            while not response.content.at_eof() and len(body) <= MAX_RESPONSE_BYTES:
                body += await response.content.read(MAX_RESPONSE_BYTES + 1 - len(body))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise PurchaseFailedError(f"The merchant cannot be reached: {error!r}") from error
    return _reference(body)


def _reference(body: bytes) -> str:
    if len(body) > MAX_RESPONSE_BYTES:
        raise PurchaseFailedError(
            f"The merchant's response is longer than {MAX_RESPONSE_BYTES} bytes."
        )
    try:
        reference = json.loads(body)["invoiceReferenceId"]
    except (ValueError, RecursionError, TypeError, KeyError):
        reference = None
    if not isinstance(reference, str):
        raise PurchaseFailedError('The merchant\'s response is not {"invoiceReferenceId": "…"}.')
    return reference
