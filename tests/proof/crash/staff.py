"""One of the staff, in the admin: gives money back, and settles refunds that became unknown."""

import asyncio
import random
import re
from collections.abc import Mapping
from decimal import Decimal
from html import unescape

import aiohttp

from tests.proof.crash.clients import AGAIN_SECONDS, ANSWER_SECONDS, TRY_LATER
from tests.proof.crash.cluster import STAFF_USER, House


class Staff:
    """A browser that is logged in. Each form is sent until it is answered, its nonce the same."""

    def __init__(self, house: House, http: aiohttp.ClientSession, seed: int) -> None:
        self._house = house
        self._http = http
        self._random = random.Random(f"{seed} staff")
        self.asked_for = 0

    async def log_in(self) -> None:
        """Open the admin."""
        page = await self._get("/admin/login/")
        body = {"username": STAFF_USER, "password": self._house.staff_password}
        await self._post("/admin/login/?next=/admin/", page, body)

    async def give_back(self, references: "asyncio.Queue[str]") -> None:
        """Refund each payment whose customer wants so, in whole or in part, until cancelled."""
        while True:
            reference = await references.get()
            found = await self._get(f"/admin/payments/invoice/?q={reference}")
            link = re.search(r"/admin/payments/invoice/(\d+)/change/", found)
            if link is None:
                continue
            address = f"/admin/payments/invoice/{link[1]}/refund/"
            form = await self._get(address)
            most = Decimal(_value(form, "amount"))
            part = Decimal(self._random.choice(["1", "0.5", "0.25"]))
            amount = max((most * part).quantize(Decimal("0.01")), Decimal("0.01"))
            body = {"amount": str(amount), "reason": "cold", "nonce": _value(form, "nonce")}
            if await self._post(address, form, body):
                self.asked_for += 1

    async def settle(self, refund_id: int, ers_reference: str | None) -> None:
        """Write what SEQR's support said of an unknown refund: its reference, or no such refund."""
        address = f"/admin/payments/refund/{refund_id}/resolve/"
        form = await self._get(address)
        body = {
            "went_back": "no" if ers_reference is None else "yes",
            "ers_reference": ers_reference or "",
            "reason": "SEQR's support said so",
        }
        assert await self._post(address, form, body), f"refund {refund_id} could not be settled"

    async def _get(self, path: str) -> str:
        _, text = await self._until_answered("GET", path, None)
        return text

    async def _post(self, path: str, form: str, body: Mapping[str, str]) -> bool:
        """Send a form; return whether it was taken."""
        fields = {**body, "csrfmiddlewaretoken": _value(form, "csrfmiddlewaretoken")}
        status, _ = await self._until_answered("POST", path, fields)
        return status == 302

    async def _until_answered(
        self, method: str, path: str, fields: Mapping[str, str] | None
    ) -> tuple[int, str]:
        while True:
            try:
                async with self._http.request(
                    method,
                    f"{self._house.shop_url}{path}",
                    data=fields,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
                ) as response:
                    text = await response.text()
                    if response.status not in TRY_LATER:
                        return response.status, text
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(AGAIN_SECONDS)


def _value(form: str, name: str) -> str:
    """Return what a field of a page's form holds."""
    (tag,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', form)[:1]
    found = re.search(r'value="([^"]*)"', tag)
    assert found is not None, f"{name} is empty"
    return unescape(found[1])
