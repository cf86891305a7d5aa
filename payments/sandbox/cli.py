"""The command line: python -m payments.sandbox --help."""

import argparse
import asyncio
import errno
import logging
import resource
import signal
import sys
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from payments.sandbox.control import json_input
from payments.sandbox.control.json_input import BadInputError
from payments.sandbox.server import Options, build_app
from payments.sandbox.storage.models import Shop
from payments.sandbox.storage.state_file import StateFileError

MAX_PENDING_CONNECTIONS: Final = 4096
"""How many connections may wait to be accepted, as when thousands of calls arrive at once."""

OPEN_FILE_LIMIT: Final = 16_384
"""Each call that a latency profile or a fault delays holds an open file, its connection."""

DESCRIPTION: Final = """\
Simulates SEQR, the Swedish QR wallet, and the customer's phone.

Use it to test a shop that accepts SEQR payments without a contract, a phone or money. It speaks
SEQR's SOAP, so the shop may be written in any language.

  /                   the customer's phone: scan a printed code, pay or cancel
  /console            see calls as they arrive, add faults, advance the clock
  /app/R<reference>   the payment that seqr://SEQR.SE/R<reference> opens in the app
  /soap/service       ERSWSExternalClientService; its WSDL at ?wsdl
  /soap/session       ERSWSClientSessionInfoService; its WSDL at ?wsdl
  /control/...        the control API: JSON for automated tests, see below

Configure the shop with the two SOAP addresses, and with /app/R<reference> instead of
seqr://SEQR.SE/R<reference> to open a payment. The published test principals always exist: terminal
public_test_shop_terminal, password 12345678; reseller public_test_shop, user 9900, password 1234.
The control API and the console add others.

The sandbox keeps everything in memory, unless --state names a file.
docs/sandbox.md is a guide with commands to copy.
"""

EPILOG: Final = """\
example:
  python -m payments.sandbox --port 8001 --shop CAFE=http://127.0.0.1:8000

  The phone at http://127.0.0.1:8001/ shows the code HTTP://SEQR.SE/000/CAFE. Scanning it opens
  http://127.0.0.1:8000/order#<token>. The shop calls getClientSessionInfo with the token, sends an
  invoice, and opens http://127.0.0.1:8001/app/R<reference> for the customer to pay.

control API:
  POST /control/shops {"service_id", "order_url", "success_url", "failure_url", "cancel_url",
                       "name"?, "codes"?: ["TABLE=4", ...]}     GET lists them
  POST /control/scan {"url": "HTTP://SEQR.SE/000/<service id>?TABLE=4", "msisdn"?}
                                                  -> {"token", "order_url"}
  POST /control/invoices/<reference>/pay|cancel|fail|expire {"token"?}
                                                  -> {"status", "redirect_url"}
  POST /control/invoices/<reference>/hold|release
                                                  the customer is about to pay: cancelInvoice
                                                  is refused
  POST /control/invoices/<reference>/open {"token"?, "msisdn"?}
                                                  open the payment: sends loyalty cards to the shop
  GET  /control/invoices[/<reference>]
  PUT  /control/invoices/<reference> {"status"?, "version"?, "receipt"?: true|false,
                          "receipt_amount"?, "receipt_currency"?, "ers_reference"?: null|"..."}
                                                  set what getPaymentStatus returns
  POST /control/customers {"msisdn", "cards": [{"id", "value", "description"?}]}
                                                  cards in the customer's app     GET lists them
  POST /control/refund-refusals {"code": 97|99, "service_id"?, "msisdn"?, "count"?}
                                                  GET lists them, DELETE removes them
  POST /control/resellers {"reseller_id", "user_id", "password", "name"?}
                                                  GET lists them, without passwords
  POST /control/terminals {"terminal_id", "password", "name"?, "reseller_id"?}
                                                  a web shop's terminal: not a cash register
  GET  /control/terminals                         all terminals, with their open invoices
  POST /control/terminals/<id>/password {"password"}
  POST /control/terminals/<id>/retire             its calls are refused, its open invoices expire
  GET  /control/periods                           the transaction periods
  POST /control/periods {"reseller_id"? or "terminal_id"?, "closes_terminals"?: true|false}
                                                  another till marks a reseller's period, or that
                                                  of one terminal
  POST /control/checkout {"url": "https://.../createPurchase", "purchaseToken", "customer"?}
                                                  Instant Checkout -> {"invoice_reference"}
  POST /control/faults {"operation", "kind", "count"?, "probability"?, "seed"?, ...}
                                                  GET lists them, DELETE [/<id>] removes them
  POST /control/latency {"operation", "kind", "seed"?, ...}
                                                  GET lists them, DELETE [/<operation>] removes them
  POST /control/clock {"advance_seconds"}
  POST /control/reset                             delete everything but the published principals
  GET  /control/calls                             the latest SOAP calls and notifications

faults: delay refuse reset drop drip http_status soap_fault result_code garbage html empty truncated
  huge wrong_operation apply to calls of one operation, or of any ("*"); lost doubled late reordered
  apply to "notification".

latency, in seconds: constant seconds; step from_seconds to_seconds at_seconds; ramp from_seconds
  to_seconds over_seconds; bimodal fast_seconds slow_seconds slow_share; hang at_seconds for_seconds
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the sandbox until SIGTERM or SIGINT and return the exit code."""
    options = _parser().parse_args(arguments)
    _raise_open_file_limit()
    try:
        asyncio.run(_serve(options))
    except StateFileError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{_os_error_sentence(error, options.host, options.port)}\n")
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    app = build_app(
        Options(
            public_url=options.public_url or "",
            reversal_seconds=options.reversal_seconds,
            token_seconds=options.token_seconds,
            shops=tuple(options.shop),
            state_file=options.state,
            certification=options.certification,
        )
    )
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    logging.getLogger("aiohttp.server").addFilter(_is_server_error)
    # Compressed bodies are not unpacked: they are unreadable like any other non-XML, non-JSON body.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(
            runner, options.host, options.port, backlog=MAX_PENDING_CONNECTIONS
        ).start()
        port = runner.addresses[0][1]
        url = options.public_url or f"http://{_bracketed(options.host)}:{port}"
        sys.stdout.write(f"SEQR sandbox is ready on port {port}: {url}/\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await runner.cleanup()


def _raise_open_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = OPEN_FILE_LIMIT if hard == resource.RLIM_INFINITY else min(OPEN_FILE_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))


def _is_server_error(record: logging.LogRecord) -> bool:
    """Filter out the errors of clients: malformed HTTP and closed connections."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | ConnectionError)


def _os_error_sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use; choose another with --port."
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
        help="port to listen on (%(default)s); 0 chooses a free one",
    )
    parser.add_argument(
        "--public-url",
        type=_public_url,
        metavar="URL",
        help="address of the sandbox for the WSDL (default: the Host header of each request)",
    )
    parser.add_argument(
        "--reversal-seconds",
        type=_seconds,
        default=20.0,
        metavar="SECONDS",
        help="a payment whose status the shop does not ask for is reversed after this time (20)",
    )
    parser.add_argument(
        "--token-seconds",
        type=_seconds,
        default=3600.0,
        metavar="SECONDS",
        help="lifetime of the token from a scan (3600)",
    )
    parser.add_argument(
        "--certification",
        action="store_true",
        help="refuse calls that SEQR accepts and its certification does not, instead of listing"
        " the objections to them",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FILE",
        help="keep everything in this file across restarts; created if missing",
    )
    parser.add_argument(
        "--shop",
        type=_shop,
        action="append",
        default=[],
        metavar="ID=URL",
        help="a shop with the pages URL/order, URL/success, URL/failure, URL/cancel; repeatable",
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


def _shop(value: str) -> Shop:
    service_id, _, base = value.partition("=")
    base = base.rstrip("/")
    pages = {f"{page}_url": f"{base}/{page}" for page in ("order", "success", "failure", "cancel")}
    try:
        return json_input.shop({"service_id": service_id, **pages})
    except BadInputError as error:
        raise argparse.ArgumentTypeError(f"{value!r}: {error}") from None
