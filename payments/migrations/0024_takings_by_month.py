import django.db.models.deletion
from django.db import migrations, models

# As the times have it: see 0023_times_by_month.
KEEP_PRODUCTS = """
CREATE FUNCTION add_products_to_months() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    changes constant text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT *, 1 AS sign FROM added'
        WHEN 'DELETE' THEN 'SELECT *, -1 AS sign FROM removed'
        ELSE 'SELECT *, 1 AS sign FROM added UNION ALL SELECT *, -1 FROM removed'
    END;
BEGIN
    EXECUTE format(
        'INSERT INTO payments_takingsproductmonth AS sums'
        ' (shop_id, month, currency, product_id, units, net, gross)'
        ' SELECT shop_id, date_trunc(''month'', day)::date, currency, product_id,'
        ' sum(sign * units), sum(sign * net), sum(sign * gross)'
        ' FROM (%s) change GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4'
        ' ON CONFLICT (shop_id, month, currency, product_id) DO UPDATE SET'
        ' units = sums.units + EXCLUDED.units, net = sums.net + EXCLUDED.net,'
        ' gross = sums.gross + EXCLUDED.gross', changes);
    RETURN NULL;
END $$;
CREATE TRIGGER products_inserted AFTER INSERT ON payments_takingsproduct
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION add_products_to_months();
CREATE TRIGGER products_updated AFTER UPDATE ON payments_takingsproduct
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION add_products_to_months();
CREATE TRIGGER products_deleted AFTER DELETE ON payments_takingsproduct
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION add_products_to_months();
"""
KEEP_GOODS = """
CREATE FUNCTION add_goods_to_months() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    changes constant text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT *, 1 AS sign FROM added'
        WHEN 'DELETE' THEN 'SELECT *, -1 AS sign FROM removed'
        ELSE 'SELECT *, 1 AS sign FROM added UNION ALL SELECT *, -1 FROM removed'
    END;
BEGIN
    EXECUTE format(
        'INSERT INTO payments_takingsgoodsmonth AS sums (shop_id, month, currency, kind, net, vat)'
        ' SELECT shop_id, date_trunc(''month'', day)::date, currency, kind,'
        ' sum(sign * net), sum(sign * vat)'
        ' FROM (%s) change JOIN payments_takingsday ON payments_takingsday.id = takings_id'
        ' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4'
        ' ON CONFLICT (shop_id, month, currency, kind) DO UPDATE SET'
        ' net = sums.net + EXCLUDED.net, vat = sums.vat + EXCLUDED.vat', changes);
    RETURN NULL;
END $$;
CREATE TRIGGER goods_inserted AFTER INSERT ON payments_takingsvat
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION add_goods_to_months();
CREATE TRIGGER goods_updated AFTER UPDATE ON payments_takingsvat
    REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION add_goods_to_months();
CREATE TRIGGER goods_deleted AFTER DELETE ON payments_takingsvat
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION add_goods_to_months();
"""
ADD_UP = """
INSERT INTO payments_takingsgoodsmonth (shop_id, month, currency, kind, net, vat)
SELECT shop_id, date_trunc('month', day)::date, currency, kind, sum(net), sum(vat)
FROM payments_takingsvat JOIN payments_takingsday ON payments_takingsday.id = takings_id
GROUP BY 1, 2, 3, 4;
INSERT INTO payments_takingsproductmonth (shop_id, month, currency, product_id, units, net, gross)
SELECT shop_id, date_trunc('month', day)::date, currency, product_id, sum(units), sum(net), sum(gross)
FROM payments_takingsproduct GROUP BY 1, 2, 3, 4;
"""
NO_MONTHS = """
DROP TRIGGER goods_inserted ON payments_takingsvat;
DROP TRIGGER goods_updated ON payments_takingsvat;
DROP TRIGGER goods_deleted ON payments_takingsvat;
DROP FUNCTION add_goods_to_months();
DROP TRIGGER products_inserted ON payments_takingsproduct;
DROP TRIGGER products_updated ON payments_takingsproduct;
DROP TRIGGER products_deleted ON payments_takingsproduct;
DROP FUNCTION add_products_to_months();
"""


class Migration(migrations.Migration):
    """Keep the sums of goods and products by month. Orders and payments are neither read nor locked."""

    dependencies = [
        ("orders", "0033_audit_by_month"),
        ("payments", "0023_times_by_month"),
    ]
    operations = [
        migrations.CreateModel(
            name="TakingsProductMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("units", models.BigIntegerField()),
                ("net", models.DecimalField(decimal_places=2, max_digits=17)),
                ("gross", models.DecimalField(decimal_places=2, max_digits=17)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.product",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.shop",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=["shop", "month", "currency", "product"],
                        name="takings_product_month_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TakingsGoodsMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("payment", "payment"),
                            ("refund", "refund"),
                            ("reversal", "reversal"),
                        ],
                        max_length=8,
                    ),
                ),
                ("net", models.DecimalField(decimal_places=2, max_digits=17)),
                ("vat", models.DecimalField(decimal_places=2, max_digits=17)),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.shop",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=["shop", "month", "currency", "kind"],
                        name="takings_goods_month_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(KEEP_PRODUCTS + KEEP_GOODS, NO_MONTHS),
        migrations.RunSQL(ADD_UP, migrations.RunSQL.noop),
    ]
