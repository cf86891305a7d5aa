"""Starts the sandbox as a process on a free port and drives it through its control API."""

import http.client
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.processes import ManagedProcess

REQUEST_SECONDS: Final = 30


class ControlError(Exception):
    """The control API returned an error; `status` is HTTP's, the text is its sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{status}: {sentence}")
        self.status = status


class SandboxProcess(ManagedProcess):
    """python -m payments.sandbox on a free port, with further command line options.

    A context manager: leaving it stops the process. Raises ProcessStartError.
    """

    def __init__(self, *options: str) -> None:
        self._stderr = tempfile.NamedTemporaryFile()  # noqa: SIM115  # as long as the object
        command = [sys.executable, "-m", "payments.sandbox", "--port", "0", *options]
        super().__init__(command, log=Path(self._stderr.name), stdout=subprocess.PIPE)
        self.start()
        self.port = self.ready_port()
        self.base_url = f"http://127.0.0.1:{self.port}"

    def errors(self) -> str:
        """The process's stderr; complete once it is stopped."""
        return self.log.read_text()

    @property
    def service_url(self) -> str:
        """The endpoint of ERSWSExternalClientService (SEQR_SERVICE_URL)."""
        return f"{self.base_url}/soap/service"

    @property
    def session_url(self) -> str:
        """The endpoint of ERSWSClientSessionInfoService (SEQR_SESSION_URL)."""
        return f"{self.base_url}/soap/session"

    @property
    def app_url(self) -> str:
        """The prefix of R<reference> that opens a payment (SEQR_APP_URL)."""
        return f"{self.base_url}/app/"

    @property
    def phone_url(self) -> str:
        """The phone's first page."""
        return f"{self.base_url}/"

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Call the control API, such as ("POST", "/clock", {"advance_seconds": 5}).

        Returns the JSON of the response. Raises ControlError for any status from 400 up.
        """
        content = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=REQUEST_SECONDS)
        try:
            connection.request(method, f"/control{path}", content, headers)
            response = connection.getresponse()
            result = json.loads(response.read())
        finally:
            connection.close()
        if response.status >= 400:
            raise ControlError(response.status, result["error"])
        return result

    def register_shop(
        self,
        service_id: str,
        base_url: str,
        *,
        name: str | None = None,
        codes: list[str] | None = None,
    ) -> Any:
        """Register a shop whose pages are base_url/order, /success, /failure and /cancel."""
        pages = {
            f"{page}_url": f"{base_url}/{page}"
            for page in ("order", "success", "failure", "cancel")
        }
        body = {"service_id": service_id, "name": name, "codes": codes, **pages}
        return self.control("POST", "/shops", body)

    def scan(self, url: str, msisdn: str | None = None) -> Any:
        """Scan HTTP://SEQR.SE/000/<service id>?… as a customer; return token and order_url."""
        return self.control("POST", "/scan", {"url": url, "msisdn": msisdn})

    def act(self, reference: str, action: str, token: str | None = None) -> Any:
        """Pay, cancel, fail, expire, hold or release; return status and redirect_url."""
        return self.control("POST", f"/invoices/{reference}/{action}", {"token": token})

    def pay(self, reference: str, token: str | None = None) -> Any:
        """Pay as the customer; return status and redirect_url."""
        return self.act(reference, "pay", token)

    def invoice(self, reference: str) -> Any:
        """Everything about an invoice."""
        return self.control("GET", f"/invoices/{reference}")

    def invoices(self) -> list[Any]:
        """All invoices, oldest first."""
        found: list[Any] = self.control("GET", "/invoices")["invoices"]
        return found

    def calls(self, operation: str | None = None) -> list[Any]:
        """The logged calls, or those of one operation ("notification" for SEQR's own)."""
        found: list[Any] = self.control("GET", "/calls")["calls"]
        return [call for call in found if operation in (None, call["operation"])]

    def add_reseller(self, reseller_id: str, user_id: str, password: str) -> Any:
        """Add a reseller with its user; return it."""
        body = {"reseller_id": reseller_id, "user_id": user_id, "password": password}
        return self.control("POST", "/resellers", body)

    def add_terminal(
        self,
        terminal_id: str,
        password: str,
        *,
        reseller_id: str | None = None,
        name: str | None = None,
    ) -> Any:
        """Add a web shop's terminal, of the published reseller by default; return it."""
        body = {
            "terminal_id": terminal_id,
            "password": password,
            "reseller_id": reseller_id,
            "name": name,
        }
        return self.control("POST", "/terminals", body)

    def change_terminal_password(self, terminal_id: str, password: str) -> Any:
        """Change a terminal's password at SEQR; return the terminal."""
        return self.control("POST", f"/terminals/{terminal_id}/password", {"password": password})

    def retire_terminal(self, terminal_id: str) -> Any:
        """Retire a terminal: its calls are refused, its open invoices expire; return it."""
        return self.control("POST", f"/terminals/{terminal_id}/retire")

    def terminals(self) -> list[Any]:
        """All terminals, with the number of their open invoices."""
        found: list[Any] = self.control("GET", "/terminals")["terminals"]
        return found

    def fault(self, operation: str, kind: str, **parameters: object) -> Any:
        """Add a fault for an operation, "*" (any) or "notification"; return the fault."""
        return self.control("POST", "/faults", {"operation": operation, "kind": kind, **parameters})

    def faults(self) -> list[Any]:
        """The faults, with the number of calls that each applied to."""
        found: list[Any] = self.control("GET", "/faults")["faults"]
        return found

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.control("DELETE", "/faults")

    def set_latency(self, operation: str, kind: str, **parameters: object) -> Any:
        """Set the latency profile of an operation, or of all ("*"); return the profile."""
        return self.control(
            "POST", "/latency", {"operation": operation, "kind": kind, **parameters}
        )

    def latency(self) -> list[Any]:
        """The latency profiles, with the number of calls that each delays now."""
        found: list[Any] = self.control("GET", "/latency")["latency"]
        return found

    def clear_latency(self) -> None:
        """Remove all latency profiles; calls that they delay are answered at once."""
        self.control("DELETE", "/latency")

    def advance(self, seconds: float) -> None:
        """Advance the sandbox's clock."""
        self.control("POST", "/clock", {"advance_seconds": seconds})

    def reset(self) -> None:
        """Delete everything but the published principals, and return to real time."""
        self.control("POST", "/reset")
