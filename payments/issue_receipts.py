"""Issues receipts: for each payment, and a credit receipt for each refund and reversal.

PostgreSQL assigns the numbers at COMMIT (migration `receipt_numbers`). So the lock of a seller's
numbers is held for the COMMIT alone, and no process holds it while it works or waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from payments.models import Invoice, ReceiptKind, Refund

# Sellers are locked in the order in which their receipts are inserted.
_INSERT = """
    INSERT INTO payments_receipt (
        seller_id, kind, invoice_id, refund_id, credited_id, amount, currency,
        legal_name, organisation_number, vat_number, street, postal_code, city
    )
    SELECT s.id, new.kind, i.id, new.refund_id, (
            SELECT max(paid.id) FROM payments_receipt paid
            WHERE paid.invoice_id = i.id AND paid.kind = 'payment' AND new.kind <> 'payment'
        ), new.amount, i.currency,
        s.legal_name, s.organisation_number, s.vat_number, s.street, s.postal_code, s.city
    FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::numeric[])
            WITH ORDINALITY AS new (kind, invoice_id, refund_id, amount, position)
        JOIN payments_invoice i ON i.id = new.invoice_id
        JOIN orders_terminal t ON t.id = i.terminal_id
        JOIN orders_seller s ON s.id = t.seller_id
    ORDER BY s.id, new.position
"""


@dataclass(frozen=True)
class NewReceipt:
    """A receipt to issue. `amount` is in major units, in the invoice's currency."""

    kind: ReceiptKind
    invoice: Invoice
    amount: Decimal
    refund: Refund | None = None


def issue_receipts(receipts: Sequence[NewReceipt]) -> None:
    """Insert receipts of locked invoices, in one statement of the transaction of their cause.

    The seller is the one of the invoice's terminal.
    """
    if not receipts:
        return
    columns = (
        [each.kind.value for each in receipts],
        [each.invoice.pk for each in receipts],
        [each.refund.pk if each.refund else None for each in receipts],
        [each.amount for each in receipts],
    )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, columns)
