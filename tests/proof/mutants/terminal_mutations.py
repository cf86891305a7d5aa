"""Mutations of terminals: replaced, retired, refused; each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

TERMINALS = "payments/terminals.py"
ROTATION_TESTS = "tests/payments/test_terminal_rotation.py"
RETIREMENT_TESTS = "tests/payments/test_terminal_retirement.py"
REFUSED_TESTS = "tests/payments/polling/test_refused_terminals.py"
PAUSED_TESTS = "tests/payments/availability/test_paused_terminals.py"
PERIOD_TESTS = "tests/payments/reconciliation/test_terminals.py"
OWN_TERMINAL_TEST = (
    f"{ROTATION_TESTS}"
    "::test_invoice_is_polled_paid_refunded_and_reported_by_the_terminal_that_issued_it"
)

TERMINAL_MUTATIONS = (
    Mutation(
        "retire a terminal with an open payment",
        TERMINALS,
        "                self.open_invoices,\n",
        "",
        f"{RETIREMENT_TESTS}::test_terminal_with_an_open_invoice_is_not_retired",
    ),
    Mutation(
        "retire a terminal whose late query was not answered",
        TERMINALS,
        "            Q(status__in=OPEN_STATUSES) | Q(late_query_pending_since__isnull=False)\n",
        "            Q(status__in=OPEN_STATUSES)\n",
        f"{RETIREMENT_TESTS}::test_terminal_with_an_awaited_answer_is_not_retired",
    ),
    Mutation(
        "retire a terminal before its payments' refunds are over",
        TERMINALS,
        "                self.recent_payments,\n",
        "",
        f"{RETIREMENT_TESTS}"
        "::test_terminal_is_retired_once_its_refunds_time_is_over_and_its_report_has_arrived",
    ),
    Mutation(
        "retire a terminal whose last payment no report has",
        TERMINALS,
        "    return max(filter(None, (paid_at, sent_at, sent_until)), default=None)\n",
        "    return max(filter(None, (sent_at, sent_until)), default=None)\n",
        f"{RETIREMENT_TESTS}::test_terminal_waits_for_the_report_of_its_last_payment",
    ),
    Mutation(
        "take a period closed seconds after a payment for its report",
        TERMINALS,
        "marking_started_at__gt=last + RECORDING_MARGIN",
        "marking_started_at__gt=last",
        f"{RETIREMENT_TESTS}::test_period_closed_seconds_after_a_payment_may_lack_it",
    ),
    Mutation(
        "retire a terminal with an open case of a payment",
        TERMINALS,
        "                self.open_cases,\n",
        "",
        f"{RETIREMENT_TESTS}::test_terminal_with_an_open_case_of_a_payment_is_not_retired",
    ),
    Mutation(
        "retire the terminal that the settings name",
        TERMINALS,
        "                self.is_in_settings,\n",
        "",
        f"{RETIREMENT_TESTS}::test_terminal_that_the_settings_name_is_not_retired",
    ),
    Mutation(
        "retire a terminal again before its refund is requested",
        TERMINALS,
        "        terminal.added_at, terminal.retired_at = database_now(), None\n",
        "        terminal.retired_at = None\n",
        f"{RETIREMENT_TESTS}"
        "::test_password_entered_again_lets_a_retired_terminal_refund_before_it_is_retired_again",
    ),
    Mutation(
        "put a retired terminal in use",
        TERMINALS,
        "    if terminal.retired_at is not None:\n        raise TerminalIsRetired\n",
        "",
        f"{ROTATION_TESTS}::test_retired_terminal_is_not_put_in_use",
    ),
    Mutation(
        "put a terminal in use without its lock",
        TERMINALS,
        "    terminal = _lock_terminal(terminal_id)\n    if terminal.seller_id",
        "    terminal = Terminal.objects.get(pk=terminal_id)\n    if terminal.seller_id",
        f"{ROTATION_TESTS}::test_terminal_is_not_retired_while_it_is_put_in_use_again",
    ),
    Mutation(
        "go on probing a retired terminal",
        TERMINALS,
        "    end_pause_of_retired(terminal_id, source)\n",
        "",
        f"{RETIREMENT_TESTS}::test_pause_and_its_case_end_when_the_terminal_is_retired",
    ),
    Mutation(
        "query an ended invoice as a retired terminal",
        "payments/invoices/status_query.py",
        "    return has_ended and invoice.terminal.retired_at is not None\n",
        "    return has_ended and not invoice.pk\n",
        f"{RETIREMENT_TESTS}"
        "::test_late_payment_of_a_retired_terminals_invoice_opens_a_case_without_a_call",
    ),
    Mutation(
        "show a reference of a terminal that was retired during the call",
        "payments/invoices/send.py",
        "    if terminal_id != invoice.terminal_id and is_retired(terminal_id):\n",
        "    if not terminal_id:\n",
        f"{ROTATION_TESTS}::test_late_reference_of_a_terminal_retired_meanwhile_is_not_shown",
    ),
    Mutation(
        "request a refund while its terminal is retired",
        "payments/refunds/refund.py",
        "    terminal = Terminal.objects.select_for_update(no_key=True)",
        "    terminal = Terminal.objects",
        f"{RETIREMENT_TESTS}::test_refund_requested_while_its_terminal_is_retired_is_refused",
    ),
    Mutation(
        "send an invoice by the terminal that its shop had when it was made",
        "payments/invoices/send.py",
        '{"terminal": invoice.order.shop.terminal, ',
        '{"terminal": invoice.terminal, ',
        f"{ROTATION_TESTS}"
        "::test_unsent_invoice_of_the_paused_old_terminal_is_found_and_sent_by_the_new_one",
    ),
    Mutation(
        "leave out the unsent invoices of a paused terminal that was replaced",
        "payments/recovery.py",
        "Q(order__shop__terminal__in=paused_terminals())",
        "Q(terminal__in=paused_terminals())",
        f"{ROTATION_TESTS}"
        "::test_unsent_invoice_of_the_paused_old_terminal_is_found_and_sent_by_the_new_one",
    ),
    Mutation(
        "pause every terminal at one wrong password",
        "payments/availability/pause.py",
        "PaymentPause.objects.filter(terminal_id=terminal_id, ended_at=None).exists()",
        "PaymentPause.objects.filter(ended_at=None).exists()",
        f"{PAUSED_TESTS}::test_both_shops_of_a_refused_terminal_are_paused_and_no_other",
    ),
    Mutation(
        "wait for the next probe after a password was entered",
        TERMINALS,
        "    schedule_probe_of(terminal_id)\n",
        "",
        f"{PAUSED_TESTS}::test_password_entered_in_the_shop_resumes_payments_by_the_next_probe",
    ),
    Mutation(
        "retry the queries of a refused terminal like unanswered ones",
        "payments/polling/poller.py",
        "            self.schedule.record_refusal(call.key, now)\n",
        "            self.schedule.record_failure(call.key, now)\n",
        f"{REFUSED_TESTS}"
        "::test_refused_invoices_are_queried_once_a_second_and_the_others_keep_their_pace",
    ),
    Mutation(
        "count a refused terminal's silence for all invoices of the shard",
        "payments/polling/schedule.py",
        "            if entry.is_refused:\n",
        "            if entry.is_refused and now < 0:\n",
        f"{REFUSED_TESTS}::test_refused_invoices_are_left_out_of_the_answers_of_the_others",
    ),
    Mutation(
        "take a refused terminal's invoices for answered",
        "payments/models/poll_shard.py",
        "        answered = (refused.get(terminal_id, oldest) for oldest, refused in rows)\n",
        "        answered = (oldest for oldest, refused in rows if terminal_id)\n",
        "tests/payments/polling/test_shards.py"
        "::test_answer_time_of_a_refused_terminal_holds_for_its_invoices_only",
    ),
    Mutation(
        "hide a refused terminal from health",
        "seqrshop/ops/health_snapshot.py",
        "        max(0.0, now - min(answered_at, refused_since)),\n",
        "        max(0.0, now - max(answered_at, refused_since)),\n",
        f"{REFUSED_TESTS}"
        "::test_shard_with_a_refused_terminal_is_not_stalled_and_its_health_is_not_hidden",
    ),
    Mutation(
        "lock the periods of all terminals for a report",
        "payments/reconciliation/transitions.py",
        "for period in periods.filter(terminal=terminal_id)}",
        "for period in periods.filter(terminal__gt=terminal_id - terminal_id)}",
        f"{PERIOD_TESTS}::test_reports_of_two_terminals_are_compared_side_by_side",
    ),
    Mutation(
        "release held refunds by the reports of the first terminal",
        "payments/reconciliation/held_refunds.py",
        "    for terminal_id in _terminals_that_refund():\n",
        "    for terminal_id in _terminals_that_refund()[:1]:\n",
        f"{PERIOD_TESTS}::test_reports_of_all_terminals_are_needed_to_release_held_refunds",
    ),
    Mutation(
        "refund by the terminal that the shop has now",
        "payments/refunds/send.py",
        "audited_client(invoice.terminal_id, invoice.order_id, SOURCE)",
        "audited_client(invoice.order.shop.terminal_id, invoice.order_id, SOURCE)",
        OWN_TERMINAL_TEST,
    ),
    Mutation(
        "cancel by the terminal that the shop has now",
        "payments/invoices/cancel.py",
        "retrying_client(invoice.terminal_id, invoice.order_id, source)",
        "retrying_client(invoice.order.shop.terminal_id, invoice.order_id, source)",
        OWN_TERMINAL_TEST,
    ),
    Mutation(
        "submit a receipt by the terminal that the shop has now",
        "payments/receipts/submit.py",
        "credentials_of(invoice.terminal)",
        "credentials_of(invoice.order.shop.terminal)",
        OWN_TERMINAL_TEST,
    ),
    Mutation(
        "leave all unsent invoices while one terminal is paused",
        "payments/recovery.py",
        "    paused = Q(order__shop__terminal__in=paused_terminals())\n",
        "    paused = Q(pk__gt=0 if paused_terminals() else 2**60)\n",
        f"{PAUSED_TESTS}"
        "::test_recovery_finds_the_unsent_invoices_of_other_terminals_during_a_pause",
    ),
    Mutation(
        "poll with the password that a terminal had at first",
        "payments/polling/credentials.py",
        "if self._ciphertexts.get(pk) != text]",
        "if pk not in self._ciphertexts]",
        "tests/payments/polling/test_terminals.py"
        "::test_reader_passes_a_changed_password_and_an_added_terminal_on_at_its_next_read",
    ),
    Mutation(
        "go on probing a terminal that was retired while its pause began",
        "payments/availability/probe.py",
        "    if is_retired(pause.terminal_id):\n",
        "    if is_retired(pause.terminal_id) and pause.ended_at:\n",
        f"{PAUSED_TESTS}"
        "::test_pause_that_began_while_its_terminal_was_retired_is_ended_without_a_call",
    ),
)
