from django.conf import settings
from django.db import migrations, models


# An order's state matches its progress from here on. Before, a served order whose payment was reversed
# and then confirmed became "paid", and a served order of the first version has no time.
MATCH_STATES_TO_PROGRESS = """
    UPDATE orders_order SET state = 'served' WHERE state = 'paid' AND served_at IS NOT NULL;
    UPDATE orders_order SET served_at = created_at WHERE state = 'served' AND served_at IS NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0014_large_lists'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='auditevent',
            name='event_name_known',
        ),
        migrations.RemoveConstraint(
            model_name='order',
            name='order_state_known',
        ),
        migrations.AddField(
            model_name='order',
            name='preparing_at',
            field=models.DateTimeField(null=True, verbose_name='being prepared since'),
        ),
        migrations.AddField(
            model_name='order',
            name='ready_at',
            field=models.DateTimeField(null=True, verbose_name='ready since'),
        ),
        migrations.AlterField(
            model_name='order',
            name='state',
            field=models.CharField(choices=[('created', 'created'), ('sending', 'sending'), ('awaiting_payment', 'awaiting payment'), ('cancel_pending', 'cancel pending'), ('paid', 'paid'), ('preparing', 'being prepared'), ('ready', 'ready'), ('served', 'served'), ('canceled', 'cancelled'), ('failed', 'failed'), ('expired', 'timed out'), ('partly_refunded', 'partly refunded'), ('refunded', 'refunded'), ('needs_attention', 'needs attention')], default='created', max_length=20, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='auditevent',
            constraint=models.CheckConstraint(condition=models.Q(('name__in', ['order_created', 'order_sending', 'order_awaiting_payment', 'order_cancel_pending', 'order_paid', 'order_preparing', 'order_ready', 'order_served', 'order_step_undone', 'order_canceled', 'order_failed', 'order_expired', 'order_partly_refunded', 'order_refunded', 'order_needs_attention', 'sending_started', 'sending_failed', 'sent', 'sent_after_cancel_request', 'stray_reference_canceled', 'stray_reference_not_canceled', 'refused_by_seqr', 'canceled_before_sending', 'expired_before_sending', 'issued_again', 'acknowledgment_awaited', 'amount_reserved', 'partially_paid', 'attention_needed', 'payment_confirmed', 'payment_reversed', 'possibly_reversed', 'canceled_at_seqr', 'failed_at_seqr', 'expired_at_seqr', 'duplicate_payment_found', 'duplicate_pays_order', 'corrected_to_match_seqr', 'answer_after_order_was_paid', 'unexpected_status', 'cancel_requested', 'cancel_deferred', 'cancel_refused', 'cancel_refused_as_paid', 'cancel_confirmed', 'lifetime_ended', 'ended_by_staff', 'capture_started', 'capture_failed', 'capture_outcome_unknown', 'reservation_captured', 'loyalty_hook_failed', 'loyalty_card_recognised', 'loyalty_card_not_recognised', 'loyalty_answer_deferred', 'loyalty_answer_refused', 'loyalty_cards_answered', 'discount_dropped', 'receipt_deferred', 'receipt_refused', 'receipt_abandoned', 'receipt_accepted', 'refund_requested', 'refund_approved', 'refund_withdrawn', 'refund_sending_started', 'refund_deferred', 'refund_completed', 'refund_rejected', 'refund_outcome_unknown', 'refund_possibly_made', 'refund_hold_extended', 'refund_resolved_as_refunded', 'refund_resolved_as_not_refunded', 'marking_started', 'marking_deferred', 'period_skipped', 'period_marked', 'period_lost', 'period_found', 'period_never_closed', 'report_requested', 'report_deferred', 'report_fetched_again', 'period_reconciled', 'paid_though_canceled_case', 'duplicate_payment_case', 'amount_differs_case', 'amount_unknown_case', 'reference_too_long_case', 'partial_payment_case', 'possibly_reversed_case', 'payment_unconfirmed_case', 'answer_mismatch_case', 'cancel_stuck_case', 'paid_without_reference_case', 'configuration_case', 'unknown_at_seqr_case', 'refund_unknown_case', 'refunds_held_case', 'refund_stuck_case', 'unknown_status_case', 'lost_period_case', 'report_differs_case', 'reconciliation_stuck_case', 'case_closed', 'possible_matching_sale', 'terminal_added', 'terminal_password_changed', 'terminal_takes_shop', 'terminal_retired', 'terminal_reactivated', 'payments_paused', 'payments_resumed', 'probe_refused', 'probe_unanswered']), ('subject_type', 'call'), _connector='OR'), name='event_name_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['created', 'sending', 'awaiting_payment', 'cancel_pending', 'paid', 'preparing', 'ready', 'served', 'canceled', 'failed', 'expired', 'partly_refunded', 'refunded', 'needs_attention'])), name='order_state_known'),
        ),
        migrations.RunSQL(MATCH_STATES_TO_PROGRESS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('state', 'paid'), _negated=True), models.Q(('served_at', None), ('preparing_at', None), ('ready_at', None)), _connector='OR'), models.Q(models.Q(('state', 'preparing'), _negated=True), models.Q(('served_at', None), ('preparing_at__isnull', False), ('ready_at', None)), _connector='OR'), models.Q(models.Q(('state', 'ready'), _negated=True), models.Q(('served_at', None), ('ready_at__isnull', False)), _connector='OR'), models.Q(models.Q(('state', 'served'), _negated=True), ('served_at__isnull', False), _connector='OR')), name='order_state_matches_progress'),
        ),
    ]
