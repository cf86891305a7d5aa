"""Shows the messages of calls to SEQR as they are sent and received: for certification's evidence.

They contain passwords: an observer keeps only chosen fields.
"""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from lxml import etree

from payments.seqr.response_parser import SOAP_NAMESPACE, hardened_parser
from payments.seqr.transport import CurlTransport, DownloadLimits, HttpResponse


class MessageObserver(Protocol):
    """Gets the messages of each call. Neither method may raise."""

    def sent(self, operation: str, envelope: bytes) -> None:
        """Receive a request before it is sent."""

    def answered(self, body: bytes) -> None:
        """Receive the response to it; not that of executeReport, which may be large."""


class ObservedTransport(CurlTransport):
    """A transport that shows each message to an observer."""

    def __init__(self, timeout_seconds: float, observer: MessageObserver) -> None:
        super().__init__(timeout_seconds)
        self._observer = observer

    def post(self, operation: str, url: str, envelope: bytes, *, repeatable: bool) -> HttpResponse:
        self._observer.sent(operation, envelope)
        response = super().post(operation, url, envelope, repeatable=repeatable)
        self._observer.answered(response.body)
        return response

    def download(
        self, operation: str, url: str, envelope: bytes, file: BinaryIO, limits: DownloadLimits
    ) -> int:
        self._observer.sent(operation, envelope)
        return super().download(operation, url, envelope, file, limits)


def message_fields(message: bytes) -> list[tuple[str, str]]:
    """Return the path and the text of each leaf below a message's operation, in their order.

    `context.clientId` is such a path. The `return` around a response is left out. A message that
    is no SOAP envelope has no fields.
    """
    try:
        root = etree.fromstring(message, hardened_parser())
    except etree.XMLSyntaxError:
        return []
    operation = root.find(f"{{{SOAP_NAMESPACE}}}Body/*")
    return [] if operation is None else list(_leaves(operation, ()))


def _leaves(element: etree._Element, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for child in element.iterchildren("*"):
        name = etree.QName(child).localname
        below = path if name == "return" and not path else (*path, name)
        if len(child):
            yield from _leaves(child, below)
        else:
            yield ".".join(below), (child.text or "").strip()
