import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0008_sellers_and_terminals")]

    operations = [
        migrations.AlterField(
            model_name="shop",
            name="seller",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shops",
                to="orders.seller",
                verbose_name="seller",
            ),
        ),
        migrations.AlterField(
            model_name="shop",
            name="terminal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shops",
                to="orders.terminal",
                verbose_name="terminal",
            ),
        ),
    ]
