import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0009_invoices_keep_their_terminal")]

    operations = [
        migrations.RemoveField("transactionperiod", "principal_id"),
        migrations.AlterField(
            model_name="transactionperiod",
            name="terminal",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="periods",
                to="orders.terminal",
                verbose_name="terminal",
            ),
        ),
        migrations.AddConstraint(
            model_name="transactionperiod",
            constraint=models.UniqueConstraint(
                fields=("day", "terminal"), name="period_of_a_day_once"
            ),
        ),
    ]
