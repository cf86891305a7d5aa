from django.db import migrations

# Payments and refunds that were made before there were receipts, in the sequence of their times.
ISSUE_EARLIER = """
INSERT INTO payments_receipt (
    seller_id, number, kind, invoice_id, refund_id, amount, currency, issued_at,
    legal_name, organisation_number, vat_number, street, postal_code, city
)
SELECT s.id, row_number() OVER (PARTITION BY s.id ORDER BY made.at, made.kind, made.id),
    made.kind, i.id, made.refund_id, made.amount, i.currency, made.at,
    s.legal_name, s.organisation_number, s.vat_number, s.street, s.postal_code, s.city
FROM (
    SELECT id, 'payment' AS kind, id AS invoice_id, NULL::bigint AS refund_id, paid_at AS at,
        CASE WHEN paid_currency = currency THEN coalesce(paid_amount, amount) ELSE amount END
            AS amount
    FROM payments_invoice WHERE status IN ('PAID', 'DUPLICATE')
    UNION ALL
    SELECT id, 'refund', invoice_id, id, coalesce(refunded_at, created_at), amount
    FROM payments_refund WHERE status = 'REFUNDED'
) made
    JOIN payments_invoice i ON i.id = made.invoice_id
    JOIN orders_terminal t ON t.id = i.terminal_id
    JOIN orders_seller s ON s.id = t.seller_id;
UPDATE payments_receipt credit SET credited_id = paid.id
FROM payments_receipt paid
WHERE credit.kind = 'refund' AND paid.kind = 'payment' AND paid.invoice_id = credit.invoice_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""
# A seller's numbers have no hole: a transaction that rolls back has taken none, and one that
# commits takes its number when all its work is done. The lock is held until the COMMIT is visible,
# so the next transaction of the seller reads the number. No process works or waits meanwhile.
NUMBER_AT_COMMIT = """
CREATE FUNCTION number_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1701, NEW.seller_id::int);
    UPDATE payments_receipt SET number = 1 + coalesce(
        (SELECT max(number) FROM payments_receipt WHERE seller_id = NEW.seller_id), 0
    ) WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER receipt_numbered_at_commit AFTER INSERT ON payments_receipt
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.number IS NULL) EXECUTE FUNCTION number_receipt();
"""
KEEP_UNCHANGED = """
CREATE FUNCTION refuse_receipt_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.number IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A receipt is neither changed nor deleted: its number would be missing.';
END $$;
CREATE TRIGGER receipt_unchanged BEFORE UPDATE OR DELETE ON payments_receipt
    FOR EACH ROW EXECUTE FUNCTION refuse_receipt_change();
"""
UNDO = """
DROP TRIGGER receipt_unchanged ON payments_receipt;
DROP TRIGGER receipt_numbered_at_commit ON payments_receipt;
DROP FUNCTION refuse_receipt_change();
DROP FUNCTION number_receipt();
"""


class Migration(migrations.Migration):
    """Number receipts without a hole in the database itself, and keep them unchanged."""

    dependencies = [("payments", "0017_receipts")]
    operations = [
        migrations.RunSQL(ISSUE_EARLIER, migrations.RunSQL.noop),
        migrations.RunSQL(NUMBER_AT_COMMIT + KEEP_UNCHANGED, UNDO),
    ]
