"""Mutations of receipts, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

CREDITS = "payments/receipts/credits.py"
DOCUMENT = "payments/receipts/document.py"
ISSUE = "payments/issue_receipts.py"
NUMBERS = "payments/migrations/0018_receipt_numbers.py"
RECEIPT_MAIL = "seqrshop/storefront/receipt_mail.py"
REFUND_TRANSITIONS = "payments/refund_transitions.py"
TRANSITIONS = "payments/invoices/transitions.py"
TEST_NUMBERS = "tests/payments/receipts/test_receipt_numbers.py"
TEST_CREDIT_RECEIPTS = "tests/payments/receipts/test_credit_receipts.py"

SUBMIT = "payments/receipts/submit.py"
TEST_BATCHES = "tests/payments/receipts/test_receipt_batches.py"

RECEIPT_MUTATIONS = (
    Mutation(
        "begin calls for receipts without an end",
        SUBMIT,
        "        if monotonic() > until:\n",
        "        if monotonic() > until + 3600:\n",
        f"{TEST_BATCHES}::test_receipts_for_which_no_time_is_left_are_due_at_once",
    ),
    Mutation(
        "let a lease of a batch's receipts end before its last call may",
        SUBMIT,
        "    return timedelta(seconds=SUBMIT_SECONDS) + call_lease_duration()\n",
        "    return call_lease_duration()\n",
        f"{TEST_BATCHES}::test_what_fails_of_a_batch_keeps_no_other_from_being_recorded",
    ),
    Mutation(
        "wait for a locked invoice with the acceptances of others",
        SUBMIT,
        "    recorded = _record_those_of(_SUBMITTED_UNLESS_BUSY, calls)\n",
        "    recorded = _record_those_of(_SUBMITTED, calls)\n",
        f"{TEST_BATCHES}"
        "::test_acceptance_of_a_locked_invoice_is_recorded_behind_the_others_once_it_is_free",
    ),
    Mutation(
        "forget the acceptance of an invoice that somebody has locked",
        SUBMIT,
        "    for invoice_id in calls.keys() - recorded:\n",
        "    for invoice_id in calls.keys() & recorded:\n",
        f"{TEST_BATCHES}"
        "::test_acceptance_of_a_locked_invoice_is_recorded_behind_the_others_once_it_is_free",
    ),
    Mutation(
        "let hanging receipts take every thread of the background worker",
        "payments/tasks.py",
        "_receipt_batches = BoundedSemaphore(RECEIPT_BATCHES_AT_ONCE)\n",
        "_receipt_batches = BoundedSemaphore(16)\n",
        "tests/payments/test_recovery.py"
        "::test_hanging_receipts_leave_threads_to_all_other_work_of_recovery",
    ),
    Mutation(
        "number a receipt where it is inserted, and hold the lock until COMMIT",
        NUMBERS,
        "    DEFERRABLE INITIALLY DEFERRED\n",
        "    DEFERRABLE INITIALLY IMMEDIATE\n",
        f"{TEST_NUMBERS}::test_unfinished_payment_delays_no_other_payment_of_its_seller",
    ),
    Mutation(
        "number receipts without a lock",
        NUMBERS,
        "    PERFORM pg_advisory_xact_lock(1701, NEW.seller_id::int);\n",
        "",
        f"{TEST_NUMBERS}::test_payment_waits_for_the_number_that_another_one_of_its_seller_takes",
    ),
    Mutation(
        "number the receipts of all sellers in one series",
        NUMBERS,
        "WHERE seller_id = NEW.seller_id), 0\n",
        "), 0\n",
        f"{TEST_NUMBERS}::test_payments_of_a_batch_take_the_next_numbers_of_their_sellers",
    ),
    Mutation(
        "lock the sellers of a batch in the order of its payments",
        ISSUE,
        "    ORDER BY s.id, new.position\n",
        "    ORDER BY new.position\n",
        f"{TEST_NUMBERS}::test_two_sellers_are_locked_in_the_order_of_their_ids",
    ),
    Mutation(
        "let a numbered receipt be deleted",
        NUMBERS,
        "BEFORE UPDATE OR DELETE ON payments_receipt\n",
        "BEFORE UPDATE ON payments_receipt\n",
        f"{TEST_NUMBERS}::test_receipt_is_neither_changed_nor_deleted",
    ),
    Mutation(
        "issue another receipt when a duplicate payment pays the order",
        TRANSITIONS,
        "        if from_state not in CAPTURED_STATUSES and to in CAPTURED_STATUSES:\n",
        "        if to in CAPTURED_STATUSES:\n",
        f"{TEST_CREDIT_RECEIPTS}"
        "::test_duplicate_payment_has_a_receipt_and_no_second_one_when_it_pays_the_order",
    ),
    Mutation(
        "issue no credit receipt for a reversal",
        TRANSITIONS,
        "            _credit_reversal(invoice, captured)\n",
        "",
        f"{TEST_CREDIT_RECEIPTS}"
        "::test_reversed_payment_is_credited_and_a_later_payment_has_a_receipt_of_its_own",
    ),
    Mutation(
        "credit a reversal over what was refunded too",
        TRANSITIONS,
        "    rest = captured - refunded_amount(invoice)\n",
        "    rest = captured\n",
        f"{TEST_CREDIT_RECEIPTS}::test_reversal_credits_what_was_not_refunded",
    ),
    Mutation(
        "issue no credit receipt for a refund",
        REFUND_TRANSITIONS,
        "            issue_receipts([_credit_receipt(refund)])\n",
        "",
        f"{TEST_CREDIT_RECEIPTS}::test_executed_refund_gets_a_credit_receipt",
    ),
    Mutation(
        "round the VAT of each credit receipt by itself",
        CREDITS,
        "    vat = vat_line(rate, before).vat - vat_line(rate, after).vat\n",
        "    vat = vat_line(rate, before - after).vat\n",
        "tests/payments/receipts/test_credits.py"
        "::test_credits_of_a_whole_payment_add_up_to_its_net_and_vat_at_each_rate",
    ),
    Mutation(
        "show the seller of today on an old receipt",
        DOCUMENT,
        "    return _details(receipt if is_complete else receipt.seller)\n",
        "    return _details(receipt.seller)\n",
        f"{TEST_CREDIT_RECEIPTS}::test_receipt_keeps_the_seller_of_the_day",
    ),
    Mutation(
        "show a receipt of another order by its number",
        DOCUMENT,
        "    receipts = _receipts().filter(invoice__order=order_id, number=number)\n",
        "    receipts = _receipts().filter(number=number)\n",
        "tests/storefront/test_receipt.py::test_number_of_another_order_is_not_found",
    ),
    Mutation(
        "store a customer's e-mail address in Redis as it is",
        RECEIPT_MAIL,
        "encrypt(address), ex=MAIL_SECONDS)\n",
        "address, ex=MAIL_SECONDS)\n",
        "tests/storefront/test_receipt_mail.py::test_address_is_in_no_table_no_log_and_no_message",
    ),
    Mutation(
        "leave a customer's e-mail address in Redis after the mail",
        RECEIPT_MAIL,
        "client.getdel(key)",
        "client.get(key)",
        "tests/storefront/test_receipt_mail.py"
        "::test_encrypted_address_ends_by_itself_and_when_the_worker_takes_it",
    ),
    Mutation(
        "mail a receipt to one address as often as it is asked for",
        RECEIPT_MAIL,
        "mail_id, nx=True, ex=MAIL_SECONDS)",
        "mail_id, ex=MAIL_SECONDS)",
        "tests/storefront/test_receipt_mail.py"
        "::test_same_address_gets_a_receipt_once_however_often_the_form_is_sent",
    ),
)
