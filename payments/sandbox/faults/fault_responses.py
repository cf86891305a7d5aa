"""What a shop sees of a SOAP call that a fault has struck."""

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

TAKES_EFFECT: Final = frozenset({Kind.DELAY, Kind.DROP, Kind.DRIP, Kind.TRUNCATED, Kind.HUGE})
"""The kinds that only spoil an answer: what was asked has happened. Others can be told whether."""

MEGABYTE: Final = 1_000_000
PIECE_BYTES: Final = 64 * 1024
DRIPS_PER_SECOND: Final = 100

HTML_PAGE: Final = b"""\
<!doctype html>
<html><head><title>Maintenance</title></head>
<body><h1>We will be back soon</h1><p>The service is down for maintenance.<br></body></html>
"""


@dataclass(frozen=True)
class Reply:
    """SEQR's answer to one call. An empty `result` is a SOAP fault's."""

    status: int
    body: bytes
    result: Message


@dataclass(frozen=True)
class Delivery:
    """What went out instead. `status` is None when there was no answer at all.

    `seen` is what the record of calls shows as the answer: bytes, or a text of our own about them.
    `reply` is SEQR's own answer, None if it came to none. `void` tells that the sandbox was reset
    meanwhile.
    """

    response: web.StreamResponse
    status: int | None
    seen: bytes | str
    reply: Reply | None = None
    void: bool = False


@dataclass(frozen=True)
class Struck:
    """A call that a fault has struck; `operation` is None if it could not be read."""

    request: web.Request
    fault: Fault
    operation: Operation | None
    reply: Reply | None

    @property
    def whole(self) -> bytes:
        """SEQR's own answer, or nothing."""
        return self.reply.body if self.reply else b""


Spoiler = Callable[[Struck], Awaitable[Delivery]]


def untouched(reply: Reply) -> Delivery:
    """The answer as it is, since nothing has struck it."""
    return replace(_plain(reply.status, reply.body), reply=reply)


async def deliver(
    request: web.Request, fault: Fault, operation: Operation | None, effect: Callable[[], Reply]
) -> Delivery:
    """Let the fault have its way with one call; `effect` does what was asked, once at most."""
    parameters = fault.parameters
    if parameters.get("before") == "effect":
        await fault.pause(parameters["seconds"])
    struck = Struck(request, fault, operation, None)
    if fault.void:
        return replace(_closed(struck), void=True)
    if parameters.get("takes_effect", fault.kind in TAKES_EFFECT):
        struck = replace(struck, reply=effect())
    delivery = await _SPOILERS[fault.kind](struck)
    return replace(delivery, reply=delivery.reply or struck.reply, void=fault.void)


async def _delay(struck: Struck) -> Delivery:
    if struck.fault.parameters["before"] == "answer":
        await struck.fault.pause(struck.fault.parameters["seconds"])
    reply = struck.reply
    if struck.fault.void or reply is None:
        return _closed(struck)
    return _plain(reply.status, reply.body)


async def _close(struck: Struck) -> Delivery:
    return _closed(struck)


async def _reset(struck: Struck) -> Delivery:
    return _closed(struck, hard=True)


async def _drip(struck: Struck) -> Delivery:
    whole, seconds = struck.whole, struck.fault.parameters["seconds"]
    size = max(1, round(len(whole) / (seconds * DRIPS_PER_SECOND)))
    response = _stream(struck, length=len(whole))
    try:
        await response.prepare(struck.request)
        for piece in _pieces(whole, size):
            await response.write(piece)
            await struck.fault.pause(seconds * len(piece) / len(whole))
            if struck.fault.void:
                return _closed(struck)
    except ConnectionError:
        return Delivery(response, response.status, "(the shop hung up before the end)")
    return Delivery(response, response.status, whole)


async def _http_status(struck: Struck) -> Delivery:
    status = struck.fault.parameters["status"]
    page = f"<html><body><h1>{status}</h1></body></html>\n"
    response = web.Response(status=status, text=page, content_type="text/html")
    return Delivery(response, status, page)


async def _soap_fault(struck: Struck) -> Delivery:
    parameters = struck.fault.parameters
    fault = SoapFaultError(parameters["faultstring"], parameters["faultcode"])
    return _plain(500, wrap_fault(fault))


async def _result_code(struck: Struck) -> Delivery:
    if struck.operation is None:
        return _plain(500, wrap_fault(SoapFaultError("The request cannot be read.")))
    code = struck.fault.parameters["code"]
    known = set(ResultCode)
    name = ResultCode(code).name if code in known else "UNKNOWN"
    result = {"resultCode": code, "resultDescription": name}
    return untouched(Reply(200, wrap(struck.operation, result), result))


async def _garbage(struck: Struck) -> Delivery:
    size = struck.fault.parameters["bytes"]
    # Read in pieces: the generator makes no more than this much in one go.
    drawn = (struck.fault.random.randbytes(min(PIECE_BYTES, size - at)) for at in _steps(size))
    return _plain(200, b"".join(drawn))


async def _html(_: Struck) -> Delivery:
    response = web.Response(body=HTML_PAGE, content_type="text/html")
    return Delivery(response, 200, HTML_PAGE.decode())


async def _empty(_: Struck) -> Delivery:
    return _plain(200, b"")


async def _truncated(struck: Struck) -> Delivery:
    whole = struck.whole
    half = whole[: len(whole) // 2]
    seen = f"(the first {len(half)} of {len(whole)} bytes)"
    if struck.fault.parameters["length"] == "sent":
        return replace(_plain(200, half), seen=seen)
    response = _stream(struck, length=len(whole))
    try:
        await response.prepare(struck.request)
        await response.write(half)
    except ConnectionError:
        pass
    return replace(_closed(struck), status=200, seen=seen)


async def _huge(struck: Struck) -> Delivery:
    size = struck.fault.parameters["megabytes"] * MEGABYTE
    head, mark, tail = struck.whole.partition(b"?>")
    response = _stream(struck, length=None)
    try:
        await response.prepare(struck.request)
        await response.write(head + mark + b"\n<!--")
        for start in _steps(size):
            await response.write(b"x" * min(PIECE_BYTES, size - start))
            if struck.fault.void:
                return _closed(struck)
        await response.write(b"-->\n" + tail)
    except ConnectionError:
        return Delivery(response, response.status, "(the shop hung up before the end)")
    return Delivery(response, response.status, f"(the answer behind a comment of {size} bytes)")


async def _wrong_operation(struck: Struck) -> Delivery:
    asked = struck.operation.name if struck.operation else None
    another = "cancelInvoice" if asked == "getPaymentStatus" else "getPaymentStatus"
    operation = OPERATIONS[struck.fault.parameters["answers"] or another]
    message = {"resultCode": 0, "resultDescription": ResultCode.SUCCESS.name}
    return _plain(200, wrap(operation, message))


_SPOILERS: Final[dict[Kind, Spoiler]] = {
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


def _plain(status: int, body: bytes) -> Delivery:
    return Delivery(web.Response(status=status, body=body, headers=CONTENT_TYPE), status, body)


def _stream(struck: Struck, *, length: int | None) -> web.StreamResponse:
    status = struck.reply.status if struck.reply else 200
    response = web.StreamResponse(status=status, headers=CONTENT_TYPE)
    response.content_length = length
    return response


def _closed(struck: Struck, *, hard: bool = False) -> Delivery:
    """End the connection, with what was written; `hard`: by a reset."""
    transport = struck.request.transport
    if transport is not None and hard:
        linger_for_nothing = struct.pack("ii", 1, 0)
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_nothing)
        transport.abort()
    elif transport is not None:
        transport.close()
    seen = struck.whole or "(no answer, and nothing took effect)"
    # There is no way to send this response any more, and aiohttp knows it.
    return Delivery(web.Response(), None, seen)


def _steps(size: int) -> Iterator[int]:
    return iter(range(0, size, PIECE_BYTES))


def _pieces(whole: bytes, size: int) -> Iterator[bytes]:
    return (whole[start : start + size] for start in range(0, len(whole), size))
