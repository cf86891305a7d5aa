"""Mutations of refunds, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

ALLOWANCE = "payments/refunds/allowance.py"
HELD_REFUNDS = "payments/reconciliation/held_refunds.py"
BULK_JOBS = "seqrshop/backoffice/bulk/jobs.py"
BULK_CHOICE = "seqrshop/backoffice/bulk/choose.py"
REFUND = "payments/refunds/refund.py"
ROW_AMOUNTS = "payments/refunds/row_amounts.py"
SEND_REFUND = "payments/refunds/send.py"
TRANSITIONS = "payments/invoices/transitions.py"

REFUND_MUTATIONS = (
    Mutation(
        "repeat a refund whose answer was lost",
        SEND_REFUND,
        "        _record_unknown(refund_id, str(error))\n",
        "        _defer(refund_id, error)\n",
        "tests/payments/refunds/test_refund_outcomes.py"
        "::test_refund_with_lost_answer_is_unknown_and_reserved_and_never_sent_again",
        by_model=True,
    ),
    Mutation(
        "drop SEQR's late answer about a refund",
        SEND_REFUND,
        "    if from_state == RefundStatus.REFUNDED:\n        return\n    transition_refund(\n",
        "    if from_state != RefundStatus.SENDING:\n        return\n    transition_refund(\n",
        "tests/payments/refunds/test_refund_outcomes.py"
        "::test_late_confirmation_overrules_a_refund_resolved_as_not_refunded",
    ),
    Mutation(
        "compare each refund with the limit by itself",
        ALLOWANCE,
        "        settings.REFUND_APPROVAL_LIMIT - of_invoice,\n",
        "        settings.REFUND_APPROVAL_LIMIT,\n",
        "tests/payments/refunds/test_approval.py"
        "::test_refunds_of_one_payment_need_approval_once_their_sum_exceeds_the_limit",
    ),
    Mutation(
        "count another person's refunds of a payment apart",
        ALLOWANCE,
        "    of_invoice = _sum(Q(invoice=invoice))\n",
        "    of_invoice = _sum(Q(invoice=invoice, requested_by=person))\n",
        "tests/payments/refunds/test_approval.py"
        "::test_refunds_of_one_payment_need_approval_once_their_sum_exceeds_the_limit",
    ),
    Mutation(
        "let a person record their own refund as not made, and make it again",
        ALLOWANCE,
        '    | Q(status=RefundStatus.REJECTED, resolved_by=F("requested_by"))\n',
        "",
        "tests/payments/refunds/test_approval.py"
        "::test_refund_that_its_requester_records_as_not_made_still_counts",
    ),
    Mutation(
        "let a person record the outcome of their own refund",
        REFUND,
        "    if needs_another_resolver(refund, source.actor):\n",
        "    if False:\n",
        "tests/payments/refunds/test_second_person.py"
        "::test_requester_does_not_record_the_outcome_where_another_person_may",
    ),
    Mutation(
        "sum a person's refunds without a lock",
        REFUND,
        "    lock_person(source.actor)\n",
        "",
        "tests/payments/refunds/test_approval.py"
        "::test_second_refund_of_a_person_waits_for_the_first_and_counts_it",
    ),
    Mutation(
        "let everybody approve refunds",
        REFUND,
        "    if not source.actor.has_perm(APPROVE_PERMISSION):\n",
        "    if not source.actor.pk:\n",
        "tests/payments/refunds/test_approval.py"
        "::test_approval_needs_another_person_with_the_permission",
    ),
    Mutation(
        "send a refund of a payment that SEQR has reversed",
        SEND_REFUND,
        "    if obstacle is not None:\n"
        "        withdraw_locked_refund(refund, obstacle, SOURCE)\n"
        "        return None\n",
        "",
        "tests/payments/refunds/test_refunds_of_reversed_payments.py"
        "::test_unsent_refund_of_an_unpaid_invoice_is_withdrawn_just_before_the_call",
    ),
    Mutation(
        "send a refund of a payment that SEQR does not confirm",
        SEND_REFUND,
        "    if is_unconfirmed(refund.invoice_id):\n        return None\n",
        "",
        "tests/payments/refunds/test_refunds_of_unconfirmed_payments.py"
        "::test_refund_of_an_unconfirmed_payment_waits_until_seqr_confirms_the_payment_again",
    ),
    Mutation(
        "approve a refund of a payment that SEQR does not confirm",
        REFUND,
        "    if is_unconfirmed(refund.invoice_id):\n",
        "    if is_unconfirmed(0):\n",
        "tests/payments/refunds/test_refunds_of_unconfirmed_payments.py"
        "::test_refund_of_an_unconfirmed_payment_cannot_be_approved",
    ),
    Mutation(
        "let a refund end the attention that an order needs",
        "payments/balance.py",
        "    if invoice.order.state == OrderState.NEEDS_ATTENTION:\n        return\n",
        "",
        "tests/payments/invoices/test_resolve_attention.py"
        "::test_partly_refunded_order_cannot_be_served_while_its_case_is_open",
    ),
    Mutation(
        "leave the unsent refunds of a reversed payment",
        TRANSITIONS,
        "            withdraw_unsent_refunds(invoice, source)\n",
        "            pass\n",
        "tests/payments/refunds/test_refunds_of_reversed_payments.py"
        "::test_reversal_withdraws_unsent_refunds_with_their_reason_and_closes_their_cases",
    ),
    Mutation(
        "send refunds without looking for lost transactions",
        SEND_REFUND,
        "        require_complete_database(SOURCE)\n",
        "",
        "tests/payments/refunds/test_lost_transactions.py"
        "::test_refund_sent_before_a_restore_is_held_and_not_sent_again",
    ),
    Mutation(
        "take a new event with the lost one's id for it",
        "orders/audit_marker.py",
        "filter(pk=marker.event_id, occurred_at=marker.occurred_at)",
        "filter(pk=marker.event_id)",
        "tests/payments/refunds/test_lost_transactions.py"
        "::test_loss_is_found_after_new_events_have_the_ids_of_the_lost_ones",
    ),
    Mutation(
        "look for a hold before the lease only",
        "payments/refunds/hold.py",
        '    if refunds_are_held():\n        raise SendingHeld("refunds are on hold")\n',
        "",
        "tests/payments/refunds/test_lost_transactions.py"
        "::test_refund_is_held_when_another_process_finds_the_loss_after_its_lease",
    ),
    Mutation(
        "extend a hold that a person is ending",
        "payments/refunds/hold.py",
        "open_cases.select_for_update(no_key=True).first()",
        "open_cases.first()",
        "tests/payments/refunds/test_lost_transactions.py"
        "::test_loss_found_while_a_person_closes_the_hold_places_another_hold",
    ),
    Mutation(
        "send refunds while they are on hold",
        SEND_REFUND,
        "    if refunds_are_held():\n        return None\n",
        "",
        "tests/payments/refunds/test_lost_transactions.py"
        "::test_refund_requested_after_a_restore_waits_for_the_end_of_the_hold",
    ),
    Mutation(
        "send a refund that no marker has",
        "orders/audit_marker.py",
        "    if not kept_by_any:\n",
        "    if not kept_by_any and not marker_stores():\n",
        "tests/payments/refunds/test_lost_transactions.py"
        "::test_refund_is_deferred_while_no_marker_can_be_kept",
    ),
    Mutation(
        "release refunds by reports that may show no refunds",
        HELD_REFUNDS,
        " and reports_show_refunds()\n",
        "\n",
        "tests/payments/reconciliation/test_held_refunds.py"
        "::test_reports_that_have_shown_no_refund_yet_release_nothing",
    ),
    Mutation(
        "keep an earlier attempt's time of a refund that was possibly made",
        "payments/refunds/hold.py",
        "source, detail=detail, **sent)",
        "source, detail=detail)",
        "tests/payments/reconciliation/test_held_refunds.py"
        "::test_refund_that_was_possibly_made_in_the_lost_time_competes_for_a_row",
    ),
    Mutation(
        "look for a refund of the lost time at its beginning only",
        "payments/reconciliation/matching.py",
        "(refund.sent_until or refund.sent_at) +",
        "refund.sent_at +",
        "tests/payments/reconciliation/test_held_refunds.py"
        "::test_refund_possibly_made_in_the_lost_time_is_looked_for_until_its_end",
    ),
    Mutation(
        "match a refund of the lost time at its beginning only",
        "payments/reconciliation/matching.py",
        'Coalesce("sent_until", "sent_at")',
        'Coalesce("sent_at", "sent_until")',
        "tests/payments/reconciliation/test_held_refunds.py"
        "::test_refund_possibly_made_in_the_lost_time_is_looked_for_until_its_end",
    ),
    Mutation(
        "make a refund for each click",
        REFUND,
        "    if earlier is not None:\n        return earlier, False\n"
        "    return _create(invoice, request, source), True\n",
        "    if earlier is not None:\n"
        '        nonce = f"{request.nonce}, once more"\n'
        "        request = RefundRequest(request.amount, request.reason, nonce)\n"
        "    return _create(invoice, request, source), True\n",
        "tests/payments/refunds/test_refunds.py::test_concurrent_requests_with_one_nonce_create_one_refund",
        by_model=True,
    ),
    Mutation(
        "do not reserve refunds in flight",
        "payments/balance.py",
        "    return captured_amount(invoice) - _sum(invoice, RESERVING_REFUND_STATUSES)\n",
        "    return captured_amount(invoice) - _sum(invoice, (RefundStatus.REFUNDED,))\n",
        "tests/payments/refunds/test_refunds.py::test_concurrent_requests_never_exceed_the_captured_amount",
        by_model=True,
    ),
    Mutation(
        "refund a unit that another refund reserves",
        ROW_AMOUNTS,
        "refund__status__in=RESERVING_REFUND_STATUSES",
        "refund__status=RefundStatus.REFUNDED",
        "tests/payments/refunds/test_refund_rows.py::test_unit_is_not_refunded_twice",
    ),
    Mutation(
        "round each part of a row by itself",
        ROW_AMOUNTS,
        "        return max(due - self.refunded_amount, Decimal(0))\n",
        "        return share(self.paid_amount, quantity, self.order_row.quantity)\n",
        "tests/payments/refunds/test_row_amounts.py"
        "::test_refunds_of_all_units_sum_up_to_the_paid_amount_whatever_was_withdrawn",
    ),
    Mutation(
        "refund rows for an amount that nobody has seen",
        REFUND,
        "    if sum((row.amount for row in rows), Decimal(0)) != request.amount:\n",
        "    if False:\n",
        "tests/payments/refunds/test_refund_rows.py"
        "::test_amount_that_is_not_the_rows_sum_is_refused",
    ),
    Mutation(
        "refund a row of another order",
        ROW_AMOUNTS,
        "    if not quantities.keys() <= of_id.keys():\n        raise UnknownRow\n",
        "    for row in OrderRow.objects.filter(pk__in=quantities.keys() - of_id.keys()):\n"
        "        of_id[row.pk] = RefundableLine((RefundableRow(row, row.total),))\n",
        "tests/payments/refunds/test_refund_rows.py::test_row_of_another_order_is_refused",
    ),
    Mutation(
        "refund a product without its options",
        ROW_AMOUNTS,
        "        for row in of_id[pk].rows\n",
        "        for row in of_id[pk].rows[:1]\n",
        "tests/backoffice/test_options_of_orders.py::test_refund_of_a_unit_pays_back_its_options",
    ),
    Mutation(
        "refund more units of a row than are left",
        ROW_AMOUNTS,
        "        if not 1 <= quantity <= self.remaining:\n",
        "        if quantity < 1:\n",
        "tests/payments/refunds/test_refund_rows.py::test_unit_is_not_refunded_twice",
    ),
    Mutation(
        "refund the rows of a payment that did not pay the order",
        REFUND,
        "    if invoice.status != InvoiceStatus.PAID:\n",
        "    if False:\n",
        "tests/payments/refunds/test_refund_rows.py"
        "::test_duplicate_payment_is_refunded_by_amount_only",
    ),
    Mutation(
        "refund rows at their price, whatever was paid for them",
        ROW_AMOUNTS,
        "        total_paid, before = total + discount_of_rate[rate], Decimal(0)\n",
        "        total_paid, before = total, Decimal(0)\n",
        "tests/payments/refunds/test_row_amounts.py"
        "::test_rows_cost_together_what_was_paid_with_any_discount",
    ),
    Mutation(
        "refund an amount that the page has not shown",
        "seqrshop/backoffice/refund_form.py",
        'given["amount"] is not None or given["seen_amount"] == given["refund_amount"]',
        "True",
        "tests/backoffice/test_refund_page.py"
        "::test_without_script_the_sum_is_shown_before_anything_happens",
    ),
    Mutation(
        "answer a second click on Refund with an error",
        "seqrshop/backoffice/refund_page.py",
        "    if _is_second_click(invoice, form):\n",
        "    if False:\n",
        "tests/backoffice/test_refund_page.py"
        "::test_second_click_shows_the_order_and_refunds_nothing_more",
    ),
    Mutation(
        "let a person decline their own refund",
        REFUND,
        "    _require_approver(refund, source)\n    if refund.status != RefundStatus.REQUESTED:\n"
        "        return False\n    withdraw_locked_refund",
        "    if refund.status != RefundStatus.REQUESTED:\n"
        "        return False\n    withdraw_locked_refund",
        "tests/backoffice/test_approvals.py::test_requester_decides_nothing_about_the_own_refund",
    ),
    Mutation(
        "carry out a job with the rights that its person had",
        BULK_JOBS,
        "    if not may_act(person, action):\n",
        "    if False:\n",
        "tests/backoffice/test_bulk_actions.py"
        "::test_right_that_is_withdrawn_during_a_job_stops_the_next_row",
    ),
    Mutation(
        "mark a single refund as possibly made without a question",
        BULK_CHOICE,
        "    asks = number > 1 or (action.always_asks and number == 1)\n",
        "    asks = number > 1\n",
        "tests/backoffice/test_bulk_confirmation.py"
        "::test_single_refund_is_marked_as_possibly_made_after_a_question_only",
    ),
    Mutation(
        "carry out a job in shops that its person has lost",
        BULK_JOBS,
        "rows_of_person(person, action.rows)",
        "action.rows",
        "tests/backoffice/test_bulk_actions.py"
        "::test_row_of_a_shop_that_the_person_has_lost_is_left_alone",
    ),
)
