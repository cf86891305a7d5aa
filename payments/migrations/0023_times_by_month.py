from django.db import migrations, models

# Adds to the months what a statement has changed in the days. Runs as the owner of the tables, so
# that processes of the release before, to whose role the new table is not granted yet, go on
# counting. Rows are written in the sequence of their key, so that no two statements deadlock.
KEEP_MONTHS = """
CREATE FUNCTION add_times_to_months() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    changes constant text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT *, 1 AS sign FROM added'
        WHEN 'DELETE' THEN 'SELECT *, -1 AS sign FROM removed'
        ELSE 'SELECT *, 1 AS sign FROM added UNION ALL SELECT *, -1 FROM removed'
    END;
BEGIN
    EXECUTE format(
        'INSERT INTO payments_timesmonth AS sums (shop_id, month, measure, bucket, count)'
        ' SELECT shop_id, date_trunc(''month'', day)::date, measure, bucket, sum(sign * count)'
        ' FROM (%s) change GROUP BY 1, 2, 3, 4 HAVING sum(sign * count) <> 0 ORDER BY 1, 2, 3, 4'
        ' ON CONFLICT (shop_id, month, measure, bucket)'
        ' DO UPDATE SET count = sums.count + EXCLUDED.count', changes);
    RETURN NULL;
END $$;
CREATE TRIGGER times_inserted AFTER INSERT ON payments_timesday
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION add_times_to_months();
CREATE TRIGGER times_updated AFTER UPDATE ON payments_timesday
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION add_times_to_months();
CREATE TRIGGER times_deleted AFTER DELETE ON payments_timesday
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION add_times_to_months();
"""
# The triggers' locks keep other writers out until the COMMIT: no day is missed or added twice. The
# counting in the background waits for seconds at most, and repeats what it could not write.
ADD_UP = """
INSERT INTO payments_timesmonth (shop_id, month, measure, bucket, count)
SELECT shop_id, date_trunc('month', day)::date, measure, bucket, sum(count)
FROM payments_timesday GROUP BY 1, 2, 3, 4;
"""
NO_MONTHS = """
DROP TRIGGER times_inserted ON payments_timesday;
DROP TRIGGER times_updated ON payments_timesday;
DROP TRIGGER times_deleted ON payments_timesday;
DROP FUNCTION add_times_to_months();
"""


class Migration(migrations.Migration):
    """Keep the sums of the times by month. Orders and payments are neither read nor locked."""

    dependencies = [("payments", "0022_day_closings")]
    operations = [
        migrations.CreateModel(
            name="TimesMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("shop_id", models.BigIntegerField()),
                ("month", models.DateField()),
                ("measure", models.CharField(max_length=40)),
                ("bucket", models.PositiveSmallIntegerField()),
                ("count", models.BigIntegerField()),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=["shop_id", "month", "measure", "bucket"], name="times_month_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(KEEP_MONTHS, NO_MONTHS),
        migrations.RunSQL(ADD_UP, migrations.RunSQL.noop),
    ]
