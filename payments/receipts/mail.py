"""Mails a receipt as a PDF, in the order's language."""

from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext, override

from payments.receipts.content import ReceiptContent
from payments.receipts.rendering import receipt_pdf


def send_receipt(receipt: ReceiptContent, address: str) -> None:
    """Send a receipt to one address.

    Waits for the mail server as long as EMAIL_TIMEOUT allows for each answer. Raises OSError and
    SMTPException; the text of some of them has the address.
    """
    _message(receipt, address).send()


def file_name(receipt: ReceiptContent) -> str:
    """Return the name of the receipt's PDF, in the active language."""
    if receipt.credited:
        return gettext("credit-receipt-%(number)s.pdf") % {"number": receipt.number}
    return gettext("receipt-%(number)s.pdf") % {"number": receipt.number}


def _message(receipt: ReceiptContent, address: str) -> EmailMessage:
    shop = " ".join(receipt.shop.split())  # a line break would end the header
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    with override(receipt.language):
        details = {"number": receipt.number, "shop": shop, "order": receipt.order_number}
        subject = (
            gettext("Credit receipt %(number)s from %(shop)s")
            if receipt.credited
            else gettext("Receipt %(number)s from %(shop)s")
        )
        body = gettext(
            "Here is your receipt from %(shop)s for order %(order)s, as a PDF.\n\n"
            "You asked for this mail on the page of the receipt. Your address was not stored there."
        )
        message = EmailMessage(
            subject=subject % details,
            body=body % details + "\n",
            from_email=formataddr((shop, sender)),
            to=[address],
            headers={"Auto-Submitted": "auto-generated"},
        )
        message.attach(file_name(receipt), receipt_pdf(receipt), "application/pdf")
    return message
