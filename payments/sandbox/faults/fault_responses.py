"""Responds to SOAP calls that a fault applies to."""

import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from payments.sandbox.faults.registry import Fault, Kind
from payments.sandbox.soap.envelope import SoapFaultError, wrap, wrap_fault
from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import ResultCode
from payments.sandbox.soap.schema import OPERATIONS, Operation

CONTENT_TYPE: Final = {"Content-Type": "text/xml; charset=utf-8"}

EFFECTIVE_KINDS: Final = frozenset({Kind.DELAY, Kind.DROP, Kind.DRIP, Kind.TRUNCATED, Kind.HUGE})
"""The kinds that alter only the response: the operation is executed. Others have a parameter."""

MEGABYTE_BYTES: Final = 1_000_000
CHUNK_BYTES: Final = 64 * 1024
DRIPS_PER_SECOND: Final = 100

CONNECTION_LOST: Final = "(the shop closed the connection before the end)"

HTML_PAGE: Final = b"""\
<!doctype html>
<html><head><title>Maintenance</title></head>
<body><h1>We will be back soon</h1><p>The service is down for maintenance.<br></body></html>
"""


@dataclass(frozen=True)
class SeqrResponse:
    """The response without a fault. The `result` of a SOAP fault is empty."""

    status: int
    body: bytes
    result: Message


@dataclass(frozen=True)
class SentResponse:
    """The response that the shop received.

    - `status`: None if no response was sent.
    - `logged`: its body for the call log, as bytes or as a text about them.
    - `seqr_response`: the response without the fault; None if the operation was not executed.
    - `discarded`: the sandbox was reset while the fault delayed the call.
    """

    response: web.StreamResponse
    status: int | None
    logged: bytes | str
    seqr_response: SeqrResponse | None = None
    discarded: bool = False


@dataclass(frozen=True)
class FaultedCall:
    """A call with the fault applied to it; `operation` is None for an unreadable request."""

    request: web.Request
    fault: Fault
    operation: Operation | None
    seqr_response: SeqrResponse | None

    @property
    def intended_body(self) -> bytes:
        """The body without the fault; empty if the operation was not executed."""
        return self.seqr_response.body if self.seqr_response else b""


Responder = Callable[[FaultedCall], Awaitable[SentResponse]]


def unaltered(seqr_response: SeqrResponse) -> SentResponse:
    """Respond without a fault."""
    return replace(
        _xml_response(seqr_response.status, seqr_response.body), seqr_response=seqr_response
    )


async def respond_with_fault(
    request: web.Request,
    fault: Fault,
    operation: Operation | None,
    execute: Callable[[], SeqrResponse],
) -> SentResponse:
    """Apply the fault to a call; `execute` runs the operation, once at most."""
    parameters = fault.parameters
    if parameters.get("before") == "effect":
        await fault.pause(parameters["seconds"])
    call = FaultedCall(request, fault, operation, None)
    if fault.discarded:
        return replace(_closed(call), discarded=True)
    if parameters.get("takes_effect", fault.kind in EFFECTIVE_KINDS):
        call = replace(call, seqr_response=execute())
    sent = await _RESPONDERS[fault.kind](call)
    return replace(
        sent,
        seqr_response=sent.seqr_response or call.seqr_response,
        discarded=fault.discarded,
    )


async def _delay(call: FaultedCall) -> SentResponse:
    if call.fault.parameters["before"] == "response":
        await call.fault.pause(call.fault.parameters["seconds"])
    seqr_response = call.seqr_response
    if call.fault.discarded or seqr_response is None:
        return _closed(call)
    return _xml_response(seqr_response.status, seqr_response.body)


async def _close(call: FaultedCall) -> SentResponse:
    return _closed(call)


async def _reset(call: FaultedCall) -> SentResponse:
    return _closed(call, reset=True)


async def _drip(call: FaultedCall) -> SentResponse:
    body, seconds = call.intended_body, call.fault.parameters["seconds"]
    size = max(1, round(len(body) / (seconds * DRIPS_PER_SECOND)))
    response = _stream(call, length=len(body))
    try:
        await response.prepare(call.request)
        for chunk in _chunks(body, size):
            await response.write(chunk)
            await call.fault.pause(seconds * len(chunk) / len(body))
            if call.fault.discarded:
                return _closed(call)
    except ConnectionError:
        return SentResponse(response, response.status, CONNECTION_LOST)
    return SentResponse(response, response.status, body)


async def _http_status(call: FaultedCall) -> SentResponse:
    status = call.fault.parameters["status"]
    page = f"<html><body><h1>{status}</h1></body></html>\n"
    response = web.Response(status=status, text=page, content_type="text/html")
    return SentResponse(response, status, page)


async def _soap_fault(call: FaultedCall) -> SentResponse:
    parameters = call.fault.parameters
    fault = SoapFaultError(parameters["faultstring"], parameters["faultcode"])
    return _xml_response(500, wrap_fault(fault))


async def _result_code(call: FaultedCall) -> SentResponse:
    if call.operation is None:
        return _xml_response(500, wrap_fault(SoapFaultError("The request cannot be read.")))
    code = call.fault.parameters["code"]
    known = set(ResultCode)
    name = ResultCode(code).name if code in known else "UNKNOWN"
    result = {"resultCode": code, "resultDescription": name}
    return unaltered(SeqrResponse(200, wrap(call.operation, result), result))


async def _garbage(call: FaultedCall) -> SentResponse:
    size = call.fault.parameters["bytes"]
    # In pieces, because randbytes cannot make more at once.
    drawn = (call.fault.random.randbytes(min(CHUNK_BYTES, size - at)) for at in _steps(size))
    return _xml_response(200, b"".join(drawn))


async def _html(_: FaultedCall) -> SentResponse:
    response = web.Response(body=HTML_PAGE, content_type="text/html")
    return SentResponse(response, 200, HTML_PAGE.decode())


async def _empty(_: FaultedCall) -> SentResponse:
    return _xml_response(200, b"")


async def _truncated(call: FaultedCall) -> SentResponse:
    body = call.intended_body
    half = body[: len(body) // 2]
    logged = f"(the first {len(half)} of {len(body)} bytes)"
    if call.fault.parameters["length"] == "sent":
        return replace(_xml_response(200, half), logged=logged)
    response = _stream(call, length=len(body))
    try:
        await response.prepare(call.request)
        await response.write(half)
    except ConnectionError:
        pass
    return replace(_closed(call), status=200, logged=logged)


async def _huge(call: FaultedCall) -> SentResponse:
    size = call.fault.parameters["megabytes"] * MEGABYTE_BYTES
    head, mark, tail = call.intended_body.partition(b"?>")
    response = _stream(call, length=None)
    try:
        await response.prepare(call.request)
        await response.write(head + mark + b"\n<!--")
        for start in _steps(size):
            await response.write(b"x" * min(CHUNK_BYTES, size - start))
            if call.fault.discarded:
                return _closed(call)
        await response.write(b"-->\n" + tail)
    except ConnectionError:
        return SentResponse(response, response.status, CONNECTION_LOST)
    return SentResponse(
        response, response.status, f"(the response after a comment of {size} bytes)"
    )


async def _wrong_operation(call: FaultedCall) -> SentResponse:
    called = call.operation.name if call.operation else None
    other = "cancelInvoice" if called == "getPaymentStatus" else "getPaymentStatus"
    operation = OPERATIONS[call.fault.parameters["response_of"] or other]
    message = {"resultCode": 0, "resultDescription": ResultCode.SUCCESS.name}
    return _xml_response(200, wrap(operation, message))


_RESPONDERS: Final[dict[Kind, Responder]] = {
    Kind.DELAY: _delay,
    Kind.REFUSE: _close,
    Kind.RESET: _reset,
    Kind.DROP: _close,
    Kind.DRIP: _drip,
    Kind.HTTP_STATUS: _http_status,
    Kind.SOAP_FAULT: _soap_fault,
    Kind.RESULT_CODE: _result_code,
    Kind.GARBAGE: _garbage,
    Kind.HTML: _html,
    Kind.EMPTY: _empty,
    Kind.TRUNCATED: _truncated,
    Kind.HUGE: _huge,
    Kind.WRONG_OPERATION: _wrong_operation,
}


def _xml_response(status: int, body: bytes) -> SentResponse:
    return SentResponse(web.Response(status=status, body=body, headers=CONTENT_TYPE), status, body)


def _stream(call: FaultedCall, *, length: int | None) -> web.StreamResponse:
    status = call.seqr_response.status if call.seqr_response else 200
    response = web.StreamResponse(status=status, headers=CONTENT_TYPE)
    response.content_length = length
    return response


def _closed(call: FaultedCall, *, reset: bool = False) -> SentResponse:
    """Close the connection after the bytes written so far; `reset` sends a TCP reset."""
    response = close_connection(call.request, reset=reset)
    logged = call.intended_body or "(no response, operation not executed)"
    return SentResponse(response, None, logged)


def close_connection(request: web.Request, *, reset: bool = False) -> web.Response:
    """Close the connection without a response; `reset` sends a TCP reset."""
    transport = request.transport
    if transport is not None and reset:
        no_linger = struct.pack("ii", 1, 0)
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        transport.abort()
    elif transport is not None:
        transport.close()
    # aiohttp drops this response, because the connection is closed.
    return web.Response()


def _steps(size: int) -> Iterator[int]:
    return iter(range(0, size, CHUNK_BYTES))


def _chunks(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))
