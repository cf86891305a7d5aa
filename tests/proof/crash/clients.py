"""A customer's page and app as HTTP clients that retry as the real ones do."""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import aiohttp

RETRY_SECONDS = 2.0
TIMEOUT_SECONDS = 15.0
STREAM_SILENCE_SECONDS = 25.0  # a paid order's stream says something every ten
RETRIED_STATUSES = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Answered:
    """A request's answer: when it came, the seconds since the first attempt, and the attempts."""

    at: float  # in seconds since 1970
    seconds: float
    attempts: int


class ShopClient:
    """One customer's page, which authenticates by its token. `answered` gets each answer."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        shop_url: str,
        token: str,
        answered: Callable[[Answered], None],
    ) -> None:
        self._answered = answered
        self._http = http
        self._shop_url = shop_url
        self._headers = {"X-SEQR-Token": token, "Accept-Language": "en"}

    async def request(
        self, method: str, path: str, body: object = None
    ) -> tuple[int, dict[str, Any]]:
        """Return status and JSON of the first response that is no server error.

        Retries until the caller cancels it.
        """
        began = time.time()
        for attempt in itertools.count(1):
            try:
                answer = await self._request_once(method, path, body)
            except (aiohttp.ClientError, TimeoutError, OSError):
                await asyncio.sleep(RETRY_SECONDS)
            else:
                now = time.time()
                self._answered(Answered(now, now - began, attempt))
                return answer
        raise AssertionError

    def open_stream(self, path: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Request an event stream."""
        headers = self._headers | {"Accept": "text/event-stream"}
        timeout = aiohttp.ClientTimeout(total=None, sock_read=STREAM_SILENCE_SECONDS)
        return self._http.get(f"{self._shop_url}{path}", headers=headers, timeout=timeout)

    async def _request_once(
        self, method: str, path: str, body: object
    ) -> tuple[int, dict[str, Any]]:
        async with self._http.request(
            method,
            f"{self._shop_url}{path}",
            json=body,
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
        ) as response:
            if response.status in RETRIED_STATUSES:
                response.release()
                raise aiohttp.ClientConnectionError
            answer: dict[str, Any] = await response.json()
            return response.status, answer


class SeqrApp:
    """The customer's SEQR app, driven through the sandbox's control API."""

    def __init__(self, http: aiohttp.ClientSession, sandbox_url: str, msisdn: str) -> None:
        self._http = http
        self._sandbox_url = sandbox_url
        self._msisdn = msisdn
        self.token = ""

    async def scan(self, code: str) -> str:
        """Scan a printed code; return the token that the page gets."""
        answer = await self._control("/scan", {"url": code, "msisdn": self._msisdn})
        self.token = str(answer["token"])
        return self.token

    async def act(self, reference: str, action: str) -> bool:
        """Pay, cancel or fail an invoice; return False where it has ended already."""
        answer = await self._control(f"/invoices/{reference}/{action}", {"token": self.token})
        return "error" not in answer

    async def _control(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        url = f"{self._sandbox_url}/control{path}"
        async with self._http.post(url, json=body) as response:
            answer: dict[str, Any] = await response.json()
            return answer
