"""The receipts that a shop has sent after a payment, shown without trusting them."""

import base64
import binascii
from typing import Final

from aiohttp import web

from payments.sandbox.operations.simulator import NotFoundError, SeqrSimulator
from payments.sandbox.pages import Pages, security_headers
from payments.sandbox.phone.feed import receipt_url
from payments.sandbox.storage.models import Invoice, ReceiptDocument

# Shop's own markup: it may have looks, but runs nothing, loads nothing and sends nothing.
DOCUMENT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
)

HTML: Final = "text/html"
PICTURES: Final = frozenset({"image/png", "image/jpeg"})
DOWNLOAD: Final = "application/octet-stream"


class Receipts:
    """The handlers of receipts: a page, and within it the document in a frame of its own."""

    def __init__(self, state: SeqrSimulator, pages: Pages) -> None:
        self._state = state
        self._pages = pages

    def add_routes(self, app: web.Application) -> None:
        """Serve them on the application."""
        path = "/phone/receipts/{reference}/{number:[0-9]{1,4}}"
        app.add_routes([web.get(path, self._page), web.get(f"{path}/document", self._document)])

    async def _page(self, request: web.Request) -> web.Response:
        invoice, receipt = self._receipt(request)
        return self._pages.page(
            "receipt.html",
            invoice=invoice,
            receipt=receipt,
            document=f"{receipt_url(invoice, int(request.match_info['number']))}/document",
            shown=shown_as(receipt.mime_type) != DOWNLOAD,
        )

    async def _document(self, request: web.Request) -> web.Response:
        _, receipt = self._receipt(request)
        try:
            document = base64.b64decode(receipt.data)
        except (binascii.Error, ValueError):
            document = b"The shop's receipt is not readable base64."
        shown = shown_as(receipt.mime_type)
        headers = security_headers(DOCUMENT_POLICY)
        headers["Content-Type"] = f"{shown}; charset=utf-8" if shown.startswith("text/") else shown
        if shown == DOWNLOAD:
            headers["Content-Disposition"] = 'attachment; filename="receipt"'
        return web.Response(body=document, headers=headers)

    def _receipt(self, request: web.Request) -> tuple[Invoice, ReceiptDocument]:
        try:
            invoice = self._state.invoice(request.match_info["reference"])
            return invoice, invoice.receipts[int(request.match_info["number"])]
        except (NotFoundError, IndexError):
            raise web.HTTPNotFound from None


def shown_as(mime_type: str) -> str:
    """The type under which a document is served: HTML, plain text, a picture, or a download."""
    given = mime_type.partition(";")[0].strip().lower()
    if given == HTML or given in PICTURES:
        return given
    if given.startswith("text/") or given.endswith(("/xml", "+xml", "/json")):
        return "text/plain"
    return DOWNLOAD
