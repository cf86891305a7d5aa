"""Makes one SOAP call: request, HTTP, response, and a value or an error of `errors.py`."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Self, TypeVar

from payments.seqr.config import Credentials, SeqrConfig
from payments.seqr.errors import SeqrError, SeqrOutcomeUnknown, SeqrProtocolError
from payments.seqr.operations import (
    EXECUTE_REPORT,
    PAYMENT_SERVICE,
    SESSION_SERVICE,
    Operation,
)
from payments.seqr.report_reader import ReportResponse, temporary_file
from payments.seqr.reports import Report
from payments.seqr.request_builder import build_request
from payments.seqr.response_parser import (
    ResponseElement,
    UnreadableResponseError,
    parse_response,
)
from payments.seqr.result_codes import ResultCode, raise_for_result_code
from payments.seqr.transport import NOT_WRITTEN, CurlTransport, DownloadLimits, HttpResponse

logger = logging.getLogger("payments.seqr")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A finished call for the audit trail: no content, no secret, no personal data.

    `operation` is SEQR's name. SEQR's support finds the call by `client_reference`. `result_code`
    is None without a readable response. `reason` is the error's, or empty.
    """

    operation: str
    client_reference: str
    duration_ms: int
    result_code: int | None
    reason: str = ""


Listener = Callable[[CallRecord], None]
"""Gets each call's record. It must not raise: an exception would hide SEQR's response."""

Renderer = Callable[[str], bytes]
"""Returns the envelope of a request with this client reference."""


class SoapClient:
    """Calls SEQR as one terminal and its reseller. Thread-safe.

    `before_call` is called before each call waits for SEQR. `after_call` gets the terminal's ID and
    the record of each call, whatever listener a copy has. Neither may raise. `transport` may be
    another than that of `config`, which shows its messages.
    """

    def __init__(
        self,
        config: SeqrConfig,
        credentials: Credentials,
        *,
        before_call: Callable[[], None] = lambda: None,
        after_call: Callable[[str, CallRecord], None] = lambda _terminal_id, _record: None,
        transport: CurlTransport | None = None,
    ) -> None:
        self._config = config
        self._credentials = credentials
        self._before_call = before_call
        self._after_call = after_call
        self._urls = {PAYMENT_SERVICE: config.service_url, SESSION_SERVICE: config.session_url}
        self._transport = transport or CurlTransport(config.timeout_seconds)
        self._listener: Listener | None = None

    def with_credentials(self, credentials: Credentials) -> Self:
        """Return a client on the same connections that calls SEQR as another terminal.

        It is cheap enough to make one for each call.
        """
        client = copy(self)
        client._credentials = credentials
        return client

    def with_listener(self, listener: Listener) -> Self:
        """Return a client on the same connections that passes each call's record to `listener`.

        It is cheap enough to make one for each call. `listener` must not raise.
        """
        client = copy(self)
        client._listener = listener
        return client

    def _call(self, operation: Operation[T], **elements: Any) -> T:
        """Send a request with these elements and return the value of SEQR's response."""
        return self._exchange(operation, self._renderer(operation, elements))

    def _exchange(self, operation: Operation[T], render: Renderer) -> T:
        """Send a rendered request and return the value of SEQR's response."""
        with self._sent(operation, render) as envelope:
            response = self._transport.post(
                operation.name,
                self._urls[operation.service],
                envelope,
                repeatable=operation.repeatable,
            )
            return read_response(operation, response)

    def _download_report(
        self, content: BinaryIO, timeout_seconds: float, **elements: Any
    ) -> Report:
        """Send executeReport with these elements; write the report to `content` and return it."""
        limits = DownloadLimits(timeout_seconds, self._config.report_stall_seconds)
        operation = EXECUTE_REPORT
        render = self._renderer(operation, elements)
        with self._sent(operation, render) as envelope, temporary_file() as body:
            url = self._urls[operation.service]
            status = self._transport.download(operation.name, url, envelope, body, limits)
            _check_http_status(operation, status)
            response = ReportResponse(body, content)
            try:
                return _read(operation, response.parse, response.read)
            except OSError:
                raise SeqrOutcomeUnknown(operation.name, NOT_WRITTEN) from None

    def _renderer(self, operation: Operation[Any], elements: dict[str, Any]) -> Renderer:
        return partial(build_request, self._config, self._credentials, operation, elements=elements)

    @contextmanager
    def _sent(self, operation: Operation[Any], render: Renderer) -> Iterator[bytes]:
        """Yield the request's envelope, and report the call after the context."""
        client_reference = self._config.client_reference or uuid.uuid4().hex
        envelope = render(client_reference)
        self._before_call()
        started = time.monotonic()
        try:
            yield envelope
        except SeqrError as error:
            self._report(operation, client_reference, started, error)
            raise
        self._report(operation, client_reference, started, None)

    def _report(
        self,
        operation: Operation[Any],
        client_reference: str,
        started: float,
        error: SeqrError | None,
    ) -> None:
        """Log a finished call without its content, and pass its record to the listener."""
        duration_ms = int((time.monotonic() - started) * 1000)
        code = error.result_code if error else ResultCode.SUCCESS.value
        reason = error.reason if error else ""
        values = {
            "client_reference": client_reference,
            "operation": operation.name,
            "result_code": code,
            "duration_ms": duration_ms,
        }
        if error:
            kind = type(error).__name__
            text = "%s failed after %d ms: %s, result code %s: %s"
            logger.warning(text, operation.name, duration_ms, kind, code, reason, extra=values)
        else:
            logger.debug("%s took %d ms", operation.name, duration_ms, extra=values)
        record = CallRecord(operation.name, client_reference, duration_ms, code, reason)
        self._after_call(self._credentials.terminal_id, record)
        if self._listener:
            self._listener(record)


def read_response(operation: Operation[T], response: HttpResponse) -> T:
    """Return the value of SEQR's response, or raise its error."""
    _check_http_status(operation, response.status)
    return _read(operation, lambda: parse_response(response.body, operation.name), operation.read)


def _check_http_status(operation: Operation[Any], status: int) -> None:
    if status >= 500:
        # SOAP 1.1 sends a fault as 500, and a proxy its own failure. Neither shows whether the
        # operation took effect.
        reason = f"SEQR's server failed with HTTP status {status}"
        raise SeqrOutcomeUnknown(operation.name, reason)
    if status != 200:
        reason = f"SEQR's server answered with HTTP status {status}"
        raise SeqrProtocolError(operation.name, reason)


def _read(
    operation: Operation[Any],
    parse: Callable[[], ResponseElement],
    read: Callable[[ResponseElement], T],
) -> T:
    result_code = None
    try:
        content = parse()
        result_code = content.required_integer("resultCode")
        raise_for_result_code(operation.name, result_code, repeatable=operation.repeatable)
        return read(content)
    except UnreadableResponseError as unreadable:
        raise SeqrProtocolError(operation.name, str(unreadable), result_code) from None
