from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit is append-only: an event is neither changed nor deleted.';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON orders_auditevent
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
"""
NOT_APPEND_ONLY = """
DROP TRIGGER audit_append_only ON orders_auditevent;
DROP FUNCTION refuse_audit_change();
"""


class Migration(migrations.Migration):
    """Refuse every change of an audit event in the database itself."""

    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY)]
