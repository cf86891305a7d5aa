"""SEQR's answers, and a server that gives one of them to every call."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

from payments.seqr import InvoiceStatus, ResultCode

VERSION: Final = 5  # above that of every invoice
NEW_ERS_REFERENCE: Final = "20261128180000000001"
FOREIGN_REFERENCE: Final = "4711"
SENT_REFERENCE: Final = "9000000001"
UNKNOWN_CODE: Final = 77

_ENVELOPE: Final = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<ns2:{0}Response xmlns:ns2="http://external.interfaces.ers.seamless.com/"><return>'
    "{1}</return></ns2:{0}Response></soap:Body></soap:Envelope>"
)
_RECEIPT: Final = (
    "<receipt><invoiceReference>{reference}</invoiceReference>"
    "<paymentReference>{ers_reference}</paymentReference><invoice><totalAmount>"
    "<currency>SEK</currency><value>45.00</value></totalAmount></invoice></receipt>"
)
# SEQR's refusal to cancel an invoice that has this status there.
_CANCEL_CODES: Final[Mapping[str, ResultCode]] = {
    InvoiceStatus.PAID: ResultCode.CANNOT_CANCEL_PAID_INVOICE,
    InvoiceStatus.CANCELED: ResultCode.INVOICE_ALREADY_CANCELED,
    InvoiceStatus.FAILED: ResultCode.PAYMENT_ALREADY_CANCELLED,
    InvoiceStatus.EXPIRED: ResultCode.PAYMENT_EXPIRED,
}


@dataclass(frozen=True)
class Answer:
    """What SEQR answers for ever: a status, a code, or nothing that can be read.

    An invoice of this `status` is refused to be cancelled, as SEQR does; an open one by code 51.
    """

    name: str
    status: str = ""
    code: int | None = None
    has_reference: bool = True
    is_foreign: bool = False

    def body(self, operation: str, reference: str, ers_reference: str) -> bytes | None:
        """Return the answer to a call; None closes the connection without one."""
        if self.code is not None:
            return _response(operation, self.code, f"<version>{VERSION}</version>")
        if not self.status:
            return None if self.name == "answer lost" else b"<html>Maintenance</html>"
        if operation == "getPaymentStatus":
            return _response(operation, 0, self._status_fields(reference, ers_reference))
        if operation == "cancelInvoice":
            in_progress = ResultCode.CANNOT_CANCEL_INVOICE_IN_PROGRESS
            return _response(operation, _CANCEL_CODES.get(self.status, in_progress))
        if operation == "sendInvoice":
            sent = f"<invoiceReference>{SENT_REFERENCE}</invoiceReference>"
            return _response(operation, 0, sent)
        return _response(operation, 0)

    def _status_fields(self, reference: str, ers_reference: str) -> str:
        fields = f"<status>{self.status}</status>"
        if self.status == InvoiceStatus.PAID:
            shown = FOREIGN_REFERENCE if self.is_foreign else reference
            fields += _RECEIPT.format(reference=shown, ers_reference=ers_reference)
            if self.has_reference:
                fields += f"<ersReference>{ers_reference}</ersReference>"
        return f"{fields}<version>{VERSION}</version>"


STATUSES: Final = (
    *(Answer(status.value, status=status) for status in InvoiceStatus),
    Answer("an unknown status", status="PONDERING"),
    Answer("PAID without a reference", status=InvoiceStatus.PAID, has_reference=False),
    Answer("PAID, about another invoice", status=InvoiceStatus.PAID, is_foreign=True),
)
CODES: Final = (
    *(Answer(f"{code.value} {code.name}", code=code) for code in ResultCode if code),
    Answer(f"{UNKNOWN_CODE}, an unknown code", code=UNKNOWN_CODE),
)
UNREADABLE: Final = (Answer("answer lost"), Answer("a page of HTML"))
ANSWERS: Final = (*STATUSES, *CODES, *UNREADABLE)


def _response(operation: str, code: int, fields: str = "") -> bytes:
    content = f"<resultCode>{int(code)}</resultCode>{fields}"
    return _ENVELOPE.format(operation, content).encode()


class EndlessSeqr:
    """A server at SEQR's address that gives `answer` to every call.

    `ers_reference` is the payment's, where the answer has one.
    """

    def __init__(self) -> None:
        self.answer = ANSWERS[0]
        self.ers_reference = NEW_ERS_REFERENCE
        seqr = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else a body waits 40 ms for its head

            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["Content-Length"])).decode()
                body = seqr._answer_to(request)
                if body is None:
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer_to(self, request: str) -> bytes | None:
        operation = re.search(r"Body>\s*<(?:\w+:)?(\w+)", request)
        assert operation is not None
        reference = re.search("<invoiceReference>([^<]*)<", request)
        return self.answer.body(operation[1], reference[1] if reference else "", self.ers_reference)
