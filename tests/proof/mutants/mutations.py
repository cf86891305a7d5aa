"""Mutations of the shop's code, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation
from tests.proof.mutants.outage_mutations import OUTAGE_MUTATIONS
from tests.proof.mutants.reconciliation_mutations import RECONCILIATION_MUTATIONS
from tests.proof.mutants.refund_mutations import REFUND_MUTATIONS
from tests.proof.mutants.shard_mutations import SHARD_MUTATIONS

APPLY_STATUS = "payments/invoices/apply_status.py"
CANCEL = "payments/invoices/cancel.py"
STATUS_QUERY = "payments/invoices/status_query.py"
REFRESH = "payments/invoices/refresh.py"
SEND = "payments/invoices/send.py"
RECOVERY = "payments/recovery.py"
AUDIT_DIGEST = "orders/audit_digest.py"
DATABASE_ROLES = "orders/database_roles.py"
STATE_MACHINE = "orders/state_machine.py"
TRANSITIONS = "payments/invoices/transitions.py"


MUTATIONS = (
    Mutation(
        "skip the row locks",
        TRANSITIONS,
        "    order = lock_order_of(invoice_id)\n"
        "    invoice = Invoice.objects.select_for_update(no_key=True).get(pk=invoice_id)\n",
        "    invoice = Invoice.objects.get(pk=invoice_id)\n"
        "    order = Order.objects.get(invoices=invoice_id)\n",
        "tests/payments/invoices/test_refresh.py::test_second_query_waits_for_the_one_that_stores_the_payment",
    ),
    Mutation(
        "write no audit event",
        STATE_MACHINE,
        "        record_event(row, name, source, "
        "detail=detail, from_state=from_state, to_state=to)\n",
        "",
        "tests/payments/invoices/test_transitions.py",
    ),
    Mutation(
        "do not update the order",
        TRANSITIONS,
        "        if changed:\n            _transition_order_of(invoice, from_state, source)\n",
        "",
        "tests/payments/invoices/test_transitions.py",
    ),
    Mutation(
        "trust the notification",
        "payments/invoices/notification.py",
        "        _open_duplicate_payment_case(invoice_id)\n",
        "        from payments.invoices.transitions import transition_invoice\n"
        "        with transaction.atomic():\n"
        "            invoice = lock_invoice(invoice_id)\n"
        "            if invoice.status == InvoiceStatus.ISSUED:\n"
        "                paid = {'ers_reference': '1', 'paid_at': invoice.issued_at}\n"
        "                transition_invoice(\n"
        "                    invoice,\n"
        "                    InvoiceStatus.PAID,\n"
        "                    ChangeSource(SourceName.NOTIFICATION),\n"
        "                    **paid,\n"
        "                )\n",
        "tests/storefront/test_notify.py::test_notification_starts_status_check_whatever_its_body",
    ),
    Mutation(
        "send version 0 in each query",
        STATUS_QUERY,
        "        invoice.invoice_version,\n        InvoiceStatus(invoice.status),\n",
        "        0,\n        InvoiceStatus(invoice.status),\n",
        "tests/payments/invoices/test_refresh.py::test_query_sends_the_version_of_the_last_answer",
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
        "    if invoice.status not in CAPTURED_STATUSES and paid_by_another(invoice):\n"
        "        return None\n",
        "",
        "tests/payments/invoices/test_ended_invoices.py"
        "::test_invoice_of_order_paid_by_another_is_not_queried",
    ),
    Mutation(
        "poll the superseded invoice",
        "payments/polling/store.py",
        "invoices_open_at_seqr(self._shard).exclude(cancel_reason=CancelReason.SUPERSEDED)\n",
        "invoices_open_at_seqr(self._shard)\n",
        "tests/payments/polling/test_store.py::test_superseded_ended_unsent_and_acknowledged_invoices_are_not_queried",
    ),
    Mutation(
        "do not cancel the other invoice",
        APPLY_STATUS,
        "    _supersede_other_invoices(invoice, source)\n    return True\n",
        "    return True\n",
        "tests/payments/invoices/test_ended_invoices.py"
        "::test_ended_invoice_found_paid_pays_order_and_open_one_is_cancelled",
    ),
    Mutation(
        "open no case for a late second payment",
        APPLY_STATUS,
        "    if result.status == InvoiceStatus.PAID:\n"
        "        open_case(CaseKind.DUPLICATE_PAYMENT, source, DUPLICATE_PAYMENT_FOUND,"
        " invoice=invoice)\n",
        "",
        "tests/payments/invoices/test_ended_invoices.py"
        "::test_duplicate_payment_accepted_before_the_first_was_found_opens_case",
    ),
    Mutation(
        "suspect no reversal",
        APPLY_STATUS,
        "REVERSAL_SUSPECTED_AFTER = timedelta(seconds=15)",
        "REVERSAL_SUSPECTED_AFTER = timedelta(minutes=15)",
        "tests/payments/invoices/test_reversals.py"
        "::test_payment_cancelled_after_silence_is_possibly_reversed",
    ),
    Mutation(
        "ignore the silence before a poller's start",
        "payments/polling/store.py",
        "max(issued_at, self._answered_before_start.get(bucket_of(key), issued_at))\n",
        "now\n",
        "tests/payments/polling/test_silence.py"
        "::test_reversal_during_a_poller_outage_is_suspected_after_the_restart",
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
        "overwrite the shown reference by a late one",
        SEND,
        "    if invoice.invoice_reference is not None:\n        return False\n    fields = {\n",
        "    if invoice.invoice_reference is not None:\n"
        "        save_fields(invoice, invoice_reference=sent.invoice_reference)\n"
        "        return True\n"
        "    fields = {\n",
        "tests/payments/invoices/test_send.py"
        "::test_late_reference_is_cancelled_and_never_replaces_the_shown_one",
    ),
    Mutation(
        "ignore the sender's lease",
        SEND,
        "    if invoice.status == InvoiceStatus.SENDING and LEASE.has_lapsed(invoice, now):\n",
        "    if invoice.status == InvoiceStatus.SENDING:\n",
        "tests/payments/invoices/test_send.py::test_eight_concurrent_workers_send_one_invoice",
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
    ),
    Mutation(
        "ignore code 50 of a superseded invoice",
        CANCEL,
        "            _open_duplicate_payment_case(invoice.pk, source)\n",
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
        "        _record_error(invoice.pk, EventName.CANCEL_DEFERRED, error, source)\n"
        "    else:\n",
        "    except SeqrError:\n        _confirm_cancel(invoice.pk, source)\n    else:\n",
        "tests/payments/invoices/test_cancel.py"
        "::test_cancel_with_lost_answer_stays_pending_until_seqr_confirms_it",
    ),
    Mutation(
        "do not recover an invoice of a killed worker",
        RECOVERY,
        "        LEASE.lapsed_at(now), status=InvoiceStatus.SENDING\n",
        "        Q(pk=None), status=InvoiceStatus.SENDING\n",
        "tests/payments/test_recovery.py::test_invoice_in_sending_is_found_once_its_lease_lapses",
    ),
    Mutation(
        "do not recover a refund of a killed worker",
        RECOVERY,
        "_refunds(RefundStatus.SENDING, now)",
        "[]",
        "tests/payments/refunds/test_refund_outcomes.py"
        "::test_refund_of_a_killed_sender_is_recovered_as_unknown_after_its_lease",
    ),
    Mutation(
        "send an invoice without the footer that certification asks for",
        "payments/invoices/payloads.py",
        "        footer=footer,\n",
        '        footer="",\n',
        "tests/payments/invoices/test_send.py::test_new_invoice_is_sent_and_gets_reference",
    ),
    Mutation(
        "call SEQR without a clientReference",
        "payments/seqr/request_builder.py",
        '        "clientReference": client_reference,\n',
        '        "clientReference": "",\n',
        "tests/payments/seqr/test_sandbox_operations.py::test_customer_scans_and_pays",
    ),
    Mutation(
        "show an order to any customer",
        "seqrshop/storefront/orders.py",
        ".filter(public_id=public_id, customer=customer)",
        ".filter(public_id=public_id)",
        "tests/storefront/test_show_order.py",
    ),
    Mutation(
        "let TRUNCATE pass the audit's triggers",
        "orders/migrations/0004_audit_refuse_truncate.py",
        "BEFORE TRUNCATE ON orders_auditevent",
        "BEFORE TRUNCATE ON orders_picture",
        "tests/orders/test_audit.py::test_trigger_refuses_the_owner_to_change_the_audit",
    ),
    Mutation(
        "let the application's role change the audit",
        DATABASE_ROLES,
        '            f"REVOKE UPDATE, DELETE ON {append_only} FROM {name}",\n',
        "",
        "tests/orders/test_audit.py::test_audit_is_protected_from_the_application_role",
    ),
    Mutation(
        "leave the application's role with the owner's other privileges",
        DATABASE_ROLES,
        '            f"REVOKE ALL ON {tables} FROM {name}",\n',
        "",
        "tests/orders/test_audit.py"
        "::test_audit_is_not_protected_from_a_role_with_a_privilege_too_many",
    ),
    Mutation(
        "call an audit protected from a member of its owner's role",
        DATABASE_ROLES,
        "pg_has_role(relowner, 'MEMBER')",
        "false",
        "tests/orders/test_audit.py"
        "::test_audit_is_not_protected_from_a_role_that_can_become_its_owner",
    ),
    Mutation(
        "digest a day while a transaction of it is open",
        AUDIT_DIGEST,
        "    finished_before = min(now, oldest_transaction)\n",
        "    finished_before = now\n",
        "tests/orders/test_audit_digest.py::test_day_waits_for_a_transaction_that_began_in_it",
    ),
    Mutation(
        "leave the digest before out of a digest",
        AUDIT_DIGEST,
        '    chained = sha256(f"{previous}\\n{day}\\n".encode())\n',
        '    chained = sha256(f"{day}\\n".encode())\n',
        "tests/orders/test_verify_audit.py::test_changed_digests_are_named",
    ),
    Mutation(
        "leave the day out of a digest",
        AUDIT_DIGEST,
        '    chained = sha256(f"{previous}\\n{day}\\n".encode())\n',
        '    chained = sha256(f"{previous}\\n".encode())\n',
        "tests/orders/test_audit_digest.py::test_days_without_events_have_different_digests",
    ),
    Mutation(
        "do not compare a digest with the one of the day before",
        "orders/audit_verify.py",
        "    if stored.previous != before.digest:\n",
        "    if stored.previous is None:\n",
        "tests/orders/test_verify_audit.py::test_changed_digests_are_named",
    ),
    *OUTAGE_MUTATIONS,
    *REFUND_MUTATIONS,
    *RECONCILIATION_MUTATIONS,
    *SHARD_MUTATIONS,
)
