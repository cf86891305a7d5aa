"""The fault proxy of the model-based test, which also records what SEQR was sent."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass

from tests.fault_proxy import FaultProxy, Hook, do_nothing

RESELLER_OPERATIONS = ("markTransactionPeriod", "executeReport")
_CONFIGURATION_CODES = {20, 21, 29, 33, 37, 64, 92}  # by which SEQR refuses a terminal


@dataclass(frozen=True)
class CallAs:
    """A call as the principal with this ID, about an invoice, a payment or a terminal."""

    operation: str
    about: str
    principal: str


class RecordingProxy(FaultProxy):
    """Records the versions sent, the callers, and the invoices that two processes send at once.

    `versions` has the highest version sent for each reference. `concurrent_sends` has the invoice
    numbers that two processes were sending at the same time. `calls_as` has each call with its
    caller, `refused` the callers that SEQR has refused.
    """

    def reset(self) -> None:
        """Clear the faults, and forget what was recorded."""
        super().reset()
        self.versions: dict[str, int] = {}
        self.concurrent_sends: list[str] = []
        self.calls_as: list[CallAs] = []
        self.refused: set[str] = set()
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
        """Record the caller, and the version or the invoice number that a call carries."""
        with self._lock:
            self.calls_as.append(CallAs(operation, _about(operation, body), _principal(body)))
            if operation == "getPaymentStatus":
                reference = _text(body, "invoiceReference")
                version = int(_text(body, "invoiceVersion"))
                self.versions[reference] = max(version, self.versions.get(reference, 0))
            elif operation == "sendInvoice":
                number = _text(body, "clientInvoiceId")
                if number in self._being_sent:
                    self.concurrent_sends.append(number)
                self._being_sent.add(number)

    def answered(self, operation: str, body: str, answer: str) -> None:
        """Record that an invoice is no longer being sent, and a caller that SEQR refuses."""
        with self._lock:
            code = re.search("resultCode>([0-9]+)<", answer)
            if code is not None and int(code[1]) in _CONFIGURATION_CODES:
                self.refused.add(_principal(body))
            if operation == "sendInvoice":
                self._being_sent.discard(_text(body, "clientInvoiceId"))


def _text(body: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)<", body)
    assert found is not None, f"{name} is missing in {body}"
    return found[1]


def _about(operation: str, body: str) -> str:
    """Return the reference of the invoice or payment, or the terminal of a period or report."""
    if operation in RESELLER_OPERATIONS:
        found = re.search(r"TERMINALID</(?:\w+:)?key>\s*<(?:\w+:)?value>([^<]*)<", body)
    else:
        found = re.search("<(?:\\w+:)?(?:invoiceReference|ersReference)>([^<]*)<", body)
    return "" if found is None else found[1]


def _principal(body: str) -> str:
    found = re.search(r"initiatorPrincipalId>.*?<(?:\w+:)?id>([^<]*)<", body, re.DOTALL)
    assert found is not None, f"no principal in {body}"
    return found[1]
