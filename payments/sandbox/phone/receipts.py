"""Shows the receipts that a shop has sent, without trusting them."""

import base64
import binascii
from typing import Final

from aiohttp import web

from payments.sandbox.operations.simulator import NotFoundError, SeqrSimulator
from payments.sandbox.pages import Pages, security_headers
from payments.sandbox.phone.feed import receipt_url
from payments.sandbox.storage.models import Invoice, ReceiptDocument

# The shop's markup may have styles, but cannot run, load or send anything.
DOCUMENT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
)

HTML_TYPE: Final = "text/html"
IMAGE_TYPES: Final = frozenset({"image/png", "image/jpeg"})
DOWNLOAD_TYPE: Final = "application/octet-stream"


class Receipts:
    """The handlers of receipts: a page that shows the document in a frame."""

    def __init__(self, seqr: SeqrSimulator, pages: Pages) -> None:
        self._seqr = seqr
        self._pages = pages

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to the application."""
        path = "/phone/receipts/{reference}/{number:[0-9]{1,4}}"
        app.add_routes([web.get(path, self._page), web.get(f"{path}/document", self._document)])

    async def _page(self, request: web.Request) -> web.Response:
        invoice, receipt = self._receipt(request)
        return self._pages.page(
            "receipt.html",
            invoice=invoice,
            receipt=receipt,
            document=f"{receipt_url(invoice, int(request.match_info['number']))}/document",
            displayable=served_type(receipt.mime_type) != DOWNLOAD_TYPE,
        )

    async def _document(self, request: web.Request) -> web.Response:
        _, receipt = self._receipt(request)
        try:
            document = base64.b64decode(receipt.data)
        except (binascii.Error, ValueError):
            document = b"The shop's receipt is not readable base64."
        content_type = served_type(receipt.mime_type)
        headers = security_headers(DOCUMENT_POLICY)
        headers["Content-Type"] = (
            f"{content_type}; charset=utf-8" if content_type.startswith("text/") else content_type
        )
        if content_type == DOWNLOAD_TYPE:
            headers["Content-Disposition"] = 'attachment; filename="receipt"'
        return web.Response(body=document, headers=headers)

    def _receipt(self, request: web.Request) -> tuple[Invoice, ReceiptDocument]:
        try:
            invoice = self._seqr.invoice(request.match_info["reference"])
            return invoice, invoice.receipts[int(request.match_info["number"])]
        except (NotFoundError, IndexError):
            raise web.HTTPNotFound from None


def served_type(mime_type: str) -> str:
    """The type to serve a document with: HTML, plain text, an image, or a download."""
    media_type = mime_type.partition(";")[0].strip().lower()
    if media_type == HTML_TYPE or media_type in IMAGE_TYPES:
        return media_type
    if media_type.startswith("text/") or media_type.endswith(("/xml", "+xml", "/json")):
        return "text/plain"
    return DOWNLOAD_TYPE
