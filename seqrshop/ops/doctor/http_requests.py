"""Requests over HTTP, whose errors are sentences for a person.

They follow no redirect, use no proxy, and verify TLS as the calls to SEQR do.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import certifi

CONNECT_TIMEOUT_SECONDS = 3.0
MAX_BODY_BYTES = 1024 * 1024

# By OpenSSL's codes of a certificate that is not accepted: what is wrong, and what to do.
_CERTIFICATE_PROBLEMS = {
    9: (
        "The certificate of {host} is not valid yet.",
        "Check this machine's clock.",
    ),
    10: (
        "The certificate of {host} has expired.",
        "Renew it, and let the server load the new one.",
    ),
    18: (
        "The certificate of {host} is signed by itself.",
        "Use one of a public authority, or give your own authority's in SSL_CERT_FILE.",
    ),
    19: (
        "The certificate of {host} comes from an authority that is not trusted.",
        "Use one of a public authority, or give your own authority's in SSL_CERT_FILE.",
    ),
    20: (
        "The certificate of {host} has an incomplete chain, or an authority that is not trusted.",
        "Let the server send the whole chain, or give your own authority's in SSL_CERT_FILE.",
    ),
    62: (
        "The certificate is not for {host}.",
        "Get one for this name, or correct the address.",
    ),
    64: (
        "The certificate is not for {host}.",
        "Get one for this address, or use a host name.",
    ),
}


class RequestError(Exception):
    """There is no answer; `message` says why, and `advice` what to do.

    `was_reached`: the server has answered, and its certificate or its answer is wrong.
    """

    def __init__(self, message: str, advice: str, *, was_reached: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.was_reached = was_reached


@dataclass(frozen=True)
class Answer:
    """An HTTP response: `days_left` of its certificate, or None without TLS.

    `asked_at` and `answered_at` are seconds since 1970, by this machine's clock.
    """

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes
    days_left: float | None
    asked_at: float
    answered_at: float


def get(url: str, *, timeout: float = CONNECT_TIMEOUT_SECONDS) -> Answer:
    """Return the answer, with a body of MAX_BODY_BYTES at most. Raises RequestError."""
    with open_response(url, timeout=timeout) as (response, answer):
        return Answer(**{**vars(answer), "body": response.read(MAX_BODY_BYTES)})


@contextmanager
def open_response(
    url: str, *, timeout: float = CONNECT_TIMEOUT_SECONDS, headers: dict[str, str] | None = None
) -> Iterator[tuple[HTTPResponse, Answer]]:
    """Return a response whose body is still to be read. Raises RequestError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection = _connection(url, timeout)
    path = parts._replace(scheme="", netloc="").geturl() or "/"
    with _sentences(host, parts.port or (443 if parts.scheme == "https" else 80), timeout):
        try:
            connection.connect()
            days_left = _days_left(connection.sock)
            asked_at = time.time()
            connection.request("GET", path, headers={"User-Agent": "seqrshop", **(headers or {})})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, names, b"", days_left, asked_at, time.time())
            yield response, answer
        finally:
            connection.close()


def _connection(url: str, timeout: float) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context(
            cafile=os.environ.get("SSL_CERT_FILE") or certifi.where()
        )
        return HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout, context=context)
    return HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)


def _days_left(sock: Any) -> float | None:
    if not isinstance(sock, ssl.SSLSocket):
        return None
    certificate = sock.getpeercert() or {}
    return (ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / 86400


@contextmanager
def _sentences(host: str, port: int, timeout: float) -> Iterator[None]:
    """Raise each error of a request as a RequestError."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        message, advice = _CERTIFICATE_PROBLEMS.get(
            error.verify_code,
            (
                f"The certificate of {{host}} is refused (OpenSSL's code {error.verify_code}).",
                "Check the certificate and its chain.",
            ),
        )
        raise RequestError(message.format(host=host), advice, was_reached=True) from None
    except ssl.SSLError:
        raise RequestError(
            f"{host} does not speak TLS 1.2 or later on port {port}.",
            "Check the address and the server's TLS configuration.",
            was_reached=True,
        ) from None
    except socket.gaierror:
        raise RequestError(
            f"The host name {host} is unknown.", "Check the name and this machine's DNS."
        ) from None
    except ConnectionRefusedError:
        raise RequestError(
            f"Nothing listens on port {port} of {host}.", "Start the server, or check the address."
        ) from None
    except TimeoutError:
        raise RequestError(
            f"No answer from {host} within {timeout:g} seconds.",
            "Check that the server runs, and the firewall between.",
        ) from None
    except (OSError, HTTPException) as error:
        raise RequestError(
            f"{host} gave no complete HTTP answer on port {port} ({type(error).__name__}).",
            "Check that the server runs, and the address.",
        ) from None
