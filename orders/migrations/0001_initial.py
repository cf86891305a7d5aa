
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import orders.models.order
import orders.validators
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_sv', models.CharField(max_length=40, verbose_name='name in Swedish')),
                ('name_en', models.CharField(max_length=40, verbose_name='name in English')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position on the page')),
            ],
            options={
                'verbose_name': 'category',
                'verbose_name_plural': 'categories',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subscriber_key', models.CharField(max_length=128, unique=True)),
                ('msisdn', models.CharField(db_index=True, help_text='In international form, without +.', max_length=32, verbose_name='phone number')),
            ],
            options={
                'verbose_name': 'customer',
                'verbose_name_plural': 'customers',
            },
        ),
        migrations.CreateModel(
            name='Picture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('content', models.BinaryField()),
                ('width', models.PositiveSmallIntegerField()),
                ('height', models.PositiveSmallIntegerField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Shop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('slug', models.SlugField(help_text='First part of the four page addresses, such as /slug/order.', unique=True, validators=[orders.validators.validate_slug_is_free], verbose_name='web address')),
                ('service_id', models.CharField(help_text='Agreed with SEQR and printed in the QR codes.', max_length=24, unique=True, validators=[orders.validators.validate_service_id], verbose_name='SEQR service ID')),
                ('currency', models.CharField(default='SEK', max_length=3, validators=[orders.validators.validate_currency], verbose_name='currency')),
                ('accent', models.CharField(default='#7a3412', help_text='For the page header and buttons. White text must be legible on it.', max_length=7, validators=[orders.validators.validate_accent], verbose_name='accent colour')),
                ('paused', models.BooleanField(default=False, verbose_name='paused')),
                ('pause_note_sv', models.CharField(blank=True, default='', help_text='Shown to customers while the shop is paused, such as when it opens again.', max_length=120, verbose_name='note in Swedish')),
                ('pause_note_en', models.CharField(blank=True, default='', max_length=120, verbose_name='note in English')),
                ('logo', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.picture', verbose_name='logo')),
            ],
            options={
                'verbose_name': 'shop',
                'verbose_name_plural': 'shops',
                'ordering': ['name'],
                'permissions': [('pause_shop', 'Can pause and open a shop')],
            },
        ),
        migrations.CreateModel(
            name='QrCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('placement', models.CharField(help_text='Shown to staff, such as “Table 4”.', max_length=60, verbose_name='placement')),
                ('parameters', models.CharField(blank=True, default='', help_text='Passed from the code to the order page, such as TABLE=4.', max_length=40, verbose_name='parameters')),
                ('payload', models.CharField(editable=False, max_length=50, verbose_name='content')),
                ('svg', models.TextField(editable=False, verbose_name='SVG')),
                ('png', models.BinaryField(verbose_name='PNG')),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created')),
                ('made_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='qr_codes', to='orders.shop', verbose_name='shop')),
            ],
            options={
                'verbose_name': 'QR code',
                'verbose_name_plural': 'QR codes',
                'ordering': ['shop', 'placement'],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_sv', models.CharField(max_length=80, verbose_name='name in Swedish')),
                ('name_en', models.CharField(max_length=80, verbose_name='name in English')),
                ('price', models.DecimalField(decimal_places=2, max_digits=10, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))], verbose_name='price including VAT')),
                ('vat_rate', models.DecimalField(decimal_places=2, default=Decimal('25'), max_digits=4, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('99'))], verbose_name='VAT rate (%)')),
                ('unit', models.CharField(default='st', max_length=10, verbose_name='unit')),
                ('sku', models.CharField(blank=True, default='', max_length=40, verbose_name='article number')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position on the page')),
                ('on_sale', models.BooleanField(default=True, verbose_name='on sale')),
                ('sold_out', models.BooleanField(default=False, verbose_name='sold out')),
                ('picture_alt_sv', models.CharField(blank=True, default='', max_length=120, verbose_name='picture description in Swedish')),
                ('picture_alt_en', models.CharField(blank=True, default='', max_length=120, verbose_name='picture description in English')),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='products', to='orders.category', verbose_name='category')),
                ('picture', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.picture', verbose_name='picture')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='products', to='orders.shop', verbose_name='shop')),
            ],
            options={
                'verbose_name': 'product',
                'verbose_name_plural': 'products',
                'ordering': ['position', 'id'],
                'permissions': [('sell_out_product', 'Can mark a product as sold out or back in stock')],
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('return_key', models.CharField(default=orders.models.order._return_key, editable=False, max_length=32, unique=True)),
                ('nonce', models.CharField(max_length=64)),
                ('parameters', models.JSONField(blank=True, default=dict)),
                ('language', models.CharField(default='sv', max_length=10)),
                ('state', models.CharField(choices=[('created', 'created'), ('sending', 'sending'), ('awaiting_payment', 'awaiting payment'), ('cancel_pending', 'cancel pending'), ('paid', 'paid'), ('served', 'served'), ('canceled', 'cancelled'), ('failed', 'failed'), ('expired', 'timed out'), ('partly_refunded', 'partly refunded'), ('refunded', 'refunded'), ('needs_attention', 'needs attention')], default='created', max_length=20, verbose_name='state')),
                ('total', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='total')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='ordered')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='orders.customer', verbose_name='customer')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='orders.shop', verbose_name='shop')),
            ],
            options={
                'verbose_name': 'order',
                'verbose_name_plural': 'orders',
                'ordering': ['-id'],
                'permissions': [('serve_order', 'Can mark an order as served')],
            },
        ),
        migrations.CreateModel(
            name='OpeningHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], verbose_name='weekday')),
                ('opens', models.TimeField(verbose_name='opens')),
                ('closes', models.TimeField(verbose_name='closes')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='opening_hours', to='orders.shop')),
            ],
            options={
                'verbose_name': 'opening hours',
                'verbose_name_plural': 'opening hours',
                'ordering': ['weekday', 'opens'],
            },
        ),
        migrations.CreateModel(
            name='CustomerSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_digest', models.CharField(max_length=64, unique=True)),
                ('parameters', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to='orders.customer')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orders.shop')),
            ],
            options={
                'verbose_name': 'customer session',
                'verbose_name_plural': 'customer sessions',
            },
        ),
        migrations.AddField(
            model_name='category',
            name='shop',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='orders.shop'),
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject_type', models.CharField(choices=[('order', 'order'), ('invoice', 'payment'), ('refund', 'refund'), ('case', 'payment case'), ('period', 'transaction period'), ('call', 'call to SEQR')], max_length=8, verbose_name='type')),
                ('subject_id', models.BigIntegerField(null=True)),
                ('subject_label', models.CharField(max_length=40, verbose_name='subject')),
                ('occurred_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='time')),
                ('name', models.CharField(max_length=40, verbose_name='event')),
                ('from_state', models.CharField(blank=True, max_length=26, verbose_name='from')),
                ('to_state', models.CharField(blank=True, max_length=26, verbose_name='to')),
                ('source', models.CharField(max_length=20, verbose_name='by')),
                ('detail', models.CharField(blank=True, max_length=300, verbose_name='details')),
                ('result_code', models.IntegerField(null=True, verbose_name='result code from SEQR')),
                ('duration_ms', models.PositiveIntegerField(null=True, verbose_name='milliseconds')),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('order', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='orders.order')),
            ],
            options={
                'verbose_name': 'event',
                'verbose_name_plural': 'events',
                'ordering': ['id'],
                'indexes': [models.Index(fields=['subject_type', 'subject_id', 'id'], name='event_of_its_row'), models.Index(fields=['occurred_at'], name='event_by_day'), models.Index(condition=models.Q(('subject_type', 'call')), fields=['subject_label'], name='event_of_call')],
                'constraints': [models.CheckConstraint(condition=models.Q(('name__in', ['order_created', 'order_sending', 'order_awaiting_payment', 'order_cancel_pending', 'order_paid', 'order_served', 'order_canceled', 'order_failed', 'order_expired', 'order_partly_refunded', 'order_refunded', 'order_needs_attention', 'sending_started', 'sending_failed', 'sent', 'sent_after_cancel_request', 'stray_reference_canceled', 'stray_reference_not_canceled', 'refused_by_seqr', 'canceled_before_sending', 'expired_before_sending', 'issued_again', 'acknowledgment_awaited', 'amount_reserved', 'partially_paid', 'attention_needed', 'payment_confirmed', 'payment_reversed', 'possibly_reversed', 'canceled_at_seqr', 'failed_at_seqr', 'expired_at_seqr', 'corrected_to_match_seqr', 'answer_after_order_was_paid', 'unexpected_status', 'cancel_requested', 'cancel_deferred', 'cancel_refused', 'cancel_refused_as_paid', 'cancel_confirmed', 'lifetime_ended', 'capture_started', 'capture_failed', 'capture_outcome_unknown', 'reservation_captured', 'loyalty_hook_failed', 'loyalty_card_recognised', 'loyalty_card_not_recognised', 'loyalty_answer_deferred', 'loyalty_answer_refused', 'loyalty_cards_answered', 'discount_dropped', 'receipt_deferred', 'receipt_refused', 'receipt_abandoned', 'receipt_accepted', 'refund_requested', 'refund_approved', 'refund_withdrawn', 'refund_sending_started', 'refund_deferred', 'refund_completed', 'refund_rejected', 'refund_outcome_unknown', 'refund_resolved_as_refunded', 'refund_resolved_as_not_refunded', 'marking_started', 'marking_deferred', 'period_skipped', 'period_marked', 'period_lost', 'period_found', 'period_never_closed', 'report_deferred', 'report_fetched_again', 'period_reconciled', 'paid_though_canceled_case', 'duplicate_payment_case', 'amount_differs_case', 'possibly_reversed_case', 'paid_without_reference_case', 'configuration_case', 'unknown_at_seqr_case', 'refund_unknown_case', 'refund_stuck_case', 'unknown_status_case', 'lost_period_case', 'report_differs_case', 'reconciliation_stuck_case', 'case_closed', 'possible_matching_sale', 'payments_paused', 'payments_resumed', 'probe_refused', 'probe_unanswered']), ('subject_type', 'call'), _connector='OR'), name='event_name_known'), models.CheckConstraint(condition=models.Q(('source__in', ['customer', 'staff', 'page', 'notification', 'poller', 'recovery', 'probe', 'send_invoice', 'send_refund', 'submit_receipt', 'loyalty_answer', 'reconciliation'])), name='event_source_known')],
            },
        ),
        migrations.CreateModel(
            name='OrderRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_sv', models.CharField(max_length=80)),
                ('name_en', models.CharField(max_length=80)),
                ('sku', models.CharField(blank=True, default='', max_length=40)),
                ('unit', models.CharField(max_length=10, verbose_name='unit')),
                ('quantity', models.PositiveIntegerField(verbose_name='quantity')),
                ('unit_price', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='unit price')),
                ('vat_rate', models.DecimalField(decimal_places=2, max_digits=4, verbose_name='VAT rate (%)')),
                ('total', models.DecimalField(decimal_places=2, max_digits=10, verbose_name='total')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='orders.order')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.product')),
            ],
            options={
                'verbose_name': 'order row',
                'verbose_name_plural': 'order rows',
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='row_quantity'), models.CheckConstraint(condition=models.Q(('total', django.db.models.expressions.CombinedExpression(models.F('quantity'), '*', models.F('unit_price')))), name='row_total_is_the_product')],
            },
        ),
        migrations.AddConstraint(
            model_name='shop',
            constraint=models.CheckConstraint(condition=models.Q(('accent__regex', '^#[0-9a-f]{6}$')), name='service_accent_is_hex'),
        ),
        migrations.AddConstraint(
            model_name='qrcode',
            constraint=models.UniqueConstraint(fields=('shop', 'parameters'), name='qr_code_once_per_placement', violation_error_message='This shop already has a code with these parameters.'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('price__gt', 0)), name='product_price_positive'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('vat_rate__gte', 0), ('vat_rate__lt', 100)), name='product_vat_rate_sane'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('picture', None), models.Q(models.Q(('picture_alt_sv', ''), _negated=True), models.Q(('picture_alt_en', ''), _negated=True)), _connector='OR'), name='product_picture_is_told', violation_error_message='Describe the picture in both languages.'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['customer', 'shop', '-id'], name='order_of_customer'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['created_at'], name='order_by_day'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('customer', 'shop', 'nonce'), name='order_nonce_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('created', 'sending', 'awaiting_payment', 'cancel_pending'))), fields=('customer', 'shop'), name='order_open_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['created', 'sending', 'awaiting_payment', 'cancel_pending', 'paid', 'served', 'canceled', 'failed', 'expired', 'partly_refunded', 'refunded', 'needs_attention'])), name='order_state_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('total__gt', 0)), name='order_total_positive'),
        ),
        migrations.AddConstraint(
            model_name='openinghours',
            constraint=models.CheckConstraint(condition=models.Q(('weekday__lte', 6)), name='opening_hours_weekday_known'),
        ),
    ]
