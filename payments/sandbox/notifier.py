"""Notifies the shop of payments: one POST to notificationUrl each, with an empty body.

Faults drop a notification, send it twice, late, or after the next one.

Source: API reference 2.6.0, sendInvoice, notificationUrl.
"""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Final

import aiohttp

from payments.sandbox.clock import Clock
from payments.sandbox.faults.registry import NOTIFICATION, Fault, FaultRegistry, Kind
from payments.sandbox.storage.call_log import Call, CallLog
from payments.sandbox.storage.models import Invoice

NOTIFICATION_TIMEOUT_SECONDS: Final = 10


@dataclass(frozen=True)
class _Notification:
    url: str
    invoice_reference: str
    fault: Fault | None


class Notifier:
    """Sends notifications in the background. A failure is logged and not retried."""

    def __init__(self, calls: CallLog, faults: FaultRegistry, clock: Clock) -> None:
        self._calls = calls
        self._faults = faults
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._reordered: _Notification | None = None
        self._reorder_timer: asyncio.Task[None] | None = None

    def notify_paid(self, invoice: Invoice) -> None:
        """Start to send the notification of a payment; needs a running event loop."""
        url: str | None = invoice.content.get("notificationUrl")
        if url is None:
            return
        if self._reordered is not None and self._reorder_timer is not None:
            self._reorder_timer.cancel()
            first = _Notification(url, invoice.reference, self._reordered.fault)
            self._start(self._send_in_order(first, self._reordered))
            self._reordered = None
            return
        fault = self._faults.next_match(NOTIFICATION)
        notification = _Notification(url, invoice.reference, fault)
        if fault is None:
            self._start(self._send(notification))
        else:
            self._send_with_fault(notification, fault)

    def _send_with_fault(self, notification: _Notification, fault: Fault) -> None:
        if fault.kind is Kind.LOST:
            self._log(notification, None, "never sent", 0)
        elif fault.kind is Kind.DOUBLED:
            self._start(self._send(notification))
            self._start(self._send(notification))
        elif fault.kind is Kind.LATE:
            self._start(self._send_late(notification, fault))
        else:
            self._reordered = notification
            self._reorder_timer = self._start(self._send_unless_reordered(notification, fault))

    def cancel_pending(self) -> None:
        """Cancel all notifications that are not sent yet."""
        self._reordered = None
        for task in self._tasks:
            task.cancel()

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _send_late(self, notification: _Notification, fault: Fault) -> None:
        await self._clock.sleep(fault.parameters["seconds"], fault.ended)
        await self._send(notification)

    async def _send_unless_reordered(self, notification: _Notification, fault: Fault) -> None:
        await self._clock.sleep(fault.parameters["seconds"], fault.ended)
        self._reordered = None
        await self._send(notification)

    async def _send_in_order(self, *notifications: _Notification) -> None:
        for notification in notifications:
            await self._send(notification)

    async def _send(self, notification: _Notification) -> None:
        started = time.perf_counter()
        status = None
        try:
            timeout = aiohttp.ClientTimeout(total=NOTIFICATION_TIMEOUT_SECONDS)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(notification.url, allow_redirects=False) as response,
            ):
                status = response.status
                outcome = f"HTTP {status}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            outcome = f"no response: {error!r}"
        self._log(notification, status, outcome, time.perf_counter() - started)

    def _log(
        self, notification: _Notification, status: int | None, outcome: str, seconds: float
    ) -> None:
        self._calls.add(
            Call(
                operation=NOTIFICATION,
                invoice_reference=notification.invoice_reference,
                result_code=None,
                http_status=status,
                duration_ms=round(seconds * 1000, 3),
                request=f"POST {notification.url}",
                response=outcome,
                fault=notification.fault.kind if notification.fault else None,
            )
        )
