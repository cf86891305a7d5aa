"""The gateway to SEQR: one method per operation.

Every method raises only errors of `errors.py`, and ValueError for an argument that no request can
be made of.
"""

import logging
import math
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from payments.seqr.answers import AnswerElement, UnreadableAnswerError, open_answer
from payments.seqr.envelopes import PAYMENT_SERVICE, SESSION_SERVICE, invoice_elements, render
from payments.seqr.errors import SeqrError, SeqrOutcomeUnknown, SeqrProtocolError
from payments.seqr.messages import ClientSession, Invoice, PaymentStatus, SentInvoice
from payments.seqr.readers import (
    read_client_session,
    read_nothing,
    read_payment_status,
    read_sent_invoice,
)
from payments.seqr.results import raise_unless_success
from payments.seqr.transport import CurlTransport, HttpAnswer

logger = logging.getLogger("payments.seqr")

T = TypeVar("T")


@dataclass(frozen=True)
class SeqrConfig:
    """Where SEQR is and who we are there.

    `service_url` and `session_url` are the endpoints of the two SOAP services, `channel` is
    `ClientWS` or `WS`, `client_id` the company's name while certifying and else the software with
    its version. `timeout_seconds` bounds a whole call, from the first look-up of a name to the
    answer's last byte. Raises ValueError for an endpoint that is not an http or https address.
    """

    service_url: str
    session_url: str
    terminal_id: str
    terminal_password: str = field(repr=False)
    reseller_id: str
    reseller_user_id: str
    reseller_password: str = field(repr=False)
    client_id: str
    channel: str
    timeout_seconds: float

    def __post_init__(self) -> None:
        for name in ("service_url", "session_url"):
            address = urlsplit(getattr(self, name))
            if address.scheme not in {"http", "https"} or not address.hostname:
                raise ValueError(f"{name} must be an http or https address.")
            if address.username or address.password:
                raise ValueError(f"{name} must not hold a user name or a password.")
        if not (math.isfinite(self.timeout_seconds) and self.timeout_seconds > 0):
            raise ValueError("timeout_seconds must be a number above 0.")


@dataclass(frozen=True)
class _Operation(Generic[T]):
    """One operation of SEQR's.

    `read` makes a value of a successful answer. `repeatable`: sending it twice does no harm, so
    libcurl may use a connection on which it might send the request again by itself.
    """

    name: str
    service: str
    read: Callable[[AnswerElement], T]
    repeatable: bool


_GET_CLIENT_SESSION_INFO = _Operation(
    "getClientSessionInfo", SESSION_SERVICE, read_client_session, repeatable=True
)
_SEND_INVOICE = _Operation("sendInvoice", PAYMENT_SERVICE, read_sent_invoice, repeatable=True)
_GET_PAYMENT_STATUS = _Operation(
    "getPaymentStatus", PAYMENT_SERVICE, read_payment_status, repeatable=True
)
_CANCEL_INVOICE = _Operation("cancelInvoice", PAYMENT_SERVICE, read_nothing, repeatable=True)


class SeqrClient:
    """Speaks to SEQR as one terminal. Build one per process; any number of threads may share it."""

    def __init__(self, config: SeqrConfig) -> None:
        self._config = config
        self._urls = {PAYMENT_SERVICE: config.service_url, SESSION_SERVICE: config.session_url}
        self._transport = CurlTransport(config.timeout_seconds)

    def get_client_session_info(self, token: str) -> ClientSession:
        """Return who scanned the code and got `token` for it.

        An invalid or expired token raises SeqrRejected.
        Source: API reference 2.6.0, getClientSessionInfo.
        """
        return self._call(_GET_CLIENT_SESSION_INFO, key=token)

    def send_invoice(self, invoice: Invoice) -> SentInvoice:
        """Register `invoice` and return the reference under which the customer pays it.

        SEQR does not recognise a repeat. After SeqrOutcomeUnknown it may be sent again as long as
        one reference at most is ever shown for an order.
        Source: API reference 2.6.0, sendInvoice.
        """
        return self._call(_SEND_INVOICE, invoice=invoice_elements(invoice))

    def get_payment_status(self, invoice_reference: str, invoice_version: int) -> PaymentStatus:
        """Ask where the invoice stands. An answer of PAID accepts the payment.

        `invoice_version` is 0 the first time, then the latest `version` received, which it
        acknowledges. SEQR reverses a payment whose status nobody asks for within 20 seconds.
        Raises SeqrUnknownStatus for a status that has no name here.
        Source: API reference 2.6.0, getPaymentStatus.
        """
        _require_reference(invoice_reference)
        if not 0 <= invoice_version < 2**31:
            raise ValueError("invoice_version must be 0 or a version that SEQR sent.")
        return self._call(
            _GET_PAYMENT_STATUS,
            invoiceReference=invoice_reference,
            invoiceVersion=invoice_version,
        )

    def cancel_invoice(self, invoice_reference: str) -> None:
        """Cancel an invoice that nobody has paid.

        Raises SeqrConflict with its `result_code`: 95 already cancelled, so done; 50 paid and 51 in
        progress, so ask for its status. Source: API reference 2.6.0, cancelInvoice.
        """
        _require_reference(invoice_reference)
        self._call(_CANCEL_INVOICE, invoiceReference=invoice_reference)

    def _call(self, operation: _Operation[T], **elements: Any) -> T:
        """Render, send, read; tell the log how it went, without any content."""
        envelope = render(
            operation.service, operation.name, {"context": self._terminal_context(), **elements}
        )
        started = time.monotonic()
        try:
            answer = self._transport.post(
                operation.name,
                self._urls[operation.service],
                envelope,
                repeatable=operation.repeatable,
            )
            result = _read(operation, answer)
        except SeqrError as error:
            logger.warning(
                "%s failed after %d ms: %s, result code %s: %s",
                operation.name,
                (time.monotonic() - started) * 1000,
                type(error).__name__,
                error.result_code,
                error.reason,
            )
            raise
        logger.debug("%s took %d ms", operation.name, (time.monotonic() - started) * 1000)
        return result

    def _terminal_context(self) -> dict[str, Any]:
        """Return the context of a call in the terminal's name, with a reference of its own."""
        return {
            "channel": self._config.channel,
            "clientId": self._config.client_id,
            "clientReference": uuid.uuid4().hex,
            "clientRequestTimeout": 0,
            "initiatorPrincipalId": {"id": self._config.terminal_id, "type": "TERMINALID"},
            "password": self._config.terminal_password,
        }


def _read(operation: _Operation[T], answer: HttpAnswer) -> T:
    """Return what `answer` says, or raise the error that it stands for."""
    if answer.status >= 500:
        # SOAP 1.1 sends its faults so, and proxies their own troubles: neither tells how far
        # SEQR got.
        reason = f"SEQR's server failed with HTTP status {answer.status}"
        raise SeqrOutcomeUnknown(operation.name, reason)
    if answer.status != 200:
        reason = f"SEQR's server answered with HTTP status {answer.status}"
        raise SeqrProtocolError(operation.name, reason)
    try:
        content = open_answer(answer.body, operation.name)
        raise_unless_success(operation.name, content.required_integer("resultCode"))
        return operation.read(content)
    except UnreadableAnswerError as unreadable:
        raise SeqrProtocolError(operation.name, str(unreadable)) from None


def _require_reference(invoice_reference: str) -> None:
    if not invoice_reference:
        raise ValueError("invoice_reference must not be empty.")
