from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0003_served_at'),
        ('payments', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='invoice',
            name='invoice_status_known',
        ),
        migrations.RemoveConstraint(
            model_name='invoice',
            name='invoice_paid_has_ers_reference',
        ),
        migrations.RemoveConstraint(
            model_name='moneycase',
            name='case_kind_known',
        ),
        migrations.AddField(
            model_name='invoice',
            name='cancel_lease_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='invoice',
            name='cancel_requested_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='invoice',
            name='partially_paid',
            field=models.BooleanField(default=False, verbose_name='partially paid'),
        ),
        migrations.AddField(
            model_name='invoice',
            name='refused_as_paid_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='invoice',
            name='cancel_reason',
            field=models.CharField(blank=True, choices=[('customer', 'cancelled by the customer'), ('staff', 'cancelled by staff'), ('lifetime', 'the payment timed out'), ('superseded', 'another payment paid the order'), ('case_closed', 'its case was closed by staff')], max_length=12, verbose_name='reason for cancelling'),
        ),
        migrations.AlterField(
            model_name='invoice',
            name='ers_reference',
            field=models.CharField(max_length=64, null=True, unique=True, verbose_name='payment reference'),
        ),
        migrations.AlterField(
            model_name='invoice',
            name='status',
            field=models.CharField(choices=[('CREATED', 'created'), ('SENDING', 'being sent'), ('ISSUED', 'issued'), ('PENDING_ISSUER_ACKNOWLEDGE', 'awaiting our acknowledgement'), ('RESERVED', 'reserved'), ('PARTIALLY_PAID', 'partially paid'), ('NEEDS_ATTENTION', 'needs attention'), ('CANCEL_PENDING', 'cancel pending'), ('PAID', 'paid'), ('DUPLICATE', 'duplicate payment'), ('CANCELED', 'cancelled'), ('FAILED', 'failed'), ('EXPIRED', 'timed out')], default='CREATED', max_length=26, verbose_name='status'),
        ),
        migrations.AlterField(
            model_name='moneycase',
            name='kind',
            field=models.CharField(choices=[('paid_though_canceled', 'paid although it was being cancelled'), ('duplicate_payment', 'duplicate payment of an order'), ('amount_differs', 'wrong amount paid'), ('amount_unknown', 'paid amount unknown'), ('partial_payment', 'partial payment ended'), ('possibly_reversed', 'possible reversal'), ('payment_unconfirmed', 'SEQR no longer confirms the payment'), ('answer_mismatch', 'answer about another payment'), ('cancel_stuck', 'payment cannot be cancelled'), ('paid_without_reference', 'paid without a payment reference'), ('configuration', 'SEQR rejects our settings'), ('unknown_at_seqr', 'SEQR cannot find the payment'), ('refund_unknown', 'refund with unknown outcome'), ('refund_stuck', 'refund not accepted by SEQR'), ('unknown_status', 'unknown status from SEQR'), ('lost_period', 'transaction period without an ID'), ('report_differs', "SEQR's report differs from our books"), ('reconciliation_stuck', "SEQR's report is unavailable")], max_length=24, verbose_name='type'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['CREATED', 'SENDING', 'ISSUED', 'PENDING_ISSUER_ACKNOWLEDGE', 'RESERVED', 'PARTIALLY_PAID', 'NEEDS_ATTENTION', 'CANCEL_PENDING', 'PAID', 'DUPLICATE', 'CANCELED', 'FAILED', 'EXPIRED'])), name='invoice_status_known'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ('PAID', 'DUPLICATE')), _negated=True), models.Q(('ers_reference__isnull', False), ('paid_at__isnull', False)), _connector='OR'), name='invoice_paid_has_ers_reference'),
        ),
        migrations.AddConstraint(
            model_name='moneycase',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['paid_though_canceled', 'duplicate_payment', 'amount_differs', 'amount_unknown', 'partial_payment', 'possibly_reversed', 'payment_unconfirmed', 'answer_mismatch', 'cancel_stuck', 'paid_without_reference', 'configuration', 'unknown_at_seqr', 'refund_unknown', 'refund_stuck', 'unknown_status', 'lost_period', 'report_differs', 'reconciliation_stuck'])), name='case_kind_known'),
        ),
    ]
