"""Applies unchanged results, a new version or an acknowledgment, many in one statement."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from orders.audit import MAX_DETAIL_LENGTH, ChangeSource, insert_of_call_events
from orders.models.order import number_of
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.models import InvoiceStatus


def apply_unchanged_batch(
    results: Sequence[tuple[StatusQuery, StatusResult]], source: ChangeSource
) -> set[int]:
    """Apply unchanged results in one statement; return the ids of the updated invoices.

    Records the calls that acknowledge payments. Skips invoices that are locked or have changed,
    whose payment has another reference, whose receipt is of another invoice, or whose case the
    answer resolves; `apply_status` handles those. Waits for no lock.
    """
    rows = [_row(query, result) for query, result in results]
    columns = [list(column) for column in zip(*rows, strict=True)]
    actor_id = source.actor.pk if source.actor else None
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE_UNCHANGED, [*columns, source.name, actor_id])
        return {invoice_id for (invoice_id,) in cursor.fetchall()}


def _row(query: StatusQuery, result: StatusResult) -> tuple[object, ...]:
    receipt = result.paid.receipt if result.paid else None
    answer = (
        query.invoice_id,
        result.version,
        result.status.value,
        result.ers_reference,
        (receipt and receipt.invoice_reference) or None,
        (receipt and receipt.client_invoice_id) or None,
        number_of(query.order_id),
    )
    call = result.call
    if call is None or result.status != InvoiceStatus.PAID:  # a version alone is not recorded
        return *answer, None, None, None, None, None
    detail = call.reason[:MAX_DETAIL_LENGTH]
    return (
        *answer,
        call.operation,
        call.client_reference,
        detail,
        call.result_code,
        call.duration_ms,
    )


_UPDATE_UNCHANGED = f"""
    WITH result AS (
        SELECT payments_invoice.id, order_id, result.*
        FROM payments_invoice
        JOIN unnest(
            %s::bigint[], %s::integer[], %s::text[], %s::text[],
            %s::text[], %s::text[], %s::text[],
            %s::text[], %s::text[], %s::text[], %s::integer[], %s::integer[]
        ) AS result (
            invoice_id, version, answered, answered_reference,
            receipt_reference, receipt_number, order_number,
            operation, client_reference, detail, result_code, duration_ms
        ) ON payments_invoice.id = invoice_id
        WHERE status = answered
          AND invoice_version <= version
          AND acknowledged_at IS NULL
          AND ers_reference IS NOT DISTINCT FROM answered_reference
          AND coalesce(receipt_reference, invoice_reference) = invoice_reference
          AND coalesce(receipt_number = order_number || '-' || attempt, true)
          AND NOT EXISTS (
            SELECT FROM payments_moneycase
            WHERE payments_moneycase.invoice_id = payments_invoice.id
              AND kind = 'payment_unconfirmed' AND closed_at IS NULL
          )
        FOR NO KEY UPDATE OF payments_invoice SKIP LOCKED
    ), written AS (
        UPDATE payments_invoice AS invoice
        SET invoice_version = version,
            acknowledged_at = CASE WHEN answered = 'PAID' THEN statement_timestamp() END
        FROM result
        WHERE invoice.id = result.id
        RETURNING result.*
    ), recorded AS ({insert_of_call_events("written")})
    SELECT id FROM written
"""  # noqa: S608
