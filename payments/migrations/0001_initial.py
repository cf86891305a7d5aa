
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.lookups
import payments.models.invoice
import payments.models.refund
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('orders', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PollShard',
            fields=[
                ('number', models.PositiveSmallIntegerField(primary_key=True, serialize=False, verbose_name='number')),
                ('round_started_at', models.DateTimeField(verbose_name='last check started')),
                ('oldest_answer_at', models.DateTimeField(help_text='SEQR has answered about every open payment since then.', verbose_name='oldest answer from SEQR')),
            ],
            options={
                'verbose_name': 'payment check',
                'verbose_name_plural': 'payment checks',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempt', models.PositiveSmallIntegerField(default=1, verbose_name='attempt')),
                ('status', models.CharField(choices=[('CREATED', 'created'), ('SENDING', 'being sent'), ('ISSUED', 'issued'), ('PENDING_ISSUER_ACKNOWLEDGE', 'awaiting our acknowledgement'), ('RESERVED', 'reserved'), ('PARTIALLY_PAID', 'partially paid'), ('NEEDS_ATTENTION', 'needs attention'), ('CANCEL_PENDING', 'cancel pending'), ('PAID', 'paid'), ('CANCELED', 'cancelled'), ('FAILED', 'failed'), ('EXPIRED', 'timed out')], default='CREATED', max_length=26, verbose_name='status')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created')),
                ('lease_until', models.DateTimeField(editable=False, null=True)),
                ('invoice_reference', models.CharField(max_length=64, null=True, unique=True, verbose_name='invoice reference')),
                ('invoice_qr_code', models.CharField(blank=True, default='', max_length=200)),
                ('issued_at', models.DateTimeField(null=True, verbose_name='issued')),
                ('invoice_version', models.IntegerField(default=0, verbose_name='version at SEQR')),
                ('notify_key', models.CharField(default=payments.models.invoice._notify_key, editable=False, max_length=32, unique=True)),
                ('notified_at', models.DateTimeField(null=True, verbose_name='notified by SEQR')),
                ('late_query_pending_since', models.DateTimeField(editable=False, null=True)),
                ('loyalty_answer', models.PositiveSmallIntegerField(choices=[(1, 'recognised'), (99, 'unknown card')], null=True, verbose_name='loyalty card')),
                ('loyalty_scheme', models.CharField(blank=True, default='', max_length=64, verbose_name='loyalty scheme')),
                ('discount_unconfirmed', models.BooleanField(default=False, verbose_name='discount unconfirmed')),
                ('capture_lease_until', models.DateTimeField(editable=False, null=True)),
                ('cancel_reason', models.CharField(blank=True, choices=[('customer', 'cancelled by the customer'), ('staff', 'cancelled by staff'), ('lifetime', 'the payment timed out'), ('superseded', 'another payment paid the order')], max_length=12, verbose_name='reason for cancelling')),
                ('ers_reference', models.CharField(db_index=True, max_length=64, null=True, verbose_name='payment reference')),
                ('payment_reference', models.CharField(blank=True, default='', max_length=64)),
                ('paid_at', models.DateTimeField(null=True, verbose_name='paid')),
                ('paid_amount', models.DecimalField(decimal_places=2, max_digits=12, null=True, verbose_name="amount in SEQR's receipt")),
                ('paid_currency', models.CharField(blank=True, default='', max_length=3)),
                ('acknowledged_at', models.DateTimeField(null=True, verbose_name='acknowledged to SEQR')),
                ('possibly_reversed', models.BooleanField(default=False, verbose_name='possible reversal')),
                ('receipt_attempts', models.PositiveIntegerField(default=0, editable=False)),
                ('receipt_refusals', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('receipt_lease_until', models.DateTimeField(editable=False, null=True)),
                ('receipt_accepted_at', models.DateTimeField(null=True, verbose_name='receipt accepted by SEQR')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='orders.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'payment',
                'verbose_name_plural': 'payments',
                'ordering': ['-id'],
                'permissions': [('check_invoice', 'Can check a payment with SEQR'), ('cancel_invoice', 'Can cancel a payment at SEQR'), ('capture_invoice', 'Can capture a reserved amount')],
            },
        ),
        migrations.CreateModel(
            name='InvoiceDiscount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_sv', models.CharField(max_length=80)),
                ('name_en', models.CharField(max_length=80)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='amount')),
                ('vat_rate', models.DecimalField(decimal_places=2, max_digits=4, verbose_name='VAT rate (%)')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='discounts', to='payments.invoice')),
            ],
            options={
                'verbose_name': 'discount',
                'verbose_name_plural': 'discounts',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='LoyaltyCard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number_digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('percent', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(90)], verbose_name='discount (%)')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='added')),
            ],
            options={
                'verbose_name': 'loyalty card',
                'verbose_name_plural': 'loyalty cards',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('percent__gte', 1), ('percent__lte', 90)), name='card_percent_sane')],
            },
        ),
        migrations.CreateModel(
            name='MoneyCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('paid_though_canceled', 'paid although it was being cancelled'), ('duplicate_payment', 'duplicate payment of an order'), ('amount_differs', 'wrong amount paid'), ('possibly_reversed', 'possible reversal'), ('paid_without_reference', 'paid without a payment reference'), ('configuration', 'SEQR rejects our settings'), ('unknown_at_seqr', 'SEQR cannot find the payment'), ('refund_unknown', 'refund with unknown outcome'), ('refund_stuck', 'refund not accepted by SEQR'), ('unknown_status', 'unknown status from SEQR'), ('lost_period', 'transaction period without an ID'), ('report_differs', "SEQR's report differs from our books"), ('reconciliation_stuck', "SEQR's report is unavailable")], max_length=24, verbose_name='type')),
                ('key', models.CharField(max_length=40)),
                ('summary', models.CharField(max_length=300, verbose_name='what happened')),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='created')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='closed')),
                ('closing_reason', models.CharField(blank=True, max_length=300, verbose_name='reason for closing')),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='closed by')),
                ('invoice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='payments.invoice')),
                ('order', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='orders.order')),
            ],
            options={
                'verbose_name': 'payment case',
                'verbose_name_plural': 'payment cases',
                'ordering': ['-id'],
                'permissions': [('close_moneycase', 'Can close a payment case')],
            },
        ),
        migrations.CreateModel(
            name='OutboxMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recipient', models.EmailField(max_length=254)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease_until', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mails', to='payments.moneycase')),
            ],
            options={
                'verbose_name': 'email',
                'verbose_name_plural': 'emails',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='PaymentPause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300)),
                ('since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('probes', models.PositiveIntegerField(default=0)),
                ('next_probe_at', models.DateTimeField()),
                ('lease_until', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payment_pauses', to='payments.moneycase')),
            ],
            options={
                'verbose_name': 'payment pause',
                'verbose_name_plural': 'payment pauses',
                'permissions': [('check_paymentpause', 'Can check whether payments work again')],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('nonce', models.CharField(default=payments.models.refund._nonce, editable=False, max_length=40, unique=True)),
                ('status', models.CharField(choices=[('REQUESTED', 'awaiting approval'), ('CREATED', 'to be sent'), ('SENDING', 'being sent'), ('REFUNDED', 'refunded'), ('REJECTED', 'refused by SEQR'), ('WITHDRAWN', 'withdrawn'), ('UNKNOWN', 'unknown outcome')], default='CREATED', max_length=10, verbose_name='status')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='requested')),
                ('lease_until', models.DateTimeField(editable=False, null=True)),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('ers_reference', models.CharField(max_length=64, null=True, verbose_name='refund reference')),
                ('refunded_at', models.DateTimeField(null=True, verbose_name='refunded')),
                ('resolution_reason', models.CharField(blank=True, max_length=300, verbose_name='basis for the outcome')),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='payments.invoice')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
                ('resolved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='outcome recorded by')),
            ],
            options={
                'verbose_name': 'refund',
                'verbose_name_plural': 'refunds',
                'ordering': ['-id'],
                'permissions': [('request_refund', 'Can refund a payment'), ('approve_refund', 'Can approve a large refund'), ('resolve_unknown_refund', 'Can record the outcome of an unknown refund')],
            },
        ),
        migrations.AddField(
            model_name='moneycase',
            name='refund',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='payments.refund'),
        ),
        migrations.CreateModel(
            name='TransactionPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True, verbose_name='day')),
                ('status', models.CharField(choices=[('TO_MARK', 'to be closed'), ('MARKING', 'being closed'), ('MARKED', 'awaiting the report'), ('RECONCILED', 'reconciled'), ('LOST', 'ID missing'), ('VOID', 'never closed')], default='TO_MARK', max_length=10, verbose_name='status')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='due')),
                ('since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='status since')),
                ('lease_until', models.DateTimeField(editable=False, null=True)),
                ('marking_started_at', models.DateTimeField(null=True, verbose_name='closing started')),
                ('marking_ended_at', models.DateTimeField(null=True, verbose_name='closing ended')),
                ('transaction_period_id', models.CharField(max_length=100, null=True, unique=True, verbose_name='period ID at SEQR')),
                ('fetched_at', models.DateTimeField(null=True, verbose_name='report fetched')),
            ],
            options={
                'verbose_name': 'transaction period',
                'verbose_name_plural': 'transaction periods',
                'ordering': ['-day'],
                'permissions': [('reconcile_transactionperiod', 'Can fetch a report again and record a lost period')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['TO_MARK', 'MARKING', 'MARKED', 'RECONCILED', 'LOST', 'VOID'])), name='period_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ('MARKED', 'RECONCILED')), ('transaction_period_id__isnull', False)), models.Q(models.Q(('status__in', ('MARKED', 'RECONCILED')), _negated=True), ('transaction_period_id', None)), _connector='OR'), name='period_has_an_id_once_closed'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'MARKING'), _negated=True), models.Q(('lease_until__isnull', False), ('marking_started_at__isnull', False)), _connector='OR'), name='period_being_closed_has_a_lease'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ('MARKED', 'RECONCILED', 'LOST')), _negated=True), models.Q(('marking_ended_at__isnull', False), ('marking_started_at__isnull', False)), _connector='OR'), name='period_closed_between_two_moments'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'RECONCILED'), _negated=True), ('fetched_at__isnull', False), _connector='OR'), name='period_compared_has_a_report')],
            },
        ),
        migrations.CreateModel(
            name='PeriodRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(null=True, verbose_name='row number')),
                ('match_result', models.CharField(choices=[('sale', 'our payment'), ('refund', 'our refund'), ('elsewhere', 'another terminal'), ('maybe_refund', 'possibly a refund with unknown outcome'), ('unknown_sale', 'unknown sale'), ('unknown_refund', 'unknown refund'), ('amount_differs', 'amount differs from our books'), ('repeated', 'repeated row'), ('missing', 'our payment, missing in the report')], max_length=16, verbose_name='match')),
                ('amount', models.DecimalField(decimal_places=5, max_digits=20, verbose_name='amount')),
                ('ers_reference', models.CharField(blank=True, max_length=200, verbose_name='payment reference')),
                ('terminal_id', models.CharField(blank=True, max_length=200, verbose_name='terminal')),
                ('cashier_id', models.CharField(blank=True, max_length=200, verbose_name='cashier')),
                ('has_case', models.BooleanField(default=False, editable=False)),
                ('invoice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='period_rows', to='payments.invoice')),
                ('refund', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='period_rows', to='payments.refund')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='payments.transactionperiod', verbose_name='transaction period')),
            ],
            options={
                'verbose_name': "row in SEQR's report",
                'verbose_name_plural': "rows in SEQR's report",
                'ordering': ['period_id', 'position'],
            },
        ),
        migrations.AddField(
            model_name='moneycase',
            name='period',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='payments.transactionperiod'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('status__in', ('CREATED', 'SENDING', 'ISSUED', 'PENDING_ISSUER_ACKNOWLEDGE', 'RESERVED', 'PARTIALLY_PAID', 'NEEDS_ATTENTION', 'CANCEL_PENDING'))), fields=['id'], name='invoice_open'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('acknowledged_at', None), ('status', 'PAID')), fields=['id'], name='invoice_unacknowledged'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('receipt_accepted_at', None), ('status', 'PAID')), fields=['id'], name='invoice_without_receipt'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('late_query_pending_since__isnull', False)), fields=['id'], name='invoice_answer_awaited'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('status', 'PAID')), fields=['paid_at'], name='invoice_by_payment'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(fields=('order', 'attempt'), name='invoice_attempt_once'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('CREATED', 'SENDING', 'ISSUED', 'PENDING_ISSUER_ACKNOWLEDGE', 'RESERVED', 'PARTIALLY_PAID', 'NEEDS_ATTENTION', 'CANCEL_PENDING'))), fields=('order',), name='invoice_open_once_per_order'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'PAID')), fields=('order',), name='invoice_paid_once_per_order'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['CREATED', 'SENDING', 'ISSUED', 'PENDING_ISSUER_ACKNOWLEDGE', 'RESERVED', 'PARTIALLY_PAID', 'NEEDS_ATTENTION', 'CANCEL_PENDING', 'PAID', 'CANCELED', 'FAILED', 'EXPIRED'])), name='invoice_status_known'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='invoice_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'PAID'), _negated=True), models.Q(('ers_reference__isnull', False), ('paid_at__isnull', False)), _connector='OR'), name='invoice_paid_has_ers_reference'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'ISSUED'), _negated=True), ('invoice_reference__isnull', False), _connector='OR'), name='invoice_issued_has_reference'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'CANCEL_PENDING'), _negated=True), models.Q(('cancel_reason', ''), _negated=True), _connector='OR'), name='invoice_cancel_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='invoicediscount',
            constraint=models.CheckConstraint(condition=models.Q(('amount__lt', 0)), name='discount_below_zero'),
        ),
        migrations.AddIndex(
            model_name='outboxmail',
            index=models.Index(condition=models.Q(('sent_at', None)), fields=['id'], name='mail_to_send'),
        ),
        migrations.AddConstraint(
            model_name='paymentpause',
            constraint=models.UniqueConstraint(django.db.models.lookups.IsNull(models.F('ended_at'), True), condition=models.Q(('ended_at', None)), name='payment_pause_open_once'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('status__in', ('CREATED', 'SENDING'))), fields=['id'], name='refund_to_send'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['REQUESTED', 'CREATED', 'SENDING', 'REFUNDED', 'REJECTED', 'WITHDRAWN', 'UNKNOWN'])), name='refund_status_known'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_positive'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='refund_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('requested_by')), _negated=True), _connector='OR'), name='refund_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'REFUNDED'), _negated=True), ('ers_reference__isnull', False), ('resolved_by__isnull', False), _connector='OR'), name='refund_refunded_has_reference_or_resolver'),
        ),
        migrations.AddIndex(
            model_name='periodrow',
            index=models.Index(fields=['ers_reference'], name='period_row_by_reference'),
        ),
        migrations.AddIndex(
            model_name='periodrow',
            index=models.Index(condition=models.Q(('match_result__in', ('sale', 'refund', 'elsewhere')), _negated=True), fields=['period'], name='period_row_unexplained'),
        ),
        migrations.AddConstraint(
            model_name='periodrow',
            constraint=models.UniqueConstraint(fields=('period', 'position'), name='period_row_once'),
        ),
        migrations.AddConstraint(
            model_name='periodrow',
            constraint=models.UniqueConstraint(fields=('invoice',), name='period_row_of_a_payment_once'),
        ),
        migrations.AddConstraint(
            model_name='periodrow',
            constraint=models.UniqueConstraint(fields=('refund',), name='period_row_of_a_refund_once'),
        ),
        migrations.AddConstraint(
            model_name='periodrow',
            constraint=models.CheckConstraint(condition=models.Q(('match_result__in', ['sale', 'refund', 'elsewhere', 'maybe_refund', 'unknown_sale', 'unknown_refund', 'amount_differs', 'repeated', 'missing'])), name='period_row_match_result_known'),
        ),
        migrations.AddConstraint(
            model_name='periodrow',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('invoice__isnull', False), ('match_result', 'missing'), ('position', None)), models.Q(models.Q(('match_result', 'missing'), _negated=True), ('position__isnull', False)), _connector='OR'), name='period_row_without_position_is_missing'),
        ),
        migrations.AddConstraint(
            model_name='moneycase',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('kind', 'key'), name='case_open_once'),
        ),
        migrations.AddConstraint(
            model_name='moneycase',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['paid_though_canceled', 'duplicate_payment', 'amount_differs', 'possibly_reversed', 'paid_without_reference', 'configuration', 'unknown_at_seqr', 'refund_unknown', 'refund_stuck', 'unknown_status', 'lost_period', 'report_differs', 'reconciliation_stuck'])), name='case_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='moneycase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closing_reason', '')), models.Q(('closed_at__isnull', False), models.Q(('closing_reason', ''), _negated=True)), _connector='OR'), name='case_closed_with_reason'),
        ),
    ]
