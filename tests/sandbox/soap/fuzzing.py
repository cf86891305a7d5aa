"""Makes bad requests from a seed: mutated, cut, random, huge and unfinished."""

import json
from collections.abc import Callable
from random import Random
from urllib.parse import quote

from tests.sandbox.raw_soap import context, envelope, invoice

SOAP_BODIES = [
    envelope("sendInvoice", context() + invoice()),
    envelope(
        "getPaymentStatus",
        context() + "<invoiceReference>1</invoiceReference><invoiceVersion>0</invoiceVersion>",
    ),
    envelope("cancelInvoice", context() + "<invoiceReference>1</invoiceReference>"),
    envelope("refundPayment", context() + "<ersReference>1</ersReference>" + invoice()),
    envelope("getClientSessionInfo", context() + "<key>x</key>"),
]

FRAGMENTS = [
    *(b"<", b">", b"&", b"\x00", b"\xff\xfe", b"]]>", b"<![CDATA[", b"<!DOCTYPE a>", b"&#x0;"),
    *(b"9" * 400, b"-1", b"1e400", b"NaN", b"0.001", "å\u2028\U0001f9c1".encode(), b"x" * 70_000),
    *(b"<a>" * 3000, b' a="1"' * 500, b"<invoiceRow/>", b"<?xml version='1.0'?>", b"%s%n"),
]

METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW", "get"]

PATHS = [
    *("/", "/phone", "/phone/lock", "/phone/history", "/phone/number", "/phone/scan", "/app/R1"),
    *("/phone/codes/CAFE/0.svg", "/phone/receipts/1/0", "/phone/receipts/1/0/document"),
    *("/phone/static/../pages.py", "/phone/static/%2e%2e/pages.py", "/phone/static/"),
    *("/console", "/console/calls/1", "/console/clock", "/console/faults"),
    *("/console/faults/remove", "/console/invoices", "/soap/service", "/soap/session"),
    *("/soap/service?wsdl", "/soap/other", "/control/shops", "/control/scan"),
    *("/control/invoices", "/control/invoices/1", "/control/invoices/1/pay", "/control/clock"),
    *(
        "/control/calls",
        "/control/faults",
        "/control/checkout",
        "/control/faults/1",
        "/control/faults/" + "9" * 400,
        "/control/customers",
    ),
    *("/control/refund-refusals", "/control/terminals", "//", "/%00", "/%ff", "/" + "a" * 9000),
]

FIELDS = [
    *("service_id", "order_url", "name", "codes", "url", "msisdn", "token", "advance_seconds"),
    *("operation", "kind", "count", "probability", "seed", "cards", "status", "version"),
    *("receipt", "receipt_amount", "ers_reference", "code", "pin", "action", "key", "reference"),
]


def http(method: str, path: str, body: bytes = b"", content_type: str = "text/xml") -> bytes:
    """A request that asks to close the connection."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def mutated(random: Random, body: bytes) -> bytes:
    """The body with one to four mutations."""
    for _ in range(random.randint(1, 4)):
        start = random.randrange(len(body) + 1)
        end = min(len(body), start + random.randrange(40))
        fragment = random.choice(
            [b"", body[start:end] * 2, random.choice(FRAGMENTS), random.randbytes(8), body[:start]]
        )
        body = body[:start] + fragment + body[end:]
    return body[:200_000]


def _mutated_soap(random: Random) -> bytes:
    body = mutated(random, random.choice(SOAP_BODIES).encode())
    return http("POST", random.choice(["/soap/service", "/soap/session"]), body)


def _random_json(random: Random, depth: int = 0) -> object:
    plain = [None, True, -1, 0, 2**70, 1e308, float("nan"), "", "x", "\ud800", "å" * 600, "46701"]
    if depth < 3 and random.random() < 0.4:
        if random.random() < 0.5:
            return [_random_json(random, depth + 1) for _ in range(random.randrange(4))]
        return {random.choice(FIELDS): _random_json(random, depth + 1) for _ in range(3)}
    return random.choice(plain)


def _control(random: Random) -> bytes:
    fields = {name: _random_json(random) for name in random.sample(FIELDS, 6)}
    body = json.dumps(random.choice([fields, _random_json(random)])).encode()
    if random.random() < 0.3:
        body = mutated(random, body)
    paths = [path for path in PATHS if path.startswith("/control")]
    return http("POST", random.choice(paths), body, "application/json")


def _form(random: Random) -> bytes:
    pairs = [f"{random.choice(FIELDS)}={quote(random.choice(FRAGMENTS))}" for _ in range(5)]
    paths = [path for path in PATHS if path.startswith(("/app", "/phone", "/console"))]
    form = "application/x-www-form-urlencoded"
    return http("POST", random.choice(paths), "&".join(pairs).encode(), form)


def _any_method(random: Random) -> bytes:
    return http(random.choice(METHODS), random.choice(PATHS), random.choice([b"", b"x", b"{}"]))


def _raw(random: Random) -> bytes:
    return random.randbytes(random.randrange(1, 3000))


def _broken_head(random: Random) -> bytes:
    return mutated(random, http("POST", "/soap/service", b"<a/>"))


def _huge_head(random: Random) -> bytes:
    filler = b"X-Filler: " + b"a" * random.choice([100, 9000, 90_000]) + b"\r\n"
    line = b"GET /?" + b"q" * random.choice([1, 9000]) + b" HTTP/1.1\r\nHost: x\r\n"
    return line + filler * random.choice([1, 3, 200]) + b"\r\n"


def _unfinished(random: Random) -> bytes:
    whole = http("POST", random.choice(PATHS), b"<a>" * 100)
    return whole[: random.randrange(1, len(whole))]


def _chunked(random: Random) -> bytes:
    head = b"POST /soap/service HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + random.choice([b"zz\r\n", b"ffffffffffffffff\r\nx", b"3\r\nabc\r\n", b"-1\r\n"])


CASES: list[Callable[[Random], bytes]] = [
    *(_mutated_soap, _mutated_soap, _control, _control, _form, _any_method),
    *(_raw, _broken_head, _huge_head, _unfinished, _chunked),
]


def request(random: Random) -> bytes:
    """The bytes of one bad request."""
    return random.choice(CASES)(random)
