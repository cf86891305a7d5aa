"""What SEQR accepts and its certification refuses.

SEQR's own published sample web shop sends no clientReference, paymentMode, issueDate,
clientInvoiceId, cashierId, footer or itemQuantity, and buys. Its certification asks for all of
them. So the sandbox executes such a call and lists the objections, unless it runs with
`--certification`, which refuses it.

Source: API reference 2.6.0, clientContext and invoice; certification procedure, steps 1 and 5.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from payments.sandbox.soap.messages import Message
from payments.sandbox.soap.result_codes import UNUSABLE_CONTEXT, RefusedError, ResultCode

CONTEXT_ELEMENTS: Final = ("clientId", "clientReference")

INVOICE_ELEMENTS: Final = ("paymentMode", "issueDate", "clientInvoiceId", "cashierId", "footer")
"""Required of the invoices of sendInvoice and updateInvoice."""

INVOICE_OPERATIONS: Final = frozenset({"sendInvoice", "updateInvoice"})


@dataclass(frozen=True)
class Objection:
    """One thing that certification would refuse, with the code that `--certification` returns."""

    code: ResultCode
    sentence: str


def find_objections(operation: str, request: Message) -> list[Objection]:
    """List what certification would refuse in a request."""
    return [
        *_missing(UNUSABLE_CONTEXT, request.get("context"), CONTEXT_ELEMENTS),
        *_missing_in_invoice(operation, request.get("invoice")),
    ]


def refuse(objections: Sequence[Objection]) -> None:
    """Refuse a request that has objections. Raises RefusedError with the code of the first."""
    if objections:
        raise RefusedError(objections[0].code, " ".join(each.sentence for each in objections))


def _missing_in_invoice(operation: str, invoice: Message | None) -> Iterator[Objection]:
    if operation in INVOICE_OPERATIONS:
        yield from _missing(ResultCode.INVALID_INVOICE_DATA, invoice, INVOICE_ELEMENTS)
    rows = (invoice or {}).get("invoiceRows", {}).get("invoiceRow", [])
    if any("itemQuantity" not in row for row in rows):
        yield Objection(ResultCode.INVALID_INVOICE_DATA, "itemQuantity is missing in a row.")


def _missing(
    code: ResultCode, parent: Message | None, names: tuple[str, ...]
) -> Iterator[Objection]:
    # A missing parent is refused by the operation itself.
    if parent is None:
        return
    for name in names:
        if not parent.get(name, "").strip():
            yield Objection(code, f"{name} is missing.")
