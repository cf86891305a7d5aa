"""A staff member in the admin, who refunds payments and resolves unknown refunds."""

import asyncio
import random
import re
from collections.abc import Mapping
from decimal import Decimal
from html import unescape

import aiohttp

from tests.proof.crash.clients import RETRIED_STATUSES, RETRY_SECONDS, TIMEOUT_SECONDS
from tests.proof.crash.cluster import Cluster


class Staff:
    """A logged-in browser, which repeats each form with the same nonce until it is answered."""

    def __init__(
        self, cluster: Cluster, http: aiohttp.ClientSession, seed: int, username: str
    ) -> None:
        self._cluster = cluster
        self._username = username
        self._http = http
        self._random = random.Random(f"{seed} staff")

    async def log_in(self) -> None:
        """Log in to the admin."""
        page = await self._get("/admin/login/")
        body = {"username": self._username, "password": self._cluster.staff_password}
        await self._post("/admin/login/?next=/admin/", page, body)

    async def refund_requested(self, references: "asyncio.Queue[str]") -> None:
        """Refund the payments in the queue, in whole or in part, until cancelled."""
        while True:
            reference = await references.get()
            found = await self._get(f"/admin/payments/invoice/?q={reference}")
            link = re.search(r"/admin/payments/invoice/(\d+)/change/", found)
            if link is None:
                continue
            address = f"/admin/payments/invoice/{link[1]}/refund/"
            form = await self._get(address)
            left = re.search(r'data-everything="(\d+)"', form)
            if left is None:  # all is refunded, or about to be
                continue
            refundable = Decimal(left[1]) / 100
            part = Decimal(self._random.choice(["1", "0.5", "0.25"]))
            amount = max((refundable * part).quantize(Decimal("0.01")), Decimal("0.01"))
            body = {"amount": str(amount), "reason": "cold", "nonce": _value(form, "nonce")}
            await self._post(address, form, body)

    async def resolve(self, refund_id: int, ers_reference: str | None) -> None:
        """Record the outcome of an unknown refund; no reference means that it was not made."""
        address = f"/admin/payments/refund/{refund_id}/resolve/"
        form = await self._get(address)
        body = {
            "was_refunded": "no" if ers_reference is None else "yes",
            "ers_reference": ers_reference or "",
            "reason": "SEQR's support said so",
        }
        assert await self._post(address, form, body), f"refund {refund_id} could not be resolved"

    async def _get(self, path: str) -> str:
        _, text = await self._request_until_answered("GET", path, None)
        return text

    async def _post(self, path: str, form: str, body: Mapping[str, str]) -> bool:
        """Send a form; return whether it was accepted."""
        fields = {**body, "csrfmiddlewaretoken": _value(form, "csrfmiddlewaretoken")}
        status, _ = await self._request_until_answered("POST", path, fields)
        return status == 302

    async def _request_until_answered(
        self, method: str, path: str, fields: Mapping[str, str] | None
    ) -> tuple[int, str]:
        while True:
            try:
                async with self._http.request(
                    method,
                    f"{self._cluster.shop_url}{path}",
                    data=fields,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
                ) as response:
                    text = await response.text()
                    if response.status not in RETRIED_STATUSES:
                        return response.status, text
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(RETRY_SECONDS)


def _value(form: str, name: str) -> str:
    """Return the value of a form's field."""
    (tag,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', form)[:1]
    found = re.search(r'value="([^"]*)"', tag)
    assert found is not None, f"{name} is empty"
    return unescape(found[1])
