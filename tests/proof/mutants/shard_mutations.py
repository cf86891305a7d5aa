"""Mutations of the shards, of the order of locks, and of payments written many at a time."""

from tests.proof.mutants.mutation import Mutation

SUPERVISOR = "payments/polling/supervisor.py"
TRANSITIONS = "payments/invoices/transitions.py"

SHARD_MUTATIONS = (
    Mutation(
        "lock orders so that a COMMIT waits for them",
        TRANSITIONS,
        "skip_locked=skip_locked, no_key=True)",
        "skip_locked=skip_locked, no_key=False)",
        "tests/payments/test_lock_order.py"
        "::test_bulk_acknowledgment_does_not_deadlock_with_a_writer_that_locks_the_order",
    ),
    Mutation(
        "lock an invoice before its order",
        TRANSITIONS,
        'of=("order", "self")',
        'of=("self", "order")',
        "tests/payments/test_lock_order.py"
        "::test_writer_that_waits_for_an_order_has_not_locked_its_invoice",
    ),
    Mutation(
        "leave the last bucket to no shard",
        "payments/models/poll_shard.py",
        "            -(-BUCKET_COUNT * (self.number + 1) // self.count),\n",
        "            BUCKET_COUNT * (self.number + 1) // self.count,\n",
        "tests/payments/polling/test_shards.py"
        "::test_bucket_belongs_to_one_shard_whatever_their_number",
    ),
    Mutation(
        "apply a batch's payment without its order's lock",
        TRANSITIONS,
        'of=("order", "self"), skip_locked=skip_locked',
        'of=("self",), skip_locked=skip_locked',
        "tests/payments/invoices/test_apply_payments.py::test_batch_waits_for_no_lock",
    ),
    Mutation(
        "wait for locks in a batch of payments",
        TRANSITIONS,
        'of=("order", "self"), skip_locked=skip_locked',
        'of=("order", "self")',
        "tests/payments/invoices/test_apply_payments.py::test_batch_waits_for_no_lock",
    ),
    Mutation(
        "take a payment whose order has another invoice for an ordinary one",
        "payments/invoices/apply_payments.py",
        'filter(~Exists(others), ~Exists(cases), KeyIsAnyOf("ids"))',
        'filter(~Exists(cases), KeyIsAnyOf("ids"))',
        "tests/payments/invoices/test_apply_payments.py"
        "::test_payment_that_is_not_ordinary_is_left_to_apply_status",
    ),
    Mutation(
        "lose a batch of payments that fails",
        "payments/polling/writer.py",
        '            logger.exception("payments are written one by one")\n        return set()\n',
        '            logger.exception("payments are written one by one")\n'
        "        return {query.invoice_id for query, _ in results}\n",
        "tests/payments/polling/test_writer.py::test_result_that_cannot_be_written_blocks_no_other",
    ),
    Mutation(
        "never take a shard over from another poller",
        SUPERVISOR,
        "    if len(most) < loop_count + 2:\n",
        "    if len(most) >= 0:\n",
        "tests/payments/polling/test_supervisor.py"
        "::test_poller_that_starts_later_takes_half_of_the_shards_over",
    ),
    Mutation(
        "take shards over from a poller with one more",
        SUPERVISOR,
        "    if len(most) < loop_count + 2:\n",
        "    if len(most) < loop_count + 1:\n",
        "tests/payments/polling/test_supervisor.py"
        "::test_pollers_with_equal_shares_leave_each_other_their_shards",
    ),
    Mutation(
        "take a lock over that has changed hands",
        "payments/polling/lock.py",
        'if redis.call("get", KEYS[1]) ~= ARGV[1] then return 0 end',
        'if redis.call("get", KEYS[1]) == "" then return 0 end',
        "tests/payments/polling/test_supervisor.py"
        "::test_lock_that_has_changed_hands_is_not_taken_over",
    ),
)
