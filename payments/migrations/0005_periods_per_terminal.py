from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0004_refund_limits_and_withdrawals")]

    operations = [
        # A terminal's report has no rows of other terminals.
        migrations.RunSQL(
            "DELETE FROM payments_periodrow WHERE match_result = 'elsewhere'",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint(model_name="periodrow", name="period_row_match_result_known"),
        migrations.RemoveIndex(model_name="periodrow", name="period_row_unexplained"),
        migrations.AddField(
            model_name="transactionperiod",
            name="terminal_id",
            # SEQR makes a terminal's report of the whole reseller's earlier periods, too.
            field=models.CharField(
                default=settings.SEQR_TERMINAL_ID, max_length=200, verbose_name="terminal"
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="periodrow",
            name="match_result",
            field=models.CharField(
                choices=[
                    ("sale", "our payment"),
                    ("refund", "our refund"),
                    ("maybe_refund", "possibly a refund with unknown outcome"),
                    ("unknown_sale", "unknown sale"),
                    ("unknown_refund", "unknown refund"),
                    ("amount_differs", "amount differs from our books"),
                    ("repeated", "repeated row"),
                    ("missing", "our payment, missing in the report"),
                ],
                max_length=16,
                verbose_name="match",
            ),
        ),
        migrations.AlterField(
            model_name="transactionperiod",
            name="day",
            field=models.DateField(verbose_name="day"),
        ),
        migrations.AddIndex(
            model_name="periodrow",
            index=models.Index(
                condition=models.Q(("match_result__in", ("sale", "refund")), _negated=True),
                fields=["period"],
                name="period_row_unexplained",
            ),
        ),
        migrations.AddConstraint(
            model_name="periodrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "match_result__in",
                        [
                            "sale",
                            "refund",
                            "maybe_refund",
                            "unknown_sale",
                            "unknown_refund",
                            "amount_differs",
                            "repeated",
                            "missing",
                        ],
                    )
                ),
                name="period_row_match_result_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="transactionperiod",
            constraint=models.UniqueConstraint(
                fields=("day", "terminal_id"), name="period_of_a_day_once"
            ),
        ),
    ]
