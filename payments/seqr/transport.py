"""HTTP to SEQR over libcurl; every call is bounded in time and size.

libcurl reports how many bytes of the request it passed to the network. Only that fact separates
SeqrUnavailable (nothing happened) from SeqrOutcomeUnknown.
"""

import os
import threading
from typing import BinaryIO, NamedTuple

import certifi
import pycurl

from payments.seqr.errors import (
    SeqrError,
    SeqrOutcomeUnknown,
    SeqrProtocolError,
    SeqrReportTooLarge,
    SeqrUnavailable,
)

MAX_RESPONSE_BYTES = 4 * 1024 * 1024
"""Far above every response except a report; the transport aborts a larger one."""
MAX_REPORT_RESPONSE_BYTES = 512 * 1024 * 1024
"""A response holds the report as text and in base64, about 500 bytes a row together."""
MIN_REPORT_BYTES_PER_SECOND = 1024
NOT_WRITTEN = "the response could not be written to the temporary folder"

REQUEST_HEADERS = [
    "Content-Type: text/xml; charset=utf-8",
    'SOAPAction: ""',
    # Without it libcurl waits for "100 Continue" before it sends a large invoice.
    "Expect:",
    "User-Agent: seqrshop",
]

_REASON_NOT_SENT = {
    pycurl.E_COULDNT_RESOLVE_HOST: "the name of SEQR's server could not be resolved",
    pycurl.E_COULDNT_CONNECT: "no connection to SEQR's server",
    pycurl.E_SSL_CONNECT_ERROR: "TLS with SEQR's server could not be set up",
    pycurl.E_PEER_FAILED_VERIFICATION: "the certificate of SEQR's server is not trusted",
    pycurl.E_OPERATION_TIMEDOUT: "no connection to SEQR's server in time",
}
_REASON_UNREADABLE = {
    pycurl.E_UNSUPPORTED_PROTOCOL: "the response is not HTTP",
    pycurl.E_FTP_WEIRD_SERVER_REPLY: "the response is not HTTP",
    pycurl.E_PARTIAL_FILE: "the response is truncated",
    pycurl.E_WRITE_ERROR: "the response is larger than anything SEQR would send",
    pycurl.E_BAD_CONTENT_ENCODING: "the response has an encoding that was not requested",
}
_REASON_OUTCOME_UNKNOWN = {
    pycurl.E_OPERATION_TIMEDOUT: "no complete response in time",
    pycurl.E_GOT_NOTHING: "the connection was closed without a response",
    pycurl.E_COULDNT_CONNECT: "the connection was lost, and reconnecting failed",
    pycurl.E_SEND_ERROR: "the connection was lost before the response",
    pycurl.E_RECV_ERROR: "the connection was lost before the response",
}


class HttpResponse(NamedTuple):
    """An HTTP status and body."""

    status: int
    body: bytes


class DownloadLimits(NamedTuple):
    """The seconds that a download may last, and those that it may be below 1 KiB a second."""

    timeout_seconds: float
    stall_seconds: int


class CurlTransport:
    """Posts envelopes over kept-alive connections, one libcurl handle per thread. Thread-safe.

    It ignores proxies in the environment, follows no redirects, and verifies TLS against
    SSL_CERT_FILE or certifi's authorities.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._local = threading.local()

    def post(
        self,
        operation: str,
        url: str,
        envelope: bytes,
        *,
        repeatable: bool,
    ) -> HttpResponse:
        """Send `envelope` and return the response, whatever its HTTP status.

        libcurl silently repeats a request when a kept-alive connection dies before the response's
        first byte, although the server may have acted on it. So only a `repeatable` operation uses
        such a connection; any other gets a new one.

        Raises SeqrUnavailable if no byte was sent, SeqrProtocolError for a response that is not
        HTTP, truncated or too large, SeqrOutcomeUnknown for any other failure.
        """
        body = BoundedBody(MAX_RESPONSE_BYTES)
        handle = self._configured_handle(url, envelope)
        handle.setopt(pycurl.WRITEFUNCTION, body.write)
        handle.setopt(pycurl.FRESH_CONNECT, not repeatable)
        status = _perform(operation, handle)
        return HttpResponse(status, bytes(body.content))

    def download(
        self, operation: str, url: str, envelope: bytes, file: BinaryIO, limits: DownloadLimits
    ) -> int:
        """Send `envelope`, write the response's body to `file`, and return its HTTP status.

        For a repeatable operation with a large response. Raises SeqrReportTooLarge for a body above
        MAX_REPORT_RESPONSE_BYTES, otherwise as `post`.
        """
        body = _FileBody(file, MAX_REPORT_RESPONSE_BYTES)
        handle = self._configured_handle(url, envelope)
        handle.setopt(pycurl.TIMEOUT_MS, _milliseconds(limits.timeout_seconds))
        handle.setopt(pycurl.LOW_SPEED_LIMIT, MIN_REPORT_BYTES_PER_SECOND)
        handle.setopt(pycurl.LOW_SPEED_TIME, limits.stall_seconds)
        handle.setopt(pycurl.WRITEFUNCTION, body.write)
        try:
            return _perform(operation, handle)
        except SeqrProtocolError:
            if body.is_too_large:
                reason = f"the response has more than {MAX_REPORT_RESPONSE_BYTES:,} bytes"
                raise SeqrReportTooLarge(operation, reason) from None
            if body.is_disk_full:
                raise SeqrOutcomeUnknown(operation, NOT_WRITTEN) from None
            raise

    def _configured_handle(self, url: str, envelope: bytes) -> pycurl.Curl:
        handle = self._handle()
        handle.reset()  # Clears the options, keeps connections and TLS sessions.
        configure(handle, self._timeout_seconds)
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.POSTFIELDS, envelope)
        return handle

    def _handle(self) -> pycurl.Curl:
        # A forked child inherits its parent's sockets, and using or closing them would corrupt the
        # parent's connections. So the child makes a handle of its own and leaves that one alone.
        handles: dict[int, pycurl.Curl] = self._local.__dict__.setdefault("handle_by_process", {})
        process = os.getpid()
        if process not in handles:
            handles[process] = pycurl.Curl()
        return handles[process]


def configure(handle: pycurl.Curl, timeout_seconds: float) -> None:
    """Set the options of every call: time limit, HTTP/1.1, TLS verification and headers."""
    milliseconds = _milliseconds(timeout_seconds)
    handle.setopt(pycurl.HTTPHEADER, REQUEST_HEADERS)
    handle.setopt(pycurl.TIMEOUT_MS, milliseconds)
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, milliseconds)
    handle.setopt(pycurl.NOSIGNAL, True)
    handle.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    handle.setopt(pycurl.FOLLOWLOCATION, False)
    handle.setopt(pycurl.PROXY, "")
    handle.setopt(pycurl.TCP_KEEPALIVE, True)
    handle.setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
    handle.setopt(pycurl.SSL_VERIFYPEER, True)
    handle.setopt(pycurl.SSL_VERIFYHOST, 2)
    handle.setopt(pycurl.CAINFO, os.environ.get("SSL_CERT_FILE") or certifi.where())


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _perform(operation: str, handle: pycurl.Curl) -> int:
    """Make the call and return the HTTP status, or raise the call's error."""
    try:
        handle.perform()
    except pycurl.error as failure:
        error = curl_error(operation, handle, failure.args[0])
    else:
        status: int = handle.getinfo(pycurl.RESPONSE_CODE)
        return status
    raise error


class BoundedBody:
    """Collects a response's body; makes libcurl abort a transfer that grows too large."""

    def __init__(self, max_bytes: int) -> None:
        self.content = bytearray()
        self._max_bytes = max_bytes

    def write(self, chunk: bytes) -> int:
        """Append a chunk, or return 0 to abort; libcurl's WRITEFUNCTION."""
        if len(self.content) + len(chunk) > self._max_bytes:
            return 0
        self.content += chunk
        return len(chunk)


class _FileBody:
    """Writes a response's body to a file; makes libcurl abort one that grows too large."""

    def __init__(self, file: BinaryIO, max_bytes: int) -> None:
        self.is_too_large = self.is_disk_full = False
        self._file = file
        self._left = max_bytes

    def write(self, chunk: bytes) -> int:
        """Write a chunk, or return 0 to abort; libcurl's WRITEFUNCTION."""
        self._left -= len(chunk)
        self.is_too_large = self._left < 0
        if self.is_too_large:
            return 0
        try:
            self._file.write(chunk)
        except OSError:
            self.is_disk_full = True
            return 0
        return len(chunk)


def curl_error(operation: str, handle: pycurl.Curl, curl_code: int) -> SeqrError:
    """Return the error of a failed call, depending on whether any of the request was sent."""
    fallback = f"the connection failed with curl error {curl_code}"
    if handle.getinfo(pycurl.REQUEST_SIZE) == 0:
        return SeqrUnavailable(operation, _REASON_NOT_SENT.get(curl_code, fallback))
    if curl_code in _REASON_UNREADABLE:
        return SeqrProtocolError(operation, _REASON_UNREADABLE[curl_code])
    return SeqrOutcomeUnknown(operation, _REASON_OUTCOME_UNKNOWN.get(curl_code, fallback))
