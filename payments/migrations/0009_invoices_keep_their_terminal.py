import django.db.models.deletion
from django.conf import settings
from django.db import connection, migrations, models
from django.utils import timezone


def terminal_until_now() -> int:
    """Return the terminal of all invoices so far; any number if there are none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM orders_terminal ORDER BY id LIMIT 1")
        row = cursor.fetchone()
    return row[0] if row else 0


def terminal_field(related_name: str, **options: object) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to="orders.terminal",
        **options,
    )


def store_terminals_of_periods(apps, _editor):
    """Give each period its terminal: a former one gets a row without a password.

    Periods may exist before the first shop does, whose seller is then that of the settings.
    """
    periods = apps.get_model("payments", "TransactionPeriod").objects.order_by()
    terminals = apps.get_model("orders", "Terminal").objects
    sellers = apps.get_model("orders", "Seller").objects
    for principal_id in periods.values_list("principal_id", flat=True).distinct():
        terminal = terminals.filter(principal_id=principal_id).first()
        if terminal is None:
            terminal = terminals.create(
                principal_id=principal_id,
                seller=sellers.first() or sellers.create(reseller_id=settings.SEQR_RESELLER_ID),
                retired_at=timezone.now(),
            )
        periods.filter(principal_id=principal_id).update(terminal=terminal)


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0009_shops_have_a_terminal"),
        ("payments", "0008_refund_sent_until"),
    ]

    operations = [
        # A constant default, which PostgreSQL stores without rewriting the rows.
        migrations.AddField(
            model_name="invoice",
            name="terminal",
            field=terminal_field("invoices", verbose_name="terminal", default=terminal_until_now),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="paymentpause",
            name="terminal",
            field=terminal_field("pauses", default=terminal_until_now),
            preserve_default=False,
        ),
        migrations.RemoveConstraint(model_name="paymentpause", name="payment_pause_open_once"),
        migrations.AddConstraint(
            model_name="paymentpause",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("terminal",),
                name="payment_pause_open_once",
            ),
        ),
        migrations.AddField(
            model_name="moneycase",
            name="terminal",
            field=terminal_field("cases", verbose_name="terminal", null=True),
        ),
        migrations.RunSQL(
            """
            UPDATE payments_moneycase SET terminal_id = terminal.id, key = terminal.id || ' ' || key
            FROM (SELECT id FROM orders_terminal ORDER BY id LIMIT 1) AS terminal
            WHERE kind = 'configuration' AND closed_at IS NULL
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint(model_name="transactionperiod", name="period_of_a_day_once"),
        migrations.RenameField("transactionperiod", "terminal_id", "principal_id"),
        migrations.AddField(
            model_name="transactionperiod",
            name="terminal",
            field=terminal_field("periods", verbose_name="terminal", null=True),
        ),
        migrations.RunPython(store_terminals_of_periods, migrations.RunPython.noop),
    ]
