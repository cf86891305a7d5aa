"""One call to SEQR, from the request's elements to a value or an error of `errors.py`."""

import logging
import time
import uuid
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from payments.seqr.config import SeqrConfig
from payments.seqr.errors import SeqrError, SeqrOutcomeUnknown, SeqrProtocolError
from payments.seqr.operations import Operation, Principal
from payments.seqr.request_builder import PAYMENT_SERVICE, SESSION_SERVICE, render
from payments.seqr.response_parser import UnreadableAnswerError, open_answer
from payments.seqr.result_codes import ResultCode, raise_unless_success
from payments.seqr.transport import CurlTransport, HttpAnswer

logger = logging.getLogger("payments.seqr")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call that has ended, as an audit may tell it: without content, secret or person.

    `operation` is SEQR's name of it, `client_reference` what SEQR's support finds it by.
    `result_code` is None where there was no readable answer; `reason` is the error's, or empty.
    """

    operation: str
    client_reference: str
    duration_ms: int
    result_code: int | None
    reason: str = ""


Listener = Callable[[CallRecord], None]
"""Is told of each call as it ends. What it raises would hide SEQR's answer: it must not raise."""


def _nobody(_call: CallRecord) -> None:
    pass


class Caller:
    """Makes the calls of one terminal and its reseller. Any number of threads may share it."""

    def __init__(self, config: SeqrConfig) -> None:
        self._listener: Listener = _nobody
        self._config = config
        self._urls = {PAYMENT_SERVICE: config.service_url, SESSION_SERVICE: config.session_url}
        self._transport = CurlTransport(config.timeout_seconds)

    def with_listener(self, listener: Listener) -> Self:
        """Return a caller over the same connections, of whose calls `listener` is told."""
        heard = copy(self)
        heard._listener = listener
        return heard

    def call(self, operation: Operation[T], **elements: Any) -> T:
        """Render, send, read; tell log and listener how it went, without any content."""
        context = context_of(self._config, operation.principal, uuid.uuid4().hex)
        envelope = render(operation.service, operation.name, {"context": context, **elements})
        started = time.monotonic()
        try:
            answer = self._transport.post(
                operation.name,
                self._urls[operation.service],
                envelope,
                repeatable=operation.repeatable,
                largest_answer_bytes=operation.largest_answer_bytes,
            )
            result = read_answer(operation, answer)
        except SeqrError as error:
            duration_ms = _milliseconds_since(started)
            logger.warning(
                "%s failed after %d ms: %s, result code %s: %s",
                operation.name,
                duration_ms,
                type(error).__name__,
                error.result_code,
                error.reason,
            )
            self._listener(
                CallRecord(
                    operation.name,
                    context["clientReference"],
                    duration_ms,
                    error.result_code,
                    error.reason,
                )
            )
            raise
        duration_ms = _milliseconds_since(started)
        logger.debug("%s took %d ms", operation.name, duration_ms)
        self._listener(
            CallRecord(
                operation.name, context["clientReference"], duration_ms, ResultCode.SUCCESS.value
            )
        )
        return result


def context_of(config: SeqrConfig, principal: Principal, client_reference: str) -> dict[str, Any]:
    """Return the context of a call in the principal's name."""
    if principal is Principal.TERMINAL:
        initiator = {"id": config.terminal_id, "type": "TERMINALID"}
        password = config.terminal_password
    else:
        initiator = {
            "id": config.reseller_id,
            "type": "RESELLERUSER",
            "userId": config.reseller_user_id,
        }
        password = config.reseller_password
    return {
        "channel": config.channel,
        "clientId": config.client_id,
        "clientReference": client_reference,
        "clientRequestTimeout": 0,
        "initiatorPrincipalId": initiator,
        "password": password,
    }


def _milliseconds_since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)


def read_answer(operation: Operation[T], answer: HttpAnswer) -> T:
    """Return what `answer` says, or raise the error that it stands for."""
    if answer.status >= 500:
        # SOAP 1.1 sends its faults so, and proxies their own troubles: neither tells how far
        # SEQR got.
        reason = f"SEQR's server failed with HTTP status {answer.status}"
        raise SeqrOutcomeUnknown(operation.name, reason)
    if answer.status != 200:
        reason = f"SEQR's server answered with HTTP status {answer.status}"
        raise SeqrProtocolError(operation.name, reason)
    result_code = None
    try:
        content = open_answer(answer.body, operation.name)
        result_code = content.required_integer("resultCode")
        raise_unless_success(operation.name, result_code, repeatable=operation.repeatable)
        return operation.read(content)
    except UnreadableAnswerError as unreadable:
        raise SeqrProtocolError(operation.name, str(unreadable), result_code) from None
