"""Calls the shop's notificationUrl: once per payment, with an empty body, waiting for nobody.

Source: API reference 2.6.0, sendInvoice, notificationUrl.
"""

import asyncio
import time
from typing import Final

import aiohttp

from payments.sandbox.calls import Call, CallLog
from payments.sandbox.models import Invoice

TIMEOUT_SECONDS: Final = 10


class Notifier:
    """Sends notifications in the background. A failure is recorded, and that is all."""

    def __init__(self, calls: CallLog) -> None:
        self._calls = calls
        self._tasks: set[asyncio.Task[None]] = set()

    def paid(self, invoice: Invoice) -> None:
        """Start the notification of a payment; needs the running event loop."""
        url: str | None = invoice.content.get("notificationUrl")
        if url is None:
            return
        task = asyncio.get_running_loop().create_task(self._send(url, invoice.reference))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def forget(self) -> None:
        """Stop what is under way."""
        for task in self._tasks:
            task.cancel()

    async def _send(self, url: str, reference: str) -> None:
        started = time.perf_counter()
        status = None
        try:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, allow_redirects=False) as response,
            ):
                status = response.status
                outcome = f"HTTP {status}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            outcome = f"no answer: {error!r}"
        self._calls.add(
            Call(
                operation="notification",
                invoice_reference=reference,
                result_code=None,
                http_status=status,
                duration_ms=round((time.perf_counter() - started) * 1000, 3),
                request=f"POST {url}",
                answer=outcome,
            )
        )
