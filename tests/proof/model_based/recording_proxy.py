"""The fault proxy of the model-based test, which also records what SEQR was sent."""

from __future__ import annotations

import re
import threading

from tests.fault_proxy import FaultProxy, Hook, do_nothing


class RecordingProxy(FaultProxy):
    """Records the versions sent to SEQR, and the invoices that two processes send at once.

    `versions` has the highest version sent for each reference. `concurrent_sends` has the invoice
    numbers that two processes were sending at the same time.
    """

    def reset(self) -> None:
        """Clear the faults, and forget what was recorded."""
        super().reset()
        self.versions: dict[str, int] = {}
        self.concurrent_sends: list[str] = []
        self._being_sent: set[str] = set()
        self._lock = threading.Lock()

    def once_before_forward(self, hook: Hook) -> None:
        """Call this hook before the sandbox gets the next call."""

        def run() -> None:
            self.before_forward = do_nothing
            hook()

        self.before_forward = run

    def once_before_answer(self, hook: Hook) -> None:
        """Call this hook before the next answer arrives."""

        def run() -> None:
            self.before_answer = do_nothing
            hook()

        self.before_answer = run

    def expire_leases(self) -> None:
        """Allow a second sender: the leases of those that are sending have ended."""
        self._being_sent.clear()

    def received(self, operation: str, body: str) -> None:
        """Record the version or the invoice number that a call carries."""
        with self._lock:
            if operation == "getPaymentStatus":
                reference = _text(body, "invoiceReference")
                version = int(_text(body, "invoiceVersion"))
                self.versions[reference] = max(version, self.versions.get(reference, 0))
            elif operation == "sendInvoice":
                number = _text(body, "clientInvoiceId")
                if number in self._being_sent:
                    self.concurrent_sends.append(number)
                self._being_sent.add(number)

    def answered(self, operation: str, body: str) -> None:
        """Record that an invoice is no longer being sent."""
        with self._lock:
            if operation == "sendInvoice":
                self._being_sent.discard(_text(body, "clientInvoiceId"))


def _text(body: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)<", body)
    assert found is not None, f"{name} is missing in {body}"
    return found[1]
