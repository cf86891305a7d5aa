from django.db import migrations, transaction

# The first partition takes the rows from before, and those of this month and the next one. So a
# migration that is killed before the last step may be run again weeks later.
ADD_BOUND = """
DO $$
DECLARE
    zone constant text := 'Europe/Stockholm';
    bound timestamptz := (date_trunc('month', now() AT TIME ZONE zone) + interval '2 months')
        AT TIME ZONE zone;
BEGIN
    ALTER TABLE orders_auditevent DROP CONSTRAINT IF EXISTS audit_first_part;
    EXECUTE format(
        'ALTER TABLE orders_auditevent'
        ' ADD CONSTRAINT audit_first_part CHECK (occurred_at < %L) NOT VALID', bound);
END $$;
"""
# Reads the table, and lets others read and write it.
VALIDATE_BOUND = "ALTER TABLE orders_auditevent VALIDATE CONSTRAINT audit_first_part"
DROP_BOUND = "ALTER TABLE orders_auditevent DROP CONSTRAINT IF EXISTS audit_first_part"

# Copies no row and builds no index: the table becomes the first partition as it is. Its indexes and
# foreign keys are taken over, and its rows are known to fit by the validated constraint.
PARTITION = """
DO $$
DECLARE
    bound text;
    next_id bigint;
    each record;
BEGIN
    LOCK TABLE orders_auditevent IN ACCESS EXCLUSIVE MODE;
    SELECT substring(pg_get_constraintdef(oid) FROM '''([^'']+)''') INTO STRICT bound
    FROM pg_constraint
    WHERE conrelid = 'orders_auditevent'::regclass AND conname = 'audit_first_part';
    SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END INTO next_id
    FROM orders_auditevent_id_seq;

    ALTER TABLE orders_auditevent ALTER COLUMN id DROP IDENTITY;
    ALTER TABLE orders_auditevent RENAME TO orders_auditevent_first;
    DROP TRIGGER audit_append_only ON orders_auditevent_first;

    CREATE SEQUENCE orders_auditevent_id_seq AS bigint;
    PERFORM setval('orders_auditevent_id_seq', next_id, false);
    CREATE TABLE orders_auditevent (
        LIKE orders_auditevent_first INCLUDING DEFAULTS INCLUDING CONSTRAINTS
    ) PARTITION BY RANGE (occurred_at);
    ALTER TABLE orders_auditevent DROP CONSTRAINT audit_first_part;
    ALTER TABLE orders_auditevent ALTER COLUMN id SET DEFAULT nextval('orders_auditevent_id_seq');
    ALTER SEQUENCE orders_auditevent_id_seq OWNED BY orders_auditevent.id;

    FOR each IN
        SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
        WHERE conrelid = 'orders_auditevent_first'::regclass AND contype = 'f'
    LOOP
        EXECUTE format(
            'ALTER TABLE orders_auditevent ADD CONSTRAINT %I %s', each.conname, each.definition);
    END LOOP;
    FOR each IN
        SELECT relname, pg_get_indexdef(indexrelid) AS definition
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = 'orders_auditevent_first'::regclass AND NOT indisprimary
    LOOP
        EXECUTE format(
            'ALTER INDEX %I RENAME TO %I', each.relname, left(each.relname, 57) || '_first');
        EXECUTE replace(
            each.definition, ' ON public.orders_auditevent_first ', ' ON public.orders_auditevent ');
    END LOOP;
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON orders_auditevent
        FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
    CREATE TRIGGER audit_not_truncated BEFORE TRUNCATE ON orders_auditevent
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
    EXECUTE format(
        'ALTER TABLE orders_auditevent ATTACH PARTITION orders_auditevent_first'
        ' FOR VALUES FROM (MINVALUE) TO (%L)', bound);

    -- The application goes on reading and writing before `migrate` grants it everything again.
    FOR each IN
        SELECT DISTINCT grantee::regrole::text AS role FROM pg_class, aclexplode(relacl)
        WHERE oid = 'orders_auditevent_first'::regclass AND grantee NOT IN (0, relowner)
    LOOP
        EXECUTE format('GRANT SELECT, INSERT ON orders_auditevent TO %s', each.role);
        EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE orders_auditevent_id_seq TO %s', each.role);
        EXECUTE format('REVOKE ALL ON orders_auditevent_first FROM %s', each.role);
    END LOOP;
END $$;
"""
# Makes a table with the protection of every partition; `bounds` says which rows it takes.
ADD_PARTITION = """
CREATE FUNCTION add_audit_partition(part text, bounds text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    EXECUTE format(
        'CREATE TABLE public.%I'
        ' (LIKE public.orders_auditevent INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('ALTER TABLE public.%I ADD PRIMARY KEY (id)', part);
    EXECUTE format(
        'CREATE TRIGGER audit_not_truncated BEFORE TRUNCATE ON public.%I'
        ' FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_audit_change()', part);
    EXECUTE format(
        'ALTER TABLE public.orders_auditevent ATTACH PARTITION public.%I %s', part, bounds);
END $$;
REVOKE ALL ON FUNCTION add_audit_partition(text, text) FROM PUBLIC;
SELECT add_audit_partition('orders_auditevent_default', 'DEFAULT');
"""
# Runs as the owner of the tables, so that the application's role can have next month's partition
# made and nothing else. It waits for no lock for long: the next run does what is left.
MAKE_PARTITIONS = """
CREATE FUNCTION make_audit_partitions(months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public SET lock_timeout = '500ms' SET datestyle = 'ISO'
AS $$
DECLARE
    zone constant text := 'Europe/Stockholm';
    horizon timestamptz := (
        date_trunc('month', now() AT TIME ZONE zone) + make_interval(months => least(months, 24))
    ) AT TIME ZONE zone;
    part_begins timestamptz;
    part_ends timestamptz;
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(1702);
    SELECT max(substring(pg_get_expr(relpartbound, oid) FROM 'TO \\(''([^'']+)''\\)')::timestamptz)
    INTO part_begins
    FROM pg_class JOIN pg_inherits ON inhrelid = oid
    WHERE inhparent = 'public.orders_auditevent'::regclass;
    WHILE part_begins < horizon LOOP
        part_ends := (date_trunc('month', part_begins AT TIME ZONE zone) + interval '1 month')
            AT TIME ZONE zone;
        PERFORM public.add_audit_partition(
            'orders_auditevent_' || to_char(part_begins AT TIME ZONE zone, 'YYYY_MM'),
            format('FOR VALUES FROM (%L) TO (%L)', part_begins, part_ends));
        made := made + 1;
        part_begins := part_ends;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION make_audit_partitions(integer) FROM PUBLIC;
SELECT make_audit_partitions(12);
"""


def partition(_apps, schema_editor):
    """Divide the table in steps, of which only the last one locks it, for milliseconds."""
    database = schema_editor.connection
    with database.cursor() as cursor:
        try:
            cursor.execute(ADD_BOUND)
            cursor.execute(VALIDATE_BOUND)
            with transaction.atomic(using=database.alias):
                for statement in (PARTITION, ADD_PARTITION, MAKE_PARTITIONS):
                    cursor.execute(statement)
        except BaseException:
            cursor.execute(DROP_BOUND)
            raise


class Migration(migrations.Migration):
    """Divide the audit's events by month, so that old months can be removed as a whole."""

    atomic = False
    dependencies = [('orders', '0032_validate_audit_pruned')]
    operations = [migrations.RunPython(partition)]
