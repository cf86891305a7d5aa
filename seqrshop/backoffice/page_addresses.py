"""The four addresses of a shop that SEQR opens, and a check that they answer from outside."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import certifi
import pycurl
from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Shop

CHECK_TIMEOUT_SECONDS = 5.0
MAX_PAGE_BYTES = 1024 * 1024

PAGE_NAMES: dict[str, Promise] = {
    "order_page": gettext_lazy("order page"),
    "success_page": gettext_lazy("success page"),
    "failure_page": gettext_lazy("failure page"),
    "cancel_page": gettext_lazy("cancel page"),
}

PROBLEMS: dict[int, Promise] = {
    pycurl.E_COULDNT_RESOLVE_HOST: gettext_lazy("The host name is unknown."),
    pycurl.E_COULDNT_CONNECT: gettext_lazy("No connection."),
    pycurl.E_OPERATION_TIMEDOUT: gettext_lazy("No answer within 5 seconds."),
    pycurl.E_SSL_CONNECT_ERROR: gettext_lazy("No HTTPS connection."),
    pycurl.E_PEER_FAILED_VERIFICATION: gettext_lazy("The certificate is not trusted."),
}


@dataclass(frozen=True)
class PageCheck:
    """The answer of one address: its HTTP status, or 0 and curl's error."""

    status: int
    curl_error: int
    is_own_page: bool

    @property
    def problem(self) -> str:
        """What is wrong, in the language of the staff; empty if the shop's page answers."""
        if self.curl_error:
            return str(PROBLEMS.get(self.curl_error, _("No complete answer.")))
        if 300 <= self.status < 400:
            return _("Redirects to another address (HTTP status %(status)s).") % {
                "status": self.status
            }
        if self.status != 200:
            return _("Answers with HTTP status %(status)s.") % {"status": self.status}
        return "" if self.is_own_page else _("Answers with a page that is not this shop's.")


def page_address(shop: Shop, page: str, **parts: str) -> str:
    """Return the address of one of a shop's pages under PUBLIC_BASE_URL, by its name."""
    return f"{settings.PUBLIC_BASE_URL}{reverse(page, kwargs={'slug': shop.slug, **parts})}"


def check_addresses(shop: Shop) -> list[PageCheck]:
    """Request the four pages at the same time; return their answers within 5 seconds.

    The server requests them, not the browser: the admin may be open under another address, from
    which the browser may not read them, and the server's reason says what to correct.
    """
    marker = f'data-session-url="{reverse("session", kwargs={"slug": shop.slug})}"'.encode()
    addresses = [page_address(shop, page) for page in PAGE_NAMES]
    return _check_all(addresses, marker)


def _check_all(addresses: Sequence[str], marker: bytes) -> list[PageCheck]:
    with ThreadPoolExecutor(len(addresses)) as executor:
        return list(executor.map(lambda address: _check(address, marker), addresses))


def _check(address: str, marker: bytes) -> PageCheck:
    body = bytearray()

    def write(chunk: bytes) -> int:
        if len(body) + len(chunk) > MAX_PAGE_BYTES:
            return 0
        body.extend(chunk)
        return len(chunk)

    handle = pycurl.Curl()
    try:
        _configure(handle)
        handle.setopt(pycurl.URL, address)
        handle.setopt(pycurl.WRITEFUNCTION, write)
        handle.perform()
        return PageCheck(handle.getinfo(pycurl.RESPONSE_CODE), 0, marker in body)
    except pycurl.error as error:
        return PageCheck(0, error.args[0], is_own_page=False)
    finally:
        handle.close()


def _configure(handle: pycurl.Curl) -> None:
    milliseconds = round(CHECK_TIMEOUT_SECONDS * 1000)
    handle.setopt(pycurl.TIMEOUT_MS, milliseconds)
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, milliseconds)
    handle.setopt(pycurl.NOSIGNAL, True)
    handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    handle.setopt(pycurl.FOLLOWLOCATION, False)
    handle.setopt(pycurl.CAINFO, os.environ.get("SSL_CERT_FILE") or certifi.where())
