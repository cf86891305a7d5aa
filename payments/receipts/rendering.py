"""Renders receipts as PDF, and loads what that takes with the first of them.

fpdf takes half a second to import: a quarter of the start of each process, of which few make a PDF.
"""

from payments.receipts.content import ReceiptContent


def receipt_pdf(receipt: ReceiptContent) -> bytes:
    """Return the receipt as a PDF; the same receipt gives the same bytes."""
    from payments.receipts import pdf  # noqa: PLC0415 - see above

    return pdf.receipt_pdf(receipt)
