"""Mutations of what the shop does with SEQR's answers, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

APPLY_STATUS = "payments/invoices/apply_status.py"
CANCEL = "payments/invoices/cancel.py"
CASES = "payments/cases/cases.py"
DUPLICATE = "payments/invoices/duplicate.py"
PAYMENT = "payments/invoices/payment.py"
REFRESH = "payments/invoices/refresh.py"
STATUS_QUERY = "payments/invoices/status_query.py"

ANSWER_MUTATIONS = (
    Mutation(
        "send version 0 in each query",
        STATUS_QUERY,
        "        invoice.invoice_version,\n        InvoiceStatus(invoice.status),\n",
        "        0,\n        InvoiceStatus(invoice.status),\n",
        "tests/payments/invoices/test_refresh.py::test_query_sends_the_version_of_the_last_answer",
        by_model=True,
    ),
    Mutation(
        "apply an answer older than the known version",
        APPLY_STATUS,
        "    if result.version < invoice.invoice_version:\n        return False\n",
        "",
        "tests/payments/invoices/test_refresh.py"
        "::test_late_answer_from_before_payment_does_not_undo_it",
    ),
    Mutation(
        "query an invoice whose order another one has paid",
        STATUS_QUERY,
        "    if not (is_captured or may_be_duplicate) and order_paid_by_another(invoice):\n"
        "        return None\n",
        "",
        "tests/payments/invoices/test_ended_invoices.py"
        "::test_invoice_of_order_paid_by_another_is_not_queried",
        by_model=True,
    ),
    Mutation(
        "do not cancel the other invoice",
        APPLY_STATUS,
        "    open_reference_case(invoice, source)\n"
        "    _supersede_other_invoices(invoice, source)\n",
        "    open_reference_case(invoice, source)\n",
        "tests/payments/invoices/test_ended_invoices.py"
        "::test_ended_invoice_found_paid_pays_order_and_open_one_is_cancelled",
        by_model=True,
    ),
    Mutation(
        "open no case for a late second payment",
        DUPLICATE,
        "        open_case(\n"
        "            CaseKind.DUPLICATE_PAYMENT,\n"
        "            source,\n"
        "            DUPLICATE_PAYMENT_FOUND,\n"
        "            invoice=invoice,\n"
        "            is_new_problem=True,\n"
        "        )\n",
        "",
        "tests/payments/invoices/test_ended_invoices.py"
        "::test_duplicate_payment_accepted_before_the_first_was_found_opens_case",
    ),
    Mutation(
        "count the closed case of a payment that SEQR might have returned",
        DUPLICATE,
        "            is_new_problem=True,\n",
        "",
        "tests/payments/invoices/test_duplicate_payments.py"
        "::test_payment_found_kept_after_its_case_was_closed_opens_another_case",
    ),
    Mutation(
        "open one case for all reversals of an invoice",
        CASES,
        "    CaseKind.POSSIBLY_REVERSED,\n",
        "",
        "tests/payments/invoices/test_resolve_attention.py"
        "::test_second_reversal_opens_another_case_whose_closing_frees_the_customer",
    ),
    Mutation(
        "open one case for all times that SEQR stops confirming a payment",
        CASES,
        "        return Q(closed_at=None) | Q(closed_by__isnull=False)\n",
        "        return Q()\n",
        "tests/payments/invoices/test_unconfirmed_payments.py"
        "::test_payment_unconfirmed_again_after_its_case_closed_by_itself_opens_another",
    ),
    Mutation(
        "open a case anew at each answer after a person has closed it",
        CASES,
        "        return Q(closed_at=None) | Q(closed_by__isnull=False)\n",
        "        return Q(closed_at=None)\n",
        "tests/payments/invoices/test_unconfirmed_payments.py"
        "::test_unconfirmed_payment_whose_case_a_person_closed_opens_no_other",
    ),
    Mutation(
        "promise that SEQR returns a payment that SEQR keeps",
        "payments/invoices/end_unpaid.py",
        "        possibly_reversed=not is_paid,\n",
        "        possibly_reversed=True,\n",
        "tests/payments/invoices/test_stuck_cancels.py"
        "::test_ended_invoice_that_seqr_reports_as_paid_has_a_case_and_promises_no_reversal",
    ),
    Mutation(
        "forget a payment without a reference when SEQR does not answer again",
        CANCEL,
        "            is_paid = _was_paid_without_reference(invoice_id)\n",
        "            is_paid = False\n",
        "tests/payments/invoices/test_stuck_cancels.py"
        "::test_payment_without_reference_is_remembered_when_seqr_does_not_answer_again",
    ),
    Mutation(
        "take the acknowledgment of a reversed payment for the next one's",
        PAYMENT,
        '        "acknowledged_at": None,  # an earlier payment\'s, which SEQR has reversed\n',
        "",
        "tests/payments/invoices/test_unconfirmed_payments.py"
        "::test_payment_after_a_reversal_is_acknowledged_anew",
    ),
    Mutation(
        "repeat a late query that has a case about a mismatch",
        REFRESH,
        " | Q(cases__kind=CaseKind.ANSWER_MISMATCH)",
        "",
        "tests/payments/invoices/test_ended_invoices.py"
        "::test_late_query_answered_about_another_invoice_is_left_to_its_case",
    ),
    Mutation(
        "suspect no reversal",
        APPLY_STATUS,
        "REVERSAL_SUSPECTED_AFTER = timedelta(seconds=15)",
        "REVERSAL_SUSPECTED_AFTER = timedelta(minutes=15)",
        "tests/payments/invoices/test_reversals.py"
        "::test_payment_cancelled_after_silence_is_possibly_reversed",
        by_model=True,
    ),
    Mutation(
        "do not repeat a lost query about an ended invoice",
        REFRESH,
        "    if invoice.status not in UNPAID_FINAL_STATUSES:\n        return None\n    now =",
        "    if invoice.status != 'no such status':\n        return None\n    now =",
        "tests/payments/invoices/test_ended_invoices.py"
        "::test_late_query_with_lost_answer_is_repeated",
    ),
    Mutation(
        "take code 50 for a cancel",
        CANCEL,
        "        if error.result_code == ResultCode.INVOICE_ALREADY_CANCELED:\n",
        "        if error.result_code in (\n"
        "            ResultCode.INVOICE_ALREADY_CANCELED,\n"
        "            ResultCode.CANNOT_CANCEL_PAID_INVOICE,\n"
        "        ):\n",
        "tests/payments/invoices/test_cancel.py"
        "::test_payment_between_query_and_cancel_is_found_after_the_refusal",
        by_model=True,
    ),
    Mutation(
        "ignore code 50 of a superseded invoice",
        CANCEL,
        "            record_refused_as_paid(invoice.pk, source)\n",
        "",
        "tests/payments/invoices/test_cancel.py"
        "::test_duplicate_payment_found_by_refused_cancel_opens_case",
    ),
    Mutation(
        "ignore codes 55 and 58 of a superseded invoice",
        CANCEL,
        "    ResultCode.PAYMENT_ALREADY_CANCELLED,\n    ResultCode.PAYMENT_EXPIRED,\n",
        "",
        "tests/payments/invoices/test_cancel.py"
        "::test_superseded_invoice_that_ended_at_seqr_is_cancelled_without_query",
    ),
    Mutation(
        "confirm a cancel without an answer",
        CANCEL,
        "    except SeqrError as error:\n"
        "        _defer(invoice.pk, EventName.CANCEL_DEFERRED, error, source, is_paid=is_paid)\n"
        "    else:\n",
        "    except SeqrError:\n        _confirm_cancel(invoice.pk, source)\n    else:\n",
        "tests/payments/invoices/test_cancel.py"
        "::test_cancel_with_lost_answer_stays_pending_until_seqr_confirms_it",
    ),
    Mutation(
        "acknowledge a payment by any answer",
        APPLY_STATUS,
        "        query.status == result.status == invoice.status == InvoiceStatus.PAID\n",
        "        query.status == invoice.status == InvoiceStatus.PAID\n",
        "tests/payments/invoices/test_unconfirmed_payments.py"
        "::test_answer_other_than_paid_does_not_acknowledge_and_opens_case",
    ),
    Mutation(
        "open no case about an unconfirmed payment",
        APPLY_STATUS,
        "        open_case(CaseKind.PAYMENT_UNCONFIRMED, source, summary, invoice=invoice)\n",
        "",
        "tests/payments/invoices/test_unconfirmed_payments.py"
        "::test_answer_other_than_paid_does_not_acknowledge_and_opens_case",
    ),
    Mutation(
        "pay by an answer about another invoice",
        PAYMENT,
        "        if answered and answered != ours:\n",
        "        if answered and not ours:\n",
        "tests/payments/invoices/test_answer_mismatch.py"
        "::test_receipt_of_another_invoice_opens_case_and_pays_nothing",
    ),
    Mutation(
        "do not compare the receipt's invoice number",
        PAYMENT,
        '            ("invoice number", receipt.client_invoice_id, invoice.client_invoice_id),\n',
        "",
        "tests/payments/invoices/test_answer_mismatch.py"
        "::test_receipt_of_another_invoice_opens_case_and_pays_nothing",
    ),
    Mutation(
        "acknowledge in a batch by another payment's reference",
        "payments/invoices/apply_unchanged.py",
        "          AND ers_reference IS NOT DISTINCT FROM answered_reference\n",
        "",
        "tests/payments/invoices/test_answer_mismatch.py"
        "::test_poller_acknowledges_no_payment_by_another_payment_reference",
    ),
    Mutation(
        "throw a duplicate payment's reference away",
        DUPLICATE,
        "        transition_invoice(\n            invoice, InvoiceStatus.DUPLICATE, source, "
        "**payment_fields(result, SAVED_NOW)\n        )\n",
        "",
        "tests/payments/invoices/test_duplicate_payments.py"
        "::test_duplicate_payment_keeps_its_reference_and_amount",
    ),
    Mutation(
        "query a duplicate payment before SEQR could return it",
        DUPLICATE,
        "KEPT_AFTER = timedelta(seconds=60)",
        "KEPT_AFTER = timedelta(seconds=0)",
        "tests/payments/invoices/test_duplicate_payments.py"
        "::test_kept_payment_of_superseded_invoice_is_found_after_a_minute",
    ),
    Mutation(
        "let a duplicate pay the order that is being refunded",
        DUPLICATE,
        "        if not refunds.exists():\n",
        "        if not refunds.none().exists():\n",
        "tests/payments/invoices/test_duplicate_payments.py"
        "::test_duplicate_payment_that_is_being_refunded_does_not_pay_the_order",
    ),
    Mutation(
        "repeat a refused cancel without back-off",
        CANCEL,
        "    save_fields(invoice, **CANCEL_LEASE.deferred(pause))\n",
        "    save_fields(invoice, **CANCEL_LEASE.released())\n",
        "tests/payments/invoices/test_stuck_cancels.py"
        "::test_failing_cancel_is_retried_with_backoff_and_recorded_hourly",
    ),
    Mutation(
        "record each failed cancel",
        "payments/call_audit.py",
        "not call.reason or not _failed_alike_recently(call, order_id):\n",
        "not call.reason or _failed_alike_recently(call, order_id):\n",
        "tests/payments/invoices/test_stuck_cancels.py"
        "::test_failing_cancel_is_retried_with_backoff_and_recorded_hourly",
    ),
    Mutation(
        "open no case for a cancel that SEQR never confirms",
        CANCEL,
        "        open_case(CaseKind.CANCEL_STUCK, source, summary, invoice=invoice)\n",
        "        pass\n",
        "tests/payments/invoices/test_stuck_cancels.py"
        "::test_cancel_refused_for_ever_opens_case_whose_closing_frees_the_customer",
    ),
    Mutation(
        "close a case without ending its invoice",
        "payments/invoices/resolve_attention.py",
        "        _end_invoice(lock_invoice(case.invoice_id), source)\n",
        "        lock_invoice(case.invoice_id)\n",
        "tests/payments/invoices/test_stuck_cancels.py"
        "::test_closing_the_case_of_an_unclear_status_ends_the_invoice",
    ),
    Mutation(
        "keep an invoice open that SEQR does not know",
        CANCEL,
        "        if is_unknown and error.result_code == ResultCode.INVALID_INVOICE_REFERENCE:\n",
        "        if not is_unknown and error.result_code == ResultCode.PAYMENT_IN_PROGRESS:\n",
        "tests/payments/invoices/test_stuck_cancels.py"
        "::test_invoice_unknown_to_seqr_is_cancelled_and_its_case_stays_open",
    ),
    Mutation(
        "open no case about a partial payment that ended",
        "payments/invoices/end_unpaid.py",
        "    if invoice.partially_paid:\n",
        "    if invoice.partially_paid and invoice.cancel_reason:\n",
        "tests/payments/invoices/test_partial_payments.py"
        "::test_partial_payment_that_ends_at_seqr_opens_case",
    ),
    Mutation(
        "take an unknown amount for the invoice's",
        PAYMENT,
        "    elif invoice.paid_amount is None:\n",
        "    elif invoice.discount_unconfirmed:\n",
        "tests/payments/invoices/test_partial_payments.py"
        "::test_receipt_without_a_readable_amount_opens_case_and_order_is_paid",
    ),
    Mutation(
        "serve an order again after a partial refund",
        "orders/services/progress.py",
        "    if _SEQUENCE.index(order.progress) >= _SEQUENCE.index(step):\n        return False\n",
        "",
        "tests/backoffice/test_orders.py"
        "::test_served_order_that_is_partly_refunded_is_not_served_again",
    ),
    Mutation(
        "serve an order that is not paid",
        "orders/services/progress.py",
        "    if order.state not in (*SERVABLE_STATES, OrderState.SERVED):\n",
        "    if order.state == OrderState.REFUNDED:\n",
        "tests/orders/test_progress.py::test_kitchen_changes_no_order_that_is_not_paid",
    ),
    Mutation(
        "forget that an order was served before its payment was reversed",
        "payments/invoices/transitions.py",
        "    order_state = order.progress if to == _S.PAID else _ORDER_STATE[to]\n",
        "    order_state = OrderState.PAID if to == _S.PAID else _ORDER_STATE[to]\n",
        "tests/payments/invoices/test_progress.py"
        "::test_order_paid_again_after_reversal_keeps_its_progress",
    ),
    Mutation(
        "take the answer to a query of before a payment for its acknowledgment",
        "payments/polling/schedule.py",
        "        entry.query, entry.unchanged_status = query, None\n",
        "        entry.query, entry.unchanged_status = query, None\n"
        "        entry.sent_query = query\n",
        "tests/payments/polling/test_writer.py"
        "::test_answer_to_a_query_of_before_the_payment_does_not_acknowledge_it",
    ),
    Mutation(
        "know an answer again after the query was replaced",
        "payments/polling/poller.py",
        "isinstance(outcome, PaymentStatus) and entry.sent_query is entry.query:",
        "isinstance(outcome, PaymentStatus):",
        "tests/payments/polling/test_poller.py"
        "::test_answer_repeated_after_the_query_was_replaced_is_compared_with_the_new_query",
    ),
    Mutation(
        "acknowledge a payment by the receipt of another invoice",
        "payments/invoices/apply_unchanged.py",
        "          AND coalesce(receipt_reference, invoice_reference) = invoice_reference\n",
        "",
        "tests/payments/invoices/test_apply_unchanged.py"
        "::test_payment_whose_receipt_is_of_another_invoice_is_not_acknowledged",
    ),
)
