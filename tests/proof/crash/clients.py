"""What the shop's own pages do: ask, and after no answer ask again."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp

AGAIN_SECONDS = 2.0
ANSWER_SECONDS = 15.0
TRY_LATER = (429, 500, 502, 503, 504)


class Page:
    """One customer's page, known to the shop by its token alone."""

    def __init__(self, http: aiohttp.ClientSession, shop_url: str, token: str) -> None:
        self._http = http
        self._shop_url = shop_url
        self._headers = {"X-SEQR-Token": token, "Accept-Language": "en"}

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        """Return HTTP's status and the JSON of the first answer that is one.

        Asks as long as the customer waits: whoever calls sets the time.
        """
        while True:
            try:
                return await self._ask_once(method, path, body)
            except (aiohttp.ClientError, TimeoutError, OSError):
                await asyncio.sleep(AGAIN_SECONDS)

    async def _ask_once(self, method: str, path: str, body: object) -> tuple[int, dict[str, Any]]:
        async with self._http.request(
            method,
            f"{self._shop_url}{path}",
            json=body,
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
        ) as response:
            if response.status in TRY_LATER:
                response.release()
                raise aiohttp.ClientConnectionError
            answer: dict[str, Any] = await response.json()
            return response.status, answer


class Phone:
    """The customer's app, by way of the sandbox's control interface."""

    def __init__(self, http: aiohttp.ClientSession, sandbox_url: str, msisdn: str) -> None:
        self._http = http
        self._sandbox_url = sandbox_url
        self._msisdn = msisdn
        self.token = ""

    async def scan(self, code: str) -> str:
        """Scan a printed code; return the token that the page gets."""
        told = await self._control("/scan", {"url": code, "msisdn": self._msisdn})
        self.token = str(told["token"])
        return self.token

    async def act(self, reference: str, action: str) -> bool:
        """Pay, cancel or fail a bill; return False where SEQR says that it is settled already."""
        told = await self._control(f"/invoices/{reference}/{action}", {"token": self.token})
        return "error" not in told

    async def _control(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        url = f"{self._sandbox_url}/control{path}"
        async with self._http.post(url, json=body) as response:
            told: dict[str, Any] = await response.json()
            return told
