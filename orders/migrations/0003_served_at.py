from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0002_audit_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='auditevent',
            name='event_name_known',
        ),
        migrations.AddField(
            model_name='order',
            name='served_at',
            field=models.DateTimeField(null=True, verbose_name='served'),
        ),
        migrations.AddConstraint(
            model_name='auditevent',
            constraint=models.CheckConstraint(condition=models.Q(('name__in', ['order_created', 'order_sending', 'order_awaiting_payment', 'order_cancel_pending', 'order_paid', 'order_served', 'order_canceled', 'order_failed', 'order_expired', 'order_partly_refunded', 'order_refunded', 'order_needs_attention', 'sending_started', 'sending_failed', 'sent', 'sent_after_cancel_request', 'stray_reference_canceled', 'stray_reference_not_canceled', 'refused_by_seqr', 'canceled_before_sending', 'expired_before_sending', 'issued_again', 'acknowledgment_awaited', 'amount_reserved', 'partially_paid', 'attention_needed', 'payment_confirmed', 'payment_reversed', 'possibly_reversed', 'canceled_at_seqr', 'failed_at_seqr', 'expired_at_seqr', 'duplicate_payment_found', 'duplicate_pays_order', 'corrected_to_match_seqr', 'answer_after_order_was_paid', 'unexpected_status', 'cancel_requested', 'cancel_deferred', 'cancel_refused', 'cancel_refused_as_paid', 'cancel_confirmed', 'lifetime_ended', 'ended_by_staff', 'capture_started', 'capture_failed', 'capture_outcome_unknown', 'reservation_captured', 'loyalty_hook_failed', 'loyalty_card_recognised', 'loyalty_card_not_recognised', 'loyalty_answer_deferred', 'loyalty_answer_refused', 'loyalty_cards_answered', 'discount_dropped', 'receipt_deferred', 'receipt_refused', 'receipt_abandoned', 'receipt_accepted', 'refund_requested', 'refund_approved', 'refund_withdrawn', 'refund_sending_started', 'refund_deferred', 'refund_completed', 'refund_rejected', 'refund_outcome_unknown', 'refund_resolved_as_refunded', 'refund_resolved_as_not_refunded', 'marking_started', 'marking_deferred', 'period_skipped', 'period_marked', 'period_lost', 'period_found', 'period_never_closed', 'report_deferred', 'report_fetched_again', 'period_reconciled', 'paid_though_canceled_case', 'duplicate_payment_case', 'amount_differs_case', 'amount_unknown_case', 'partial_payment_case', 'possibly_reversed_case', 'payment_unconfirmed_case', 'answer_mismatch_case', 'cancel_stuck_case', 'paid_without_reference_case', 'configuration_case', 'unknown_at_seqr_case', 'refund_unknown_case', 'refund_stuck_case', 'unknown_status_case', 'lost_period_case', 'report_differs_case', 'reconciliation_stuck_case', 'case_closed', 'possible_matching_sale', 'payments_paused', 'payments_resumed', 'probe_refused', 'probe_unanswered']), ('subject_type', 'call'), _connector='OR'), name='event_name_known'),
        ),
    ]
