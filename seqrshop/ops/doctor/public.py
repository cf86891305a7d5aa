"""PUBLIC_BASE_URL as customers and SEQR reach it: the page, static files, and streams."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

from seqrshop.ops.doctor.certificates import certificate
from seqrshop.ops.doctor.finding import Finding, Level, failed, ok
from seqrshop.ops.doctor.http_requests import Answer, RequestError, get, open_response
from seqrshop.streaming import PROBE_PATH
from seqrshop.unsafe_settings import is_loopback

TIMEOUT_SECONDS = 4.0
MIN_GAP_SECONDS = 1.0  # half of what web leaves between two events
MAX_PART_BYTES = 4096
STATIC_FILE = "storefront/base.css"
REDIRECTS = (301, 302, 303, 307, 308)
FROM_HERE = (
    " If customers reach it, only this machine does not: let its name lead to the proxy from here "
    "too."
)


def public_address() -> Iterator[Finding]:
    """Check the start page and the certificate, and then static files and streams."""
    url = f"{settings.PUBLIC_BASE_URL}/"
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        yield failed(
            "https",
            "PUBLIC_BASE_URL is http: sessions and orders travel unencrypted.",
            "Let a proxy terminate TLS, and set PUBLIC_BASE_URL to its https address: "
            "docs/going-live.md.",
        )
    try:
        answer = get(url, timeout=TIMEOUT_SECONDS)
    except RequestError as error:
        hint = "" if error.was_reached else FROM_HERE
        yield failed("public address", error.message, f"{error.advice}{hint}")
        return
    page = _page(url, answer)
    yield page
    if answer.days_left is not None:
        yield certificate("certificate", parts.hostname or "", answer.days_left)
    if page.level == Level.OK:
        yield _static_files()
        yield _streams()


def _page(url: str, answer: Answer) -> Finding:
    subject = "public address"
    if answer.status in REDIRECTS:
        return _redirect(url, urljoin(url, answer.headers.get("location", "")))
    is_shop = "content-security-policy" in answer.headers
    if answer.status == 200 and is_shop and settings.STATIC_URL.encode() in answer.body:
        return ok(subject, f"{urlsplit(url).hostname} shows the start page.")
    return failed(subject, *_wrong_page(url, answer.status, is_shop=is_shop))


def _wrong_page(url: str, status: int, *, is_shop: bool) -> tuple[str, str]:
    """Return what is wrong with an answer that is not the start page, and what to do."""
    if status == 200:
        return (
            "Another page than the shop's answers.",
            "Let the proxy pass on every path to the web process, with its headers.",
        )
    if status == 400:
        return (
            f"The shop refuses the host name {urlsplit(url).hostname}.",
            "Add it to ALLOWED_HOSTS, and let the proxy send it in the header Host.",
        )
    if is_shop:
        return (
            f"The shop answers with HTTP status {status}.",
            "Correct what is wrong above; the web process's log has the reason.",
        )
    if status in (502, 503, 504):
        return (
            f"The proxy answers with HTTP status {status}.",
            "Start the web process, or correct the address at which the proxy expects it.",
        )
    return (
        f"The start page answers with HTTP status {status}.",
        "Another server answers at this address, or the proxy refuses the page.",
    )


def _redirect(url: str, target: str) -> Finding:
    if target.rstrip("/") == url.rstrip("/"):
        return failed(
            "public address",
            "It redirects to itself for ever.",
            "Set TRUSTED_PROXIES to the number of your proxies, and let the first one set "
            "X-Forwarded-Proto.",
        )
    return failed(
        "public address",
        f"It redirects to {target.partition('?')[0]}.",
        "Set PUBLIC_BASE_URL to the address that answers itself.",
    )


def _static_files() -> Finding:
    """Request one style sheet under the name that changes with its content."""
    subject = "static files"
    try:
        url = urljoin(f"{settings.PUBLIC_BASE_URL}/", staticfiles_storage.url(STATIC_FILE))
    except ValueError:  # the manifest is missing, or lacks the file
        return failed(
            subject,
            f"{Path(settings.STATIC_ROOT)} has no files of this version.",
            "Run: python manage.py collectstatic --noinput",
        )
    try:
        answer = get(url, timeout=TIMEOUT_SECONDS)
    except RequestError as error:
        return failed(subject, error.message, error.advice)
    if answer.status != 200 or not answer.headers.get("content-type", "").startswith("text/css"):
        return failed(
            subject,
            f"{urlsplit(url).path} answers with HTTP status {answer.status}: pages have no style.",
            "Run collectstatic where web runs, then restart web; let the proxy pass on the path.",
        )
    return ok(subject, f"{urlsplit(url).path} is served.")


def _streams() -> Finding:
    """Open the probe's stream, whose last event is sent PROBE_SECONDS after its first one.

    A proxy that buffers passes on both together.
    """
    subject = "streams"
    url = f"{settings.PUBLIC_BASE_URL}{PROBE_PATH}"
    began_at = time.monotonic()
    times: list[float] = []
    try:
        with open_response(url, timeout=TIMEOUT_SECONDS, headers={"Accept-Encoding": "gzip"}) as (
            response,
            answer,
        ):
            times += _times_of_parts(response) if answer.status == 200 else []
    except RequestError as error:
        return failed(subject, error.message, error.advice)
    if answer.status != 200:
        return failed(
            subject,
            f"{PROBE_PATH} answers with HTTP status {answer.status}.",
            "Let the proxy pass on every path that ends in /events; restart an older web process.",
        )
    if not times or times[-1] - times[0] < MIN_GAP_SECONDS:
        return failed(
            subject,
            "The proxy holds events back: pages poll instead, and show a payment later.",
            "Switch off buffering and compression for paths that end in /events: "
            "docs/operations.md, Streams.",
        )
    milliseconds = max(1.0, (times[0] - began_at) * 1000)
    return ok(subject, f"The first event arrives within {milliseconds:.0f} ms.")


def _times_of_parts(response: HTTPResponse) -> Iterator[float]:
    """Yield when each part of a body arrives; a proxy may have compressed it."""
    while response.read1(MAX_PART_BYTES):
        yield time.monotonic()
