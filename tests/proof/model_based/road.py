"""The road from the shop to SEQR: what is said is noted, and much may happen meanwhile."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from django.db import connection

SOAP_PORT_SECONDS = 10


def nothing() -> None:
    """Let nothing happen."""


class Road:
    """A proxy before the sandbox.

    `on_the_way` happens once before SEQR has the next call, `on_the_way_back` once before its
    answer arrives. While `loses_answers`, no answer arrives. `told` has the highest version that
    SEQR was told of each reference.
    `crowded` has the invoices that two have sent at the same time.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.start_anew()
        road = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                try:
                    road._note_call(body)
                    road._let_happen("on_the_way")
                    response, answer = road._pass_on(self.path, body)
                    road._note_answer(body)
                    road._let_happen("on_the_way_back")
                finally:
                    connection.close()  # what happened meanwhile has used it, in this thread
                if road.loses_answers or response is None:
                    self.close_connection = True
                    return
                self.send_response(response.status)
                self.send_header("Content-Type", response.getheader("Content-Type") or "text/xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_args: object) -> None:
                """Keep the test's output quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def start_anew(self) -> None:
        """Forget what was said; let nothing happen."""
        self.end_mishaps()
        self.went_wrong: list[BaseException] = []
        self.told: dict[str, int] = {}
        self.crowded: list[str] = []
        self._being_sent: set[str] = set()
        self._lock = threading.Lock()

    def end_mishaps(self) -> None:
        """Let every answer arrive, and nothing happen meanwhile."""
        self.loses_answers = False
        self.on_the_way: Callable[[], None] = nothing
        self.on_the_way_back: Callable[[], None] = nothing

    def time_has_passed(self) -> None:
        """Whoever still sends something has no claim to be alone any more."""
        self._being_sent.clear()

    def __enter__(self) -> Road:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _let_happen(self, what: str) -> None:
        happens = getattr(self, what)
        setattr(self, what, nothing)
        try:
            happens()
        except BaseException as error:  # noqa: BLE001  # raised where somebody looks
            self.went_wrong.append(error)

    def _pass_on(self, path: str, body: str) -> tuple[http.client.HTTPResponse | None, bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SOAP_PORT_SECONDS)
        try:
            upstream.request("POST", path, body.encode(), {"Content-Type": "text/xml"})
            response = upstream.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException):  # SEQR has closed the connection
            return None, b""
        finally:
            upstream.close()

    def _note_call(self, body: str) -> None:
        with self._lock:
            if "getPaymentStatus" in body:
                reference = _text(body, "invoiceReference")
                version = int(_text(body, "invoiceVersion"))
                self.told[reference] = max(version, self.told.get(reference, 0))
            elif "sendInvoice" in body:
                number = _text(body, "clientInvoiceId")
                if number in self._being_sent:
                    self.crowded.append(number)
                self._being_sent.add(number)

    def _note_answer(self, body: str) -> None:
        with self._lock:
            if "sendInvoice" in body:
                self._being_sent.discard(_text(body, "clientInvoiceId"))


def _text(body: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)<", body)
    assert found is not None, f"{name} is missing in {body}"
    return found[1]
