"""Mutations of the shop's code, each with a test that catches it."""

from tests.proof.mutants.answer_mutations import ANSWER_MUTATIONS
from tests.proof.mutants.kitchen_mutations import KITCHEN_MUTATIONS
from tests.proof.mutants.menu_mutations import MENU_MUTATIONS
from tests.proof.mutants.mutation import Mutation
from tests.proof.mutants.outage_mutations import OUTAGE_MUTATIONS
from tests.proof.mutants.people_mutations import PEOPLE_MUTATIONS
from tests.proof.mutants.receipt_mutations import RECEIPT_MUTATIONS
from tests.proof.mutants.reconciliation_mutations import RECONCILIATION_MUTATIONS
from tests.proof.mutants.refund_mutations import REFUND_MUTATIONS
from tests.proof.mutants.secret_mutations import SECRET_MUTATIONS
from tests.proof.mutants.shard_mutations import SHARD_MUTATIONS
from tests.proof.mutants.shop_mutations import SHOP_MUTATIONS
from tests.proof.mutants.slowness_mutations import SLOWNESS_MUTATIONS
from tests.proof.mutants.staff_mutations import STAFF_MUTATIONS
from tests.proof.mutants.stream_mutations import STREAM_MUTATIONS
from tests.proof.mutants.terminal_mutations import TERMINAL_MUTATIONS
from tests.proof.mutants.today_mutations import TODAY_MUTATIONS

SEND = "payments/invoices/send.py"
RECOVERY = "payments/recovery.py"
AUDIT_DIGEST = "orders/audit_digest.py"
DATABASE_ROLES = "orders/database_roles.py"
STATE_MACHINE = "orders/state_machine.py"
TRANSITIONS = "payments/invoices/transitions.py"


MUTATIONS = (
    Mutation(
        "send an unsent invoice by the terminal that its shop had",
        SEND,
        '    taken = {"terminal": invoice.order.shop.terminal, **LEASE.taken()}\n',
        "    taken = {**LEASE.taken()}\n",
        "tests/payments/invoices/test_send.py"
        "::test_unsent_invoice_is_sent_by_the_terminal_that_has_replaced_its_shops",
    ),
    Mutation(
        "store a reference with the terminal of the newest lease",
        SEND,
        '        "terminal_id": terminal_id,\n',
        "",
        "tests/payments/invoices/test_send.py"
        "::test_reference_is_stored_with_the_terminal_that_issued_it_though_another_has_the_lease",
    ),
    Mutation(
        "send nothing at any terminal while one is paused",
        "payments/availability/pause.py",
        "(terminal=OuterRef(terminal), ended_at=None))\n",
        "(ended_at=None))\n",
        "tests/payments/availability/test_payment_pause.py"
        "::test_pause_of_one_terminal_leaves_the_shops_of_another_open",
    ),
    Mutation(
        "pause no second terminal while one is paused",
        "payments/availability/pause.py",
        "    return PaymentPause.objects.filter(terminal_id=terminal_id, ended_at=None).exists()\n",
        "    return PaymentPause.objects.filter(ended_at=None).exists()\n",
        "tests/payments/availability/test_payment_pause.py"
        "::test_two_terminals_are_paused_and_resumed_one_by_one",
    ),
    Mutation(
        "encrypt a stored password anew at each start",
        "payments/terminals.py",
        "        is_stored = terminal.password == settings.SEQR_TERMINAL_PASSWORD\n",
        "        is_stored = False\n",
        "tests/payments/test_terminals.py"
        "::test_second_start_changes_nothing_and_not_even_the_ciphertext",
    ),
    Mutation(
        "leave the shops at the terminal that the settings named before",
        "payments/terminals.py",
        "            _take_shop(shop, terminal, OPERATOR)\n",
        "            pass\n",
        "tests/payments/test_terminals.py"
        "::test_another_terminal_takes_over_the_shops_of_the_former_one",
    ),
    Mutation(
        "skip the row locks",
        TRANSITIONS,
        "    return _LOCKED.get(id=invoice_id)\n",
        '    return Invoice.objects.select_related("order").get(pk=invoice_id)\n',
        "tests/payments/invoices/test_refresh.py::test_second_query_waits_for_the_one_that_stores_the_payment",
    ),
    Mutation(
        "write no audit event",
        STATE_MACHINE,
        "        insert_events([*events, *calls])\n",
        "        insert_events(calls)\n",
        "tests/payments/invoices/test_transitions.py",
        by_model=True,
    ),
    Mutation(
        "do not update the order",
        TRANSITIONS,
        "        save_changes([change] if of_order is None else [change, of_order])\n",
        "        save_changes([change])\n",
        "tests/payments/invoices/test_transitions.py",
        by_model=True,
    ),
    Mutation(
        "trust the notification",
        "payments/invoices/notification.py",
        "    _open_case_if_unqueried(invoice)\n",
        "    from payments.invoices.transitions import transition_invoice\n"
        "    with transaction.atomic():\n"
        "        invoice = lock_invoice(invoice.pk)\n"
        "        if invoice.status == InvoiceStatus.ISSUED:\n"
        "            paid = {'ers_reference': '1', 'paid_at': invoice.issued_at}\n"
        "            transition_invoice(\n"
        "                invoice,\n"
        "                InvoiceStatus.PAID,\n"
        "                ChangeSource(SourceName.NOTIFICATION),\n"
        "                **paid,\n"
        "            )\n",
        "tests/storefront/test_notify.py::test_notification_starts_status_check_whatever_its_body",
        by_model=True,
    ),
    Mutation(
        "poll the superseded invoice",
        "payments/polling/store.py",
        "invoices_open_at_seqr(self._shard).exclude(IS_SUPERSEDED)\n",
        "invoices_open_at_seqr(self._shard)\n",
        "tests/payments/polling/test_store_reads.py::test_superseded_ended_unsent_and_acknowledged_invoices_are_not_queried",
    ),
    Mutation(
        "ignore the silence before a poller's start",
        "payments/polling/store.py",
        "self._answered_before_start.last_answer_at(key, terminal, issued_at)\n",
        "now\n",
        "tests/payments/polling/test_silence.py"
        "::test_reversal_during_a_poller_outage_is_suspected_after_the_restart",
        by_model=True,
    ),
    Mutation(
        "overwrite the shown reference by a late one",
        SEND,
        "    if invoice.invoice_reference is not None:\n        return False\n    fields = {\n",
        "    if invoice.invoice_reference is not None:\n"
        "        save_fields(invoice, invoice_reference=sent.invoice_reference)\n"
        "        return True\n"
        "    fields = {\n",
        "tests/payments/invoices/test_stray_references.py"
        "::test_late_reference_is_cancelled_and_never_replaces_the_shown_one",
    ),
    Mutation(
        "cancel a late reference that is another invoice's",
        SEND,
        "    _require_new_reference(sent)  # else another invoice would be cancelled\n",
        "",
        "tests/payments/invoices/test_stray_references.py"
        "::test_late_reference_of_another_invoice_does_not_cancel_that_invoice",
    ),
    Mutation(
        "ignore the sender's lease",
        SEND,
        "    if invoice.status == InvoiceStatus.SENDING and LEASE.has_lapsed("
        "invoice, invoice.read_at):\n",
        "    if invoice.status == InvoiceStatus.SENDING:\n",
        "tests/payments/invoices/test_send.py::test_eight_concurrent_workers_send_one_invoice",
    ),
    Mutation(
        "do not recover an invoice of a killed worker",
        RECOVERY,
        "        LEASE.lapsed_at(now), status=InvoiceStatus.SENDING\n",
        "        Q(pk=None), status=InvoiceStatus.SENDING\n",
        "tests/payments/test_recovery.py::test_invoice_in_sending_is_found_once_its_lease_lapses",
        by_model=True,
    ),
    Mutation(
        "do not recover a refund of a killed worker",
        RECOVERY,
        "_refunds(Q(LEASE.lapsed_at(now), status=RefundStatus.SENDING))",
        "[]",
        "tests/payments/refunds/test_refund_outcomes.py"
        "::test_refund_of_a_killed_sender_is_recovered_as_unknown_after_its_lease",
        by_model=True,
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
        by_model=True,
    ),
    Mutation(
        "show an order to any customer",
        "seqrshop/storefront/order_queries.py",
        "filter(order__customer=_CUSTOMER, order__public_id=",
        "filter(order__public_id=",
        "tests/storefront/test_show_order.py",
        by_model=True,
    ),
    Mutation(
        "let TRUNCATE pass the audit's triggers",
        "orders/migrations/0033_audit_by_month.py",
        "'CREATE TRIGGER audit_not_truncated BEFORE TRUNCATE ON public.%I'",
        "'CREATE OR REPLACE TRIGGER audit_not_truncated BEFORE TRUNCATE ON public.orders_picture"
        " /* %I */'",
        "tests/orders/test_audit_partitions.py"
        "::test_every_partition_refuses_a_change_also_by_the_owner",
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
    *ANSWER_MUTATIONS,
    *MENU_MUTATIONS,
    *OUTAGE_MUTATIONS,
    *RECEIPT_MUTATIONS,
    *REFUND_MUTATIONS,
    *RECONCILIATION_MUTATIONS,
    *PEOPLE_MUTATIONS,
    *SECRET_MUTATIONS,
    *SHARD_MUTATIONS,
    *SHOP_MUTATIONS,
    *SLOWNESS_MUTATIONS,
    *STAFF_MUTATIONS,
    *KITCHEN_MUTATIONS,
    *TODAY_MUTATIONS,
    *STREAM_MUTATIONS,
    *TERMINAL_MUTATIONS,
)
