"""Mutations of the reconciliation, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

REPORT_COVERAGE = "payments/reconciliation/report_coverage.py"

RECONCILIATION_MUTATIONS = (
    Mutation(
        "close the whole reseller's period",
        "payments/reconciliation/periods.py",
        "client.mark_transaction_period(terminal.principal_id)",
        "client.mark_transaction_period()",
        "tests/payments/reconciliation/test_refund_suggestion.py"
        "::test_refund_before_another_tills_mark_is_found_in_the_terminals_report",
    ),
    Mutation(
        "close the period of a retired terminal too",
        "payments/reconciliation/periods.py",
        "~Exists(of_day), retired_at=None)",
        "~Exists(of_day))",
        "tests/payments/reconciliation/test_periods.py"
        "::test_each_terminal_in_use_gets_its_period_and_a_retired_one_none",
    ),
    Mutation(
        "take another terminal's payments for missing from a report",
        REPORT_COVERAGE,
        "            terminal_id=self.terminal_id,\n",
        "",
        "tests/payments/reconciliation/test_periods.py"
        "::test_payment_at_one_terminal_is_not_missing_from_the_report_of_another",
    ),
    Mutation(
        "forget the case of a period whose missing payment is found",
        "payments/reconciliation/reconcile.py",
        " | Exists(open_cases),",
        ",",
        "tests/payments/reconciliation/test_reconciliation.py"
        "::test_missing_payment_in_a_later_report_closes_the_case_of_the_earlier_one",
    ),
    Mutation(
        "read many days' digests at once",
        "orders/audit_verify.py",
        "DIGESTS_PER_READ = 1 ",
        "DIGESTS_PER_READ = 50 ",
        "tests/orders/test_verify_audit.py"
        "::test_long_chain_needs_no_more_memory_than_its_largest_day",
    ),
    Mutation(
        "take a report that lacks a payment for complete",
        REPORT_COVERAGE,
        "        if any(self._evidence_of(pk).lacks_a_payment for pk in possible):\n"
        "            return Gap.PAYMENT_MISSING\n",
        "",
        "tests/payments/reconciliation/test_refund_suggestion.py"
        "::test_refund_is_not_suggested_while_any_payment_of_its_period_is_missing",
    ),
    Mutation(
        "take a period without an earlier payment for the shop's whole day",
        REPORT_COVERAGE,
        " and self._evidence_of(pk).proves_from(begin)\n",
        "\n",
        "tests/payments/reconciliation/test_refund_suggestion.py"
        "::test_refund_in_another_tills_period_is_not_suggested_when_the_shop_sold_nothing_before",
    ),
    Mutation(
        "suggest an outcome though reports never show refunds",
        "payments/reconciliation/refund_suggestion.py",
        "    if not reports_show_refunds():\n",
        "    if False:\n",
        "tests/payments/reconciliation/test_refund_suggestion.py"
        "::test_absent_refund_is_not_suggested_when_reports_have_never_shown_a_refund",
    ),
    Mutation(
        "conclude from positive rows that an absent refund would be found",
        REPORT_COVERAGE,
        "match_result=MatchResult.REFUND, amount__lt=0)",
        "match_result=MatchResult.REFUND)",
        "tests/payments/reconciliation/test_held_refunds.py"
        "::test_reports_that_show_refunds_as_positive_rows_release_nothing",
    ),
    Mutation(
        "suggest the payment's reference as the refund's own",
        "payments/reconciliation/refund_suggestion.py",
        '"" if is_payments else row.ers_reference',
        "row.ers_reference",
        "tests/payments/reconciliation/test_refunds_by_payment_reference.py"
        "::test_suggestion_does_not_offer_the_payments_reference_as_the_refunds_own",
    ),
    Mutation(
        "match every row of a payment with the refund that has its reference",
        "payments/reconciliation/matching.py",
        "        own_references = references - self._invoices.keys()\n",
        "        own_references = references\n",
        "tests/payments/reconciliation/test_refunds_by_payment_reference.py"
        "::test_payments_reference_typed_as_the_refunds_own_hides_no_other_row",
    ),
    Mutation(
        "take a match by the amount alone for certain",
        "payments/reconciliation/possible_rows.py",
        "        and row.refund.ers_reference == row.ers_reference\n",
        "",
        "tests/payments/reconciliation/test_refunds_by_payment_reference.py"
        "::test_row_that_may_be_another_known_refunds_keeps_a_made_refund_from_being_called_not_made",
    ),
    Mutation(
        "take a payment's reference for one refund's own",
        "payments/reconciliation/possible_rows.py",
        "        and row.ers_reference != refund.invoice.ers_reference\n",
        "",
        "tests/payments/reconciliation/test_refunds_by_payment_reference.py"
        "::test_row_that_may_be_another_known_refunds_keeps_a_made_refund_from_being_called_not_made",
    ),
    Mutation(
        "take another refund's own row for a possible one",
        "payments/reconciliation/possible_rows.py",
        " and not _is_certainly_another(row, refund)\n",
        "\n",
        "tests/payments/reconciliation/test_refunds_by_payment_reference.py"
        "::test_row_with_a_refunds_own_reference_is_no_other_refunds",
    ),
    Mutation(
        "close a duplicate payment's case without certainty",
        "payments/reconciliation/duplicate_payment.py",
        "        if coverage.gap_between(begin, end) is not None:\n            continue\n",
        "",
        "tests/payments/reconciliation/test_duplicate_payment.py"
        "::test_case_stays_open_while_a_payment_of_that_time_is_missing",
    ),
    Mutation(
        "give a report no longer than any other call",
        "payments/seqr/client.py",
        "config.report_timeout_seconds if report.is_large else config.timeout_seconds",
        "config.timeout_seconds",
        "tests/payments/seqr/test_report_limits.py::test_report_may_take_longer_than_another_call",
    ),
    Mutation(
        "let a report trickle until its time is up",
        "payments/seqr/transport.py",
        "        handle.setopt(pycurl.LOW_SPEED_TIME, limits.stall_seconds)\n",
        "",
        "tests/payments/seqr/test_report_limits.py::test_trickling_report_is_aborted_when_it_stalls",
    ),
    Mutation(
        "hold a report's text in memory",
        "payments/seqr/report_reader.py",
        "MAX_MEMORY_BYTES = 1024 * 1024  #",
        "MAX_MEMORY_BYTES = 1024 * 1024 * 1024  #",
        "tests/payments/seqr/test_report_limits.py"
        "::test_report_above_the_limit_of_other_calls_is_read_in_little_memory",
    ),
    Mutation(
        "take a report's lease for a short call",
        "payments/reconciliation/fetch_report.py",
        "LEASE.taken(report_lease_duration())",
        "LEASE.taken()",
        "tests/payments/reconciliation/test_report_fetching.py"
        "::test_lease_of_a_report_outlasts_the_longest_call",
    ),
    Mutation(
        "fetch a report that is too large again and again",
        "payments/reconciliation/backoff.py",
        "    if isinstance(error, SeqrReportTooLarge):\n        return NO_RETRY\n",
        "",
        "tests/payments/reconciliation/test_report_fetching.py"
        "::test_report_with_too_many_rows_opens_a_case_at_once_and_is_not_fetched_again",
    ),
    Mutation(
        "match each batch of a report by itself",
        "payments/reconciliation/matching.py",
        "        paid = others.filter(invoice__in=self._invoices.values())\n",
        "        paid = others.none()\n",
        "tests/payments/reconciliation/test_large_report.py"
        "::test_rows_of_different_batches_are_matched_like_those_of_one",
    ),
)
