"""A customer's phone on a machine of its own, which reaches the shop through a proxy."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from tests.deploy.namespaces import Machine
from tests.deploy.proxies import SHOP_HOST
from tests.sandbox_process import SandboxProcess

TIMEOUT_SECONDS = 30.0
CODE = "HTTP://SEQR.SE/000/LYKTAN?TABLE=4"
ORDER_SECONDS = 20.0  # until an order has its invoice


@dataclass(frozen=True)
class Response:
    """An HTTP response that was read whole; header names are in lower case."""

    status: int
    headers: Mapping[str, list[str]]
    body: bytes

    def json(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Visit:
    """A customer who has scanned and ordered."""

    token: str
    order: str
    reference: str


class Phone:
    """Requests of one customer, by TLS to a proxy's address."""

    def __init__(self, machine: Machine, proxy: Machine, trusted: ssl.SSLContext) -> None:
        self.machine = machine
        self._proxy = proxy
        self._trusted = trusted

    @contextmanager
    def opened(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request over a new connection; give the response, which is still to be read."""
        connection = http.client.HTTPConnection(SHOP_HOST)
        raw = self.machine.connect(self._proxy.address, 443, TIMEOUT_SECONDS)
        connection.sock = self._trusted.wrap_socket(raw, server_hostname=SHOP_HOST)
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # of a body that is refused
                connection.request(method, path, body, dict(headers or {}))
            yield connection.getresponse()
        finally:
            connection.close()

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request, and return the whole response."""
        with self.opened(method, path, body, headers) as response:
            found: dict[str, list[str]] = {}
            for name, value in response.getheaders():
                found.setdefault(name.lower(), []).append(value)
            return Response(response.status, found, response.read())

    def call(self, method: str, path: str, token: str, body: object = None) -> Response:
        """Call the customer API."""
        content = None if body is None else json.dumps(body).encode()
        return self.request(method, path, content, api_headers(token))

    def order(self, sandbox: SandboxProcess, msisdn: str) -> Visit:
        """Scan, order, and wait until SEQR has the invoice."""
        token = str(sandbox.scan(CODE, msisdn)["token"])
        session = self.call("POST", "/lyktan/session", token, {"token": token}).json()
        product = next(
            each
            for each in session["products"]
            if not each["sold_out"] and not any(group["min"] for group in each["option_groups"])
        )
        rows = [{"product": product["id"], "quantity": 1}]
        body = {"nonce": f"nonce-of-{token}", "rows": rows}
        order = self.call("POST", "/lyktan/orders", token, body).json()["id"]
        deadline = time.monotonic() + ORDER_SECONDS
        while time.monotonic() < deadline:
            shown = self.call("GET", f"/orders/{order}", token).json()
            if shown["app_url"]:
                return Visit(token, order, str(shown["app_url"]).rsplit("/R", 1)[1])
            time.sleep(0.25)
        raise TimeoutError(f"The order has no invoice after {ORDER_SECONDS:.0f} s: {shown}")


def api_headers(token: str) -> dict[str, str]:
    """Return the headers of a call of the customer API."""
    return {"X-SEQR-Token": token, "Content-Type": "application/json"}
