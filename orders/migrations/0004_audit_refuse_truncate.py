from django.db import migrations

REFUSE_TRUNCATE = """
CREATE TRIGGER audit_not_truncated BEFORE TRUNCATE ON orders_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
"""
ALLOW_TRUNCATE = "DROP TRIGGER audit_not_truncated ON orders_auditevent;"


class Migration(migrations.Migration):
    """Refuse to truncate the audit, which the triggers of rows do not see."""

    dependencies = [("orders", "0003_served_at")]
    operations = [migrations.RunSQL(REFUSE_TRUNCATE, ALLOW_TRUNCATE)]
