"""The command line: python -m payments.sandbox --help."""

import argparse
import asyncio
import errno
import logging
import signal
import sys
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from payments.sandbox.control import json_input
from payments.sandbox.control.json_input import BadInputError
from payments.sandbox.server import Options, build_app
from payments.sandbox.storage.models import Service
from payments.sandbox.storage.state_file import StateFileError

DESCRIPTION: Final = """\
A stand-in for SEQR, the Swedish QR wallet, and for the customer's phone.

Run it beside a shop that is paid by SEQR, and test the shop as if it were SEQR: without a
contract, a phone or money. It speaks SEQR's SOAP, so the shop may be written in any language.

  /                   the customer's phone: scan a printed code, see the bill, pay or cancel
  /developer          watch the calls go by, let things go wrong, turn the clock
  /app/R<reference>   one bill, as seqr://SEQR.SE/R<reference> opens it in the app
  /soap/service       ERSWSExternalClientService; ?wsdl describes it
  /soap/session       ERSWSClientSessionInfoService; ?wsdl describes it
  /control/...        JSON, for automatic tests; see below

How to point a shop at it: the shop's two SOAP addresses are the two above, and a bill is opened
at /app/R<reference> in the place of seqr://SEQR.SE/R<reference>. The principals are the published
ones: terminal public_test_shop_terminal, password 12345678; reseller public_test_shop, user 9900,
password 1234.

Everything is in memory and gone when it stops, unless --state names a file to keep it in.
docs/sandbox.md walks through it all, with commands to copy.
"""

EPILOG: Final = """\
example:
  python -m payments.sandbox --port 8001 --service CAFE=http://127.0.0.1:8000

  The code HTTP://SEQR.SE/000/CAFE then hangs on the phone at http://127.0.0.1:8001/ and leads to
  http://127.0.0.1:8000/order#<token>. The shop asks getClientSessionInfo who that is, sends an
  invoice, and opens http://127.0.0.1:8001/app/R<reference> to have it paid.

control interface:
  POST /control/services {"service_id", "order_url", "success_url", "failure_url", "cancel_url",
                          "name"?, "codes"?: ["TABLE=4", ...]}     GET lists them
  POST /control/scan {"url": "HTTP://SEQR.SE/000/<service id>?TABLE=4", "msisdn"?}
                                                  -> {"token", "order_url"}
  POST /control/invoices/<reference>/pay|cancel|fail|expire {"token"?}
                                                  -> {"status", "redirect_url"}
  POST /control/invoices/<reference>/hold|release
                                                  the customer is about to pay: no cancelInvoice
  POST /control/invoices/<reference>/open {"token"?, "msisdn"?}
                                                  look at the bill: loyalty cards go to the shop
  GET  /control/invoices[/<reference>]
  PUT  /control/invoices/<reference> {"status"?, "version"?, "receipt"?: true|false,
                          "receipt_amount"?, "receipt_currency"?, "ers_reference"?: null|"..."}
                                                  force what getPaymentStatus answers
  POST /control/customers {"msisdn", "cards": [{"id", "value", "description"?}]}
                                                  cards in the customer's app     GET lists them
  POST /control/refund-refusals {"code": 97|99, "service_id"?, "msisdn"?, "count"?}
                                                  GET lists them, DELETE ends them
  GET  /control/terminals                         those that registerTerminal has made, too
  POST /control/checkout {"url": "https://.../createPurchase", "purchaseToken", "customer"?}
                                                  Instant Checkout -> {"invoice_reference"}
  POST /control/faults {"operation", "kind", "count"?, "probability"?, "seed"?, ...}
                                                  GET lists them, DELETE [/<id>] ends them
  POST /control/clock {"advance_seconds"}
  POST /control/reset                             forget everything, services included
  GET  /control/calls                             the latest SOAP calls and notifications

faults: delay refuse reset drop drip http_status soap_fault result_code garbage html empty truncated
  huge wrong_operation strike calls of one operation, or of any ("*"); lost doubled late reordered
  strike "notification".
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the sandbox until SIGTERM or SIGINT; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(options))
    except StateFileError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{_sentence(error, options.host, options.port)}\n")
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    app = build_app(
        Options(
            public_url=options.public_url or "",
            reversal_seconds=options.reversal_seconds,
            token_seconds=options.token_seconds,
            services=tuple(options.service),
            state_file=options.state,
        )
    )
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    logging.getLogger("aiohttp.server").addFilter(_is_our_own_error)
    # No body is unpacked: a compressed one is as unreadable as any other that is not XML or JSON.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, options.host, options.port).start()
        port = runner.addresses[0][1]
        url = options.public_url or f"http://{_bracketed(options.host)}:{port}"
        sys.stdout.write(f"SEQR sandbox is ready on port {port}: {url}/\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await runner.cleanup()


def _is_our_own_error(record: logging.LogRecord) -> bool:
    """Not a request that is no HTTP, nor a client that has gone: both are the client's doing."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | ConnectionError)


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken; choose another one with --port."
    return f"The sandbox cannot listen on {host}, port {port}: {error.strerror or error}."


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m payments.sandbox",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port",
        type=_port,
        default=8001,
        help="port to listen on (%(default)s); 0 takes a free one",
    )
    parser.add_argument(
        "--public-url",
        type=_public_url,
        metavar="URL",
        help="where others reach the sandbox, for the WSDL (as each request came in)",
    )
    parser.add_argument(
        "--reversal-seconds",
        type=_seconds,
        default=20.0,
        metavar="SECONDS",
        help="a payment that the shop has not asked about for so long is returned (20)",
    )
    parser.add_argument(
        "--token-seconds",
        type=_seconds,
        default=3600.0,
        metavar="SECONDS",
        help="how long the token of a scan is good (3600)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="keep everything in this file over restarts; made if it is not there",
    )
    parser.add_argument(
        "--service",
        type=_service,
        action="append",
        default=[],
        metavar="ID=URL",
        help="a service with its pages URL/order, URL/success, URL/failure, URL/cancel; repeatable",
    )
    return parser


def _port(value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) <= 65535):
        raise argparse.ArgumentTypeError(f"{value!r} is not a port from 0 to 65535")
    return int(value)


def _seconds(value: str) -> float:
    try:
        return json_input.advance_seconds({"advance_seconds": float(value)})
    except (ValueError, BadInputError):
        raise argparse.ArgumentTypeError(f"{value!r} is not a number of seconds") from None


def _public_url(value: str) -> str:
    if not value.startswith(("http://", "https://")) or not value.isprintable():
        raise argparse.ArgumentTypeError(f"{value!r} is not an http or https URL")
    return value.rstrip("/")


def _service(value: str) -> Service:
    service_id, _, base = value.partition("=")
    base = base.rstrip("/")
    pages = {f"{page}_url": f"{base}/{page}" for page in ("order", "success", "failure", "cancel")}
    try:
        return json_input.service({"service_id": service_id, **pages})
    except BadInputError as error:
        raise argparse.ArgumentTypeError(f"{value!r}: {error}") from None
