"""getPaymentStatus, written and read as fast as can be, and never otherwise than the gateway does.

The envelope is zeep's own, rendered once and filled in for each call. An answer is read here only
where it is as plain as the answer about an invoice that nobody has paid; any other one is read the
gateway's way, so that there is one place where what is unusual is understood.
"""

import re
from xml.sax.saxutils import escape

from lxml import etree

from payments.seqr import operations
from payments.seqr.config import SeqrConfig
from payments.seqr.request_builder import render, speakable
from payments.seqr.response_parser import SEQR_NAMESPACE, SOAP_NAMESPACE, hardened_parser
from payments.seqr.soap_client import context_of, read_answer
from payments.seqr.transport import HttpAnswer
from payments.seqr.types import InvoiceStatus, PaymentStatus

_REFERENCE, _CLIENT_REFERENCE, _VERSION = "placeholder-1", "placeholder-2", 1234567890
_PLACEHOLDERS = re.compile(f"{_REFERENCE}|{_CLIENT_REFERENCE}|{_VERSION}")

_ENVELOPE = f"{{{SOAP_NAMESPACE}}}Envelope"
_BODY = f"{{{SOAP_NAMESPACE}}}Body"
_RESPONSE = f"{{{SEQR_NAMESPACE}}}{operations.GET_PAYMENT_STATUS.name}Response"
_STATUSES = {status.value: status for status in InvoiceStatus}
_SURELY_AN_INTEGER = re.compile("[0-9]{1,9}").fullmatch
_REMEMBERED = 200
_MAY_BE_EMPTY = {"ersReference", "resultDescription"}
_PLAIN = {"resultCode", "resultDescription", "status", "version"}


class StatusCodec:
    """Writes the questions of one terminal and reads their answers. For one thread."""

    def __init__(self, config: SeqrConfig) -> None:
        operation = operations.GET_PAYMENT_STATUS
        context = context_of(config, operation.principal, _CLIENT_REFERENCE)
        envelope = render(
            operation.service,
            operation.name,
            {"context": context, "invoiceReference": _REFERENCE, "invoiceVersion": _VERSION},
        ).decode()
        # SEQR's order of elements: the context with our reference first, then the invoice's.
        self._start, self._middle, self._between, self._end = _PLACEHOLDERS.split(envelope)
        self._parser = hardened_parser()
        self._read_before: dict[bytes, PaymentStatus] = {}

    def encode(self, invoice_reference: str, invoice_version: int, client_reference: str) -> bytes:
        """Return the envelope of one question."""
        reference = escape(speakable(invoice_reference))
        return (
            f"{self._start}{client_reference}{self._middle}{reference}"
            f"{self._between}{invoice_version}{self._end}"
        ).encode()

    def decode(self, answer: HttpAnswer) -> PaymentStatus:
        """Return what an answer says. Raises the gateway's errors, as the gateway does."""
        if answer.status != 200:
            return read_answer(operations.GET_PAYMENT_STATUS, answer)
        # Most answers are the same to the byte, and the same bytes say the same.
        plain = self._read_before.get(answer.body)
        if plain is None:
            plain = self._read_plain(answer.body)
            if plain is None:
                return read_answer(operations.GET_PAYMENT_STATUS, answer)
            if len(self._read_before) == _REMEMBERED:
                self._read_before.clear()
            self._read_before[answer.body] = plain
        return plain

    def _read_plain(self, body: bytes) -> PaymentStatus | None:
        """Return what a plain answer says; None for any other one, to be read with care."""
        try:
            root = etree.fromstring(body, self._parser)
        except etree.XMLSyntaxError:
            return None
        content = _content(root)
        if content is None or b"<!" in body or b"\0" in body:  # a document type may hide in these
            return None
        texts: dict[str, str] = {}
        for element in content:
            tag, text = element.tag, element.text
            if text is None and tag in _MAY_BE_EMPTY:
                continue
            if text is None or tag not in _PLAIN or tag in texts or element.keys():
                return None
            texts[tag] = text
        version = texts.get("version", "")
        if texts.get("resultCode") != "0" or not _SURELY_AN_INTEGER(version):
            return None
        status = _STATUSES.get(texts.get("status", ""))
        return None if status is None else PaymentStatus(status, int(version), None, None, ())


def _content(root: etree._Element) -> etree._Element | None:
    """Return the `return` element where there is nothing else but the way to it."""
    if root.tag != _ENVELOPE or len(root) != 1:
        return None
    body = root[0]
    if body.tag != _BODY or len(body) != 1 or body.keys():
        return None
    response = body[0]
    if response.tag != _RESPONSE or len(response) != 1 or response.keys():
        return None
    content = response[0]
    return content if content.tag == "return" and not content.keys() else None
