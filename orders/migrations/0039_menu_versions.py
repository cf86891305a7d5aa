import django.db.models.deletion
from django.db import migrations, models

# Deferred, so that each transaction locks the versions after all its other rows: two of them that
# change different products of a shop then wait for each other at most, and never deadlock.
RENEW_VERSIONS = """
CREATE FUNCTION renew_menu_versions(shops bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    INSERT INTO orders_menuversion (shop_id, version)
    SELECT id, gen_random_uuid() FROM orders_shop WHERE id = ANY (shops) ORDER BY id
    ON CONFLICT (shop_id) DO UPDATE SET version = EXCLUDED.version;
$$;

CREATE FUNCTION renew_menu_of_shop() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM renew_menu_versions(ARRAY[OLD.shop_id, NEW.shop_id]);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER menu_changed AFTER INSERT OR UPDATE OR DELETE ON orders_product
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_menu_of_shop();
CREATE CONSTRAINT TRIGGER menu_changed AFTER INSERT OR UPDATE OR DELETE ON orders_category
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_menu_of_shop();
CREATE CONSTRAINT TRIGGER menu_changed AFTER INSERT OR UPDATE OR DELETE ON orders_optiongroup
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_menu_of_shop();

CREATE FUNCTION renew_menu_of_option() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM renew_menu_versions(ARRAY(
        SELECT shop_id FROM orders_optiongroup WHERE id IN (OLD.group_id, NEW.group_id)));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER menu_changed AFTER INSERT OR UPDATE OR DELETE ON orders_option
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_menu_of_option();

CREATE FUNCTION renew_menu_of_product() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM renew_menu_versions(ARRAY(
        SELECT shop_id FROM orders_product WHERE id IN (OLD.product_id, NEW.product_id)));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER menu_changed AFTER INSERT OR UPDATE OR DELETE
    ON orders_product_option_groups
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_menu_of_product();

INSERT INTO orders_menuversion (shop_id, version) SELECT id, gen_random_uuid() FROM orders_shop;
"""
RENEW_NOTHING = """
DROP TRIGGER menu_changed ON orders_product;
DROP TRIGGER menu_changed ON orders_category;
DROP TRIGGER menu_changed ON orders_optiongroup;
DROP TRIGGER menu_changed ON orders_option;
DROP TRIGGER menu_changed ON orders_product_option_groups;
DROP FUNCTION renew_menu_of_product();
DROP FUNCTION renew_menu_of_option();
DROP FUNCTION renew_menu_of_shop();
DROP FUNCTION renew_menu_versions(bigint[]);
"""


class Migration(migrations.Migration):
    """Renew a version with each change of a menu. Triggers lock the menus' tables for a moment."""

    dependencies = [("orders", "0038_instant_checkout")]

    operations = [
        migrations.CreateModel(
            name="MenuVersion",
            fields=[
                (
                    "shop",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="menu_version",
                        serialize=False,
                        to="orders.shop",
                    ),
                ),
                ("version", models.UUIDField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunSQL(RENEW_VERSIONS, RENEW_NOTHING),
    ]
