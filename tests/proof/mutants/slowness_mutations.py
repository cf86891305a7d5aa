"""Mutations of what keeps the deadline while SEQR answers slowly."""

from tests.proof.mutants.mutation import Mutation

SCHEDULE = "payments/polling/schedule.py"
REPEATS = "payments/polling/repeats.py"
CONCURRENCY = "payments/polling/concurrency.py"
POLLER = "payments/polling/poller.py"
TESTS_OF_CONCURRENCY = "tests/payments/polling/test_concurrency.py"
TESTS_OF_POLLER = "tests/payments/polling/test_poller.py"
TESTS_OF_DEADLINE = "tests/payments/polling/test_deadline.py"
TESTS_OF_SCHEDULE = "tests/payments/polling/test_schedule.py"

SLOWNESS_MUTATIONS = (
    Mutation(
        "let the limit of calls in flight fall below what the deadline needs",
        CONCURRENCY,
        "min(max(self._comfort, self.needed), self._ceiling)",
        "min(self._comfort, self._ceiling)",
        f"{TESTS_OF_DEADLINE}::test_no_invoice_waits_ten_seconds_while_the_limit_suffices",
    ),
    Mutation(
        "let the retry of a timed-out call wait for its back-off",
        SCHEDULE,
        "            retry_at = entry.queried_at + self._retry_pause(entry, now)\n",
        "            retry_at = now + self._retry_pause(entry, now)\n",
        f"{TESTS_OF_SCHEDULE}::test_retry_after_a_time_out_is_due_at_once",
    ),
    Mutation(
        "repeat no unanswered query",
        REPEATS,
        "                self._schedule.repeat(invoice_id, now, slowest)\n",
        "                pass\n",
        f"{TESTS_OF_DEADLINE}::test_no_invoice_waits_ten_seconds_while_the_limit_suffices",
    ),
    Mutation(
        "repeat no query while nothing is answered",
        REPEATS,
        "            self._probe(now)\n            return\n",
        "            return\n",
        f"{TESTS_OF_DEADLINE}::test_every_invoice_is_answered_within_three_seconds_of_the_end_of_an_outage",
    ),
    Mutation(
        "replace stuck calls while results are handled",
        POLLER,
        "                ends_outage = True\n",
        "                self._repeater.replace_stuck_calls(now)\n",
        f"{TESTS_OF_POLLER}"
        "::test_result_collected_while_others_are_sent_is_credited_to_no_later_query",
    ),
    Mutation(
        "leave an invoice closed that is submitted again",
        SCHEDULE,
        "not (entry.is_held or entry.is_closed)",
        "not entry.is_held",
        f"{TESTS_OF_SCHEDULE}::test_invoice_closed_during_a_call_is_queried_again_after_it_is_put",
    ),
    Mutation(
        "send queries at the end of an outage while the poller stops",
        POLLER,
        "ends_outage and not self._is_stopping",
        "ends_outage",
        f"{TESTS_OF_POLLER}::test_stopping_poller_sends_no_query_at_the_end_of_an_outage",
    ),
    Mutation(
        "take lost calls for an overload",
        CONCURRENCY,
        "most_time_out and self._answers_queue() and not",
        "most_time_out and not",
        f"{TESTS_OF_DEADLINE}::test_no_payment_is_reversed_while_seqr_loses_most_calls",
    ),
    Mutation(
        "allow one call for an invoice while calls are lost",
        CONCURRENCY,
        "LOST_CALL_FACTOR if loses_calls else 1.0",
        "1.0",
        f"{TESTS_OF_CONCURRENCY}"
        "::test_lost_calls_lower_no_limit_while_the_others_are_answered_in_time",
    ),
    Mutation(
        "keep a lower limit that is no help",
        CONCURRENCY,
        "            if not (self._trial or is_relieved):\n",
        "            if is_relieved and not is_relieved:\n",
        f"{TESTS_OF_CONCURRENCY}"
        "::test_limit_is_restored_if_as_many_calls_time_out_with_fewer_in_flight",
    ),
    Mutation(
        "raise the limit while answers queue until they time out",
        CONCURRENCY,
        "elif self.is_overloaded and timeouts >= 1 and self._answers_queue():",
        "elif self.is_overloaded and timeouts < 0:",
        f"{TESTS_OF_DEADLINE}::test_answers_go_on_while_seqr_gets_more_queries_than_it_can_answer",
    ),
)
