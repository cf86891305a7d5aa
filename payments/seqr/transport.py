"""HTTP to SEQR over libcurl: every call bounded as a whole, in time and in size.

libcurl also tells how many bytes of the request it handed to the network. That is the one fact
which separates SeqrUnavailable (certainly nothing happened) from SeqrOutcomeUnknown.
"""

import os
import threading
from typing import NamedTuple

import certifi
import pycurl

from payments.seqr.errors import SeqrError, SeqrOutcomeUnknown, SeqrProtocolError, SeqrUnavailable

LARGEST_ANSWER_BYTES = 4 * 1024 * 1024
"""Many times what any operation answers but a report; what is larger is not read."""

REQUEST_HEADERS = [
    "Content-Type: text/xml; charset=utf-8",
    'SOAPAction: ""',
    # Without it libcurl waits for "100 Continue" before it sends a large invoice.
    "Expect:",
    "User-Agent: seqrshop",
]

_REASON_NOTHING_SENT = {
    pycurl.E_COULDNT_RESOLVE_HOST: "the name of SEQR's server could not be resolved",
    pycurl.E_COULDNT_CONNECT: "no connection to SEQR's server",
    pycurl.E_SSL_CONNECT_ERROR: "TLS with SEQR's server could not be set up",
    pycurl.E_PEER_FAILED_VERIFICATION: "the certificate of SEQR's server is not trusted",
    pycurl.E_OPERATION_TIMEDOUT: "no connection to SEQR's server in time",
}
_REASON_UNREADABLE = {
    pycurl.E_UNSUPPORTED_PROTOCOL: "the answer is not HTTP",
    pycurl.E_FTP_WEIRD_SERVER_REPLY: "the answer is not HTTP",
    pycurl.E_PARTIAL_FILE: "the answer breaks off",
    pycurl.E_WRITE_ERROR: "the answer is larger than anything SEQR would send",
    pycurl.E_BAD_CONTENT_ENCODING: "the answer is in an encoding that was not asked for",
}
_REASON_OUTCOME_UNKNOWN = {
    pycurl.E_OPERATION_TIMEDOUT: "no whole answer in time",
    pycurl.E_GOT_NOTHING: "the connection was closed without an answer",
    pycurl.E_COULDNT_CONNECT: "the connection was lost, and no other could be made",
    pycurl.E_SEND_ERROR: "the connection broke off before the answer",
    pycurl.E_RECV_ERROR: "the connection broke off before the answer",
}


class HttpAnswer(NamedTuple):
    """What came back: the HTTP status and the body."""

    status: int
    body: bytes


class CurlTransport:
    """Posts envelopes over connections that are kept alive, one libcurl handle per thread.

    Any number of threads may share it. The environment's proxies are not used, redirects are not
    followed, and TLS is verified against SSL_CERT_FILE or else certifi's authorities.
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
        largest_answer_bytes: int = LARGEST_ANSWER_BYTES,
    ) -> HttpAnswer:
        """Send `envelope` and return the answer, whatever its HTTP status.

        libcurl silently sends a request again when a connection that was kept alive dies before
        the answer's first byte, although the server may have acted. Only what is `repeatable` may
        therefore use such a connection; anything else gets a fresh one.

        Raises SeqrUnavailable if no byte of the request left, SeqrProtocolError for an answer that
        is not HTTP, breaks off or is too large, SeqrOutcomeUnknown for any other failure.
        """
        body = BoundedBody(largest_answer_bytes)
        handle = self._handle()
        handle.reset()  # Forgets the options, keeps connections and TLS sessions.
        set_limits(handle, self._timeout_seconds)
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.HTTPHEADER, REQUEST_HEADERS)
        handle.setopt(pycurl.POSTFIELDS, envelope)
        handle.setopt(pycurl.WRITEFUNCTION, body.write)
        handle.setopt(pycurl.FRESH_CONNECT, not repeatable)
        try:
            handle.perform()
        except pycurl.error as failure:
            sent = handle.getinfo(pycurl.REQUEST_SIZE) > 0
            error = error_of(operation, failure.args[0], sent=sent)
        else:
            return HttpAnswer(handle.getinfo(pycurl.RESPONSE_CODE), bytes(body.content))
        raise error

    def _handle(self) -> pycurl.Curl:
        # A forked child inherits its parent's sockets. Using or closing them would mix up or end
        # the parent's conversations, so the child starts anew and leaves the old handle alone.
        handles: dict[int, pycurl.Curl] = self._local.__dict__.setdefault("handle_of_process", {})
        process = os.getpid()
        if process not in handles:
            handles[process] = pycurl.Curl()
        return handles[process]


def set_limits(handle: pycurl.Curl, timeout_seconds: float) -> None:
    """Bound a handle's calls in time, and let it speak HTTP/1.1 to a server that it trusts."""
    milliseconds = max(1, round(timeout_seconds * 1000))
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


class BoundedBody:
    """Collects an answer; refusing a chunk makes libcurl abort the transfer."""

    def __init__(self, largest_bytes: int) -> None:
        self.content = bytearray()
        self._largest_bytes = largest_bytes

    def write(self, chunk: bytes) -> int:
        """Keep a chunk; libcurl's WRITEFUNCTION."""
        if len(self.content) + len(chunk) > self._largest_bytes:
            return 0
        self.content += chunk
        return len(chunk)


def error_of(operation: str, curl_code: int, *, sent: bool) -> SeqrError:
    """Return what libcurl's error means; `sent`: whether bytes of the request left us."""
    fallback = f"the connection failed with curl's error {curl_code}"
    if not sent:
        return SeqrUnavailable(operation, _REASON_NOTHING_SENT.get(curl_code, fallback))
    if curl_code in _REASON_UNREADABLE:
        return SeqrProtocolError(operation, _REASON_UNREADABLE[curl_code])
    return SeqrOutcomeUnknown(operation, _REASON_OUTCOME_UNKNOWN.get(curl_code, fallback))
