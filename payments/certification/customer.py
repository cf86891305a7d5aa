"""Who scans and pays the invoices: a person with a phone, or the sandbox."""

import http.client
import json
import select
import sys
import time
from typing import Any, Protocol
from urllib.parse import urlsplit

from payments.certification.problem import CertificationProblem, StepFailed
from payments.certification.screen import Screen
from payments.seqr import invoice_url

SOAP_PATH = "/soap/service"
SANDBOX_TIMEOUT_SECONDS = 10


class Pauses(Protocol):
    """The waits of a certification."""

    def sleep(self, seconds: float) -> None:
        """Wait so long."""

    def enter_pressed(self, seconds: float, /) -> bool:
        """Wait for the Enter key, so long at most; return whether it was pressed.

        Raises StepFailed where nobody can press it.
        """


class RealPauses:
    """Waits as long as it says, and reads the terminal."""

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def enter_pressed(self, seconds: float, /) -> bool:
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        if not ready:
            return False
        if not sys.stdin.readline():
            raise StepFailed("Nobody can press Enter here: run the command in a terminal.")
        return True


class Customer(Protocol):
    """The customer of a certification."""

    def scan(self, reference: str) -> None:
        """Start to scan the code of an invoice, and not to pay it."""

    def has_scanned(self, seconds: float, /) -> bool:
        """Wait for the scan, so long at most; return whether it has been made."""

    def pay(self, reference: str) -> None:
        """Start to scan the code of an invoice and to pay it."""


class Person:
    """A person with the SEQR app, who sees the code in the terminal."""

    def __init__(self, screen: Screen, pauses: Pauses) -> None:
        self._screen = screen
        self._pauses = pauses

    def scan(self, reference: str) -> None:
        """Show the code, and what to do."""
        self._screen.code(reference, invoice_url(reference))
        self._screen.task("Scan it with the SEQR app, do NOT pay, then press Enter here.")

    def has_scanned(self, seconds: float, /) -> bool:
        """Wait for Enter."""
        return self._pauses.enter_pressed(seconds)

    def pay(self, reference: str) -> None:
        """Show the code, and what to do."""
        self._screen.code(reference, invoice_url(reference))
        self._screen.task("Scan it with the SEQR app, and pay it with your PIN.")


class SandboxCustomer:
    """The sandbox's own customer, by its control API. Raises StepFailed where it refuses."""

    def __init__(self, service_url: str) -> None:
        """Find the sandbox at SEQR_SERVICE_URL. Raises CertificationProblem."""
        address = urlsplit(service_url)
        prefix, has_path, rest = address.path.partition(SOAP_PATH)
        problem = CertificationProblem(
            f"--sandbox: there is no sandbox at SEQR_SERVICE_URL, {service_url}."
        )
        if address.scheme != "http" or not address.hostname or not has_path or rest:
            raise problem
        self._host, self._port = address.hostname, address.port or 80
        self._prefix = f"{prefix}/control"
        try:
            found = self._call("GET", "/shops")
        except StepFailed:
            raise problem from None
        if "shops" not in found:
            raise problem

    def scan(self, reference: str) -> None:
        """Open the invoice in the sandbox's app."""
        self._call("POST", f"/invoices/{reference}/open")

    def has_scanned(self, _seconds: float, /) -> bool:
        """Return at once: the sandbox scans at once."""
        return True

    def pay(self, reference: str) -> None:
        """Pay the invoice in the sandbox's app."""
        self._call("POST", f"/invoices/{reference}/pay")

    def _call(self, method: str, path: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection(
            self._host, self._port, timeout=SANDBOX_TIMEOUT_SECONDS
        )
        try:
            connection.request(method, self._prefix + path)
            response = connection.getresponse()
            content = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise StepFailed(f"The sandbox does not answer: {type(error).__name__}.") from None
        finally:
            connection.close()
        if response.status >= 400 or not isinstance(content, dict):
            raise StepFailed(f"The sandbox refuses {path}: HTTP {response.status}.")
        return content
