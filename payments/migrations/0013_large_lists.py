import django.contrib.postgres.indexes
import django.db.models.deletion
import payments.models.invoice
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0014_large_lists'),
        ('payments', '0012_overlong_answers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='invoice',
            name='invoice_without_receipt',
        ),
        migrations.RemoveIndex(
            model_name='refund',
            name='refund_to_send',
        ),
        migrations.AddField(
            model_name='invoice',
            name='shop',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='orders.shop', verbose_name='shop'),
        ),
        migrations.RunSQL(
            "UPDATE payments_invoice SET shop_id = orders_order.shop_id FROM orders_order"
            " WHERE orders_order.id = payments_invoice.order_id",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='invoice',
            name='shop',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='orders.shop', verbose_name='shop'),
        ),
        migrations.AddField(
            model_name='periodrow',
            name='shop',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.shop'),
        ),
        migrations.RunSQL(
            "UPDATE payments_periodrow SET shop_id = payments_invoice.shop_id FROM payments_invoice"
            " WHERE payments_invoice.id = payments_periodrow.invoice_id;"
            "UPDATE payments_periodrow SET shop_id = payments_invoice.shop_id"
            " FROM payments_refund JOIN payments_invoice"
            " ON payments_invoice.id = payments_refund.invoice_id"
            " WHERE payments_refund.id = payments_periodrow.refund_id",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='invoice',
            name='ers_reference',
            field=models.CharField(max_length=64, null=True, verbose_name='payment reference'),
        ),
        migrations.AlterField(
            model_name='invoice',
            name='invoice_reference',
            field=models.CharField(max_length=64, null=True, verbose_name='invoice reference'),
        ),
        migrations.AlterField(
            model_name='invoice',
            name='notify_key',
            field=models.CharField(default=payments.models.invoice._notify_key, editable=False, max_length=32),
        ),
        migrations.AlterField(
            model_name='invoice',
            name='terminal',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='orders.terminal', verbose_name='terminal'),
        ),
        migrations.AlterField(
            model_name='periodrow',
            name='invoice',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='period_rows', to='payments.invoice'),
        ),
        migrations.AlterField(
            model_name='periodrow',
            name='period',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='payments.transactionperiod', verbose_name='transaction period'),
        ),
        migrations.AlterField(
            model_name='periodrow',
            name='refund',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='period_rows', to='payments.refund'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('status', 'PAID'), models.Q(models.Q(('discount_unconfirmed', False), ('paid_amount', None)), models.Q(('paid_amount', models.F('amount')), ('paid_currency', models.F('currency'))), _connector='OR'), ('receipt_accepted_at', None), ('receipt_refusals__lt', 5)), fields=['id'], name='invoice_receipt_pending'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('status__in', ('PAID', 'DUPLICATE'))), fields=['terminal', 'paid_at'], name='invoice_captured'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(fields=['terminal', 'shop'], name='invoice_of_terminal'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(fields=['shop', 'id'], name='invoice_of_shop'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('status__in', ('CREATED', 'SENDING', 'ISSUED', 'PENDING_ISSUER_ACKNOWLEDGE', 'RESERVED', 'PARTIALLY_PAID', 'NEEDS_ATTENTION', 'CANCEL_PENDING')), _negated=True), fields=['status', 'id'], name='invoice_ended'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('possibly_reversed', True)), fields=['id'], name='invoice_possibly_reversed'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['created_at'], name='invoice_by_day'),
        ),
        migrations.AddIndex(
            model_name='periodrow',
            index=models.Index(condition=models.Q(('shop__isnull', False)), fields=['period', 'shop'], name='period_row_of_shop'),
        ),
        migrations.AddIndex(
            model_name='periodrow',
            index=models.Index(fields=['period', 'position', 'id'], include=('match_result',), name='period_row_in_order'),
        ),
        migrations.AddIndex(
            model_name='periodrow',
            index=models.Index(condition=models.Q(('match_result', 'sale'), _negated=True), fields=['match_result', 'period', 'position', 'id'], name='period_row_no_sale'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('status__in', ('REQUESTED', 'CREATED', 'SENDING', 'UNKNOWN'))), fields=['id'], name='refund_unresolved'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('status__in', ('REJECTED', 'WITHDRAWN'))), fields=['id'], name='refund_not_made'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('ers_reference__isnull', False)), fields=['ers_reference'], name='refund_by_reference'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('sent_at__isnull', False)), fields=['sent_at'], name='refund_by_sending'),
        ),
        migrations.AddIndex(
            model_name='transactionperiod',
            index=models.Index(condition=models.Q(('status__in', ('TO_MARK', 'MARKING', 'MARKED')), ('report_requested_at__isnull', False), _connector='OR'), fields=['day'], name='period_unfinished'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(fields=('invoice_reference',), name='invoice_reference_once'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(fields=('ers_reference',), name='invoice_ers_reference_once'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(fields=('notify_key',), name='invoice_notify_key_once'),
        ),
    ]
