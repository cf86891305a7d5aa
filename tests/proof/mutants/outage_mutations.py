"""Mutations of what keeps payments while PostgreSQL, Redis or SEQR is away."""

from tests.proof.mutants.mutation import Mutation

RUN = "payments/polling/run.py"
TESTS_OF_RUN = "tests/payments/polling/test_run.py"
TESTS_OF_LOCKED_ROWS = "tests/payments/polling/test_locked_rows.py"
TESTS_OF_RECOVERY = "tests/payments/test_recovery.py"
TESTS_OF_ENQUEUE = "tests/payments/test_enqueue.py"
TESTS_OF_CHECKS = "tests/payments/polling/test_status_checks.py"

OUTAGE_MUTATIONS = (
    Mutation(
        "take a shard before its open invoices are read",
        RUN,
        "store.read_first() and lock.acquire()",
        "lock.acquire() and store.read_first()",
        f"{TESTS_OF_RUN}::test_lock_is_taken_only_after_the_open_invoices_are_read",
    ),
    Mutation(
        "end a loop without its lock while it cannot read",
        RUN,
        "lock_thread.is_lost and store.is_current",
        "lock_thread.is_lost",
        f"{TESTS_OF_RUN}::test_loop_without_its_lock_continues_while_it_cannot_read",
    ),
    Mutation(
        "renew a shard's lock less often than it lapses",
        RUN,
        "RENEW_INTERVAL_SECONDS = 0.5",
        "RENEW_INTERVAL_SECONDS = 5.0",
        f"{TESTS_OF_RUN}::test_lock_and_heartbeat_are_kept_while_the_database_hangs",
    ),
    Mutation(
        "poll every shard twice while Redis is away",
        "payments/polling/supervisor.py",
        "        polled = _shards_with_current_row()\n",
        "        polled = set()\n",
        "tests/payments/polling/test_supervisor.py"
        "::test_poller_started_without_redis_leaves_shards_with_current_rows_to_another",
    ),
    Mutation(
        "let one locked invoice keep the others from being written",
        "payments/polling/writer.py",
        "            self._contended.add(invoice_id)\n            return False\n",
        "            raise\n",
        "tests/payments/polling/test_writer.py"
        "::test_locked_invoice_keeps_no_other_from_being_written",
    ),
    Mutation(
        "wait for the lock of every unchanged result before a read",
        "payments/polling/writer.py",
        "        for each in left_out:\n"
        "            if self._clock() > until:\n"
        "                break\n",
        "        for each in left_out:\n",
        f"{TESTS_OF_LOCKED_ROWS}::test_locked_unchanged_results_delay_a_read_by_one_wait_only",
    ),
    Mutation(
        "take a locked row of a shard for an outage of the database",
        "payments/polling/store.py",
        "            if not is_contention(error):\n                raise\n",
        "            raise\n",
        f"{TESTS_OF_LOCKED_ROWS}::test_locked_row_of_the_shard_prevents_no_read",
    ),
    Mutation(
        "write one step of what is left when a loop ends",
        "payments/polling/store.py",
        "            if not self._poller.updates_available.is_set():\n                break\n",
        "            break\n",
        "tests/payments/polling/test_writer.py::test_flush_writes_what_one_step_leaves",
    ),
    Mutation(
        "let the pool's pauses grow to minutes",
        "seqrshop/postgresql.py",
        '            "reconnect_timeout": RECONNECT_TIMEOUT_SECONDS,\n',
        "",
        "tests/seqrshop/test_postgresql.py::test_pool_never_pauses_for_long_between_two_attempts",
    ),
    Mutation(
        "let any number of requests wait for a connection",
        "seqrshop/postgresql.py",
        '            "max_waiting": POOL_MAX_WAITING,\n',
        "",
        "tests/seqrshop/test_pool_limit.py"
        "::test_request_beyond_those_that_wait_for_a_connection_is_refused_at_once",
    ),
    Mutation(
        "answer a stream without room as a server without streams",
        "seqrshop/serving/asgi_app.py",
        "opened is None:\n            raise Overloaded\n",
        "opened is None:\n            await send_whole(response, send)\n            return\n",
        "tests/serving/test_asgi_app.py::test_stream_without_room_gets_503_with_the_time_to_retry",
    ),
    Mutation(
        "read open rows by whatever plan the statistics suggest",
        "orders/query_plans.py",
        'cursor.execute("SET LOCAL enable_seqscan = off")',
        'cursor.execute("SELECT 1")',
        "tests/payments/test_scheduled_reads.py"
        "::test_scheduled_reads_read_open_rows_alone_with_outdated_statistics",
    ),
    Mutation(
        "give up no server that hangs within a statement's time",
        "seqrshop/postgresql.py",
        "super().wait(gen, interval, self.answer_timeout_seconds)",
        "super().wait(gen, interval, 60.0)",
        "tests/seqrshop/test_postgresql.py"
        "::test_hanging_server_is_reported_within_three_seconds_and_found_within_four",
    ),
    Mutation(
        "keep the connections to a former primary",
        "seqrshop/postgresql.py",
        "        except ReadOnlySqlTransaction:\n            self.pgconn.finish()\n",
        "        except ReadOnlySqlTransaction:\n",
        "tests/seqrshop/test_postgresql.py"
        "::test_write_on_a_standby_counts_as_an_outage_and_closes_the_connection",
    ),
    Mutation(
        "migrate with the limits of a request",
        "payments/management/commands/migrate.py",
        '        cursor.execute(f"SET statement_timeout = '
        "'{MIGRATION_STATEMENT_TIMEOUT_SECONDS}s'\")\n",
        "",
        "tests/seqrshop/test_postgresql.py"
        "::test_migrations_have_limits_of_their_own_and_leave_none_behind",
    ),
    Mutation(
        "let a request wait for Redis as a worker does",
        "seqrshop/celery.py",
        '**{"transport_options": PUBLISH_OPTIONS} | options',
        "**options",
        f"{TESTS_OF_ENQUEUE}::test_hanging_redis_delays_no_enqueue",
    ),
    Mutation(
        "put new invoices into the queue of everything else",
        "seqrshop/settings.py",
        '    "payments.tasks.send_invoice": {"queue": "customer"},\n',
        "",
        f"{TESTS_OF_ENQUEUE}::test_what_a_customer_waits_for_has_a_queue_of_its_own",
    ),
    Mutation(
        "recover work in the customers' queue",
        "payments/tasks.py",
        "            queue=settings.CELERY_TASK_DEFAULT_QUEUE,\n",
        '            queue="customer",\n',
        f"{TESTS_OF_RECOVERY}::test_recovered_work_goes_to_the_background_queue",
    ),
    Mutation(
        "let hanging sends take every thread of recovery",
        "payments/tasks.py",
        "    if not _recovery_sends.acquire(blocking=False):\n        return\n",
        "    _recovery_sends.acquire()\n",
        f"{TESTS_OF_RECOVERY}::test_hanging_sends_leave_threads_to_all_other_work_of_recovery",
    ),
    Mutation(
        "enqueue one kind of recovered work after the other",
        "payments/tasks.py",
        "chain.from_iterable(turns)",
        "[(task, argument) for task, items in kinds for argument in items]",
        f"{TESTS_OF_RECOVERY}::test_kinds_of_recovered_work_take_turns",
    ),
    Mutation(
        "keep a database connection while SEQR is called",
        "payments/gateway.py",
        "    if not connection.in_atomic_block:",
        "    if connection.in_atomic_block:",
        f"{TESTS_OF_CHECKS}::test_hung_calls_hold_no_database_connection",
    ),
    Mutation(
        "check notifications in four threads",
        "payments/polling/status_checks.py",
        "THREAD_COUNT = 64",
        "THREAD_COUNT = 4",
        f"{TESTS_OF_CHECKS}::test_check_of_an_invoice_does_not_wait_for_fifty_hung_ones",
    ),
    Mutation(
        "let scans take all threads of a web process",
        "payments/call_places.py",
        "            if not self._free:",
        "            if False:",
        "tests/storefront/test_session.py"
        "::test_exchange_is_refused_while_others_wait_for_seqr_and_a_known_token_is_served",
    ),
    Mutation(
        "let a client send its head for hours",
        "seqrshop/serving/connections.py",
        "now - since <= HEAD_TIMEOUT_SECONDS",
        "now - since <= 1000 * HEAD_TIMEOUT_SECONDS",
        "tests/serving/test_connections.py"
        "::test_head_has_ten_seconds_and_a_request_in_progress_more",
    ),
    Mutation(
        "let a client that takes nothing stay connected",
        "seqrshop/serving/connections.py",
        "now - connection.taken_at > SEND_TIMEOUT_SECONDS",
        "now - connection.taken_at > 1000 * SEND_TIMEOUT_SECONDS",
        "tests/serving/test_connections.py"
        "::test_client_that_takes_nothing_is_closed_and_a_slow_one_is_not",
    ),
    Mutation(
        "let one address fill the queue of all",
        "seqrshop/serving/lanes.py",
        "len(queue) >= MAX_QUEUED_PER_ADDRESS",
        "len(queue) >= MAX_QUEUED",
        "tests/serving/test_lanes.py::"
        "test_request_beyond_its_address_share_of_the_queue_is_refused_and_another_address_is_not",
    ),
    Mutation(
        "take a shard that gets no answers for well",
        "payments/polling/liveness.py",
        "        or now - answered_at > _max_answer_age_seconds()\n",
        "",
        "tests/payments/polling/test_liveness.py"
        "::test_shard_is_stalled_by_the_age_of_its_round_its_answers_or_its_read",
    ),
    Mutation(
        "report no shard that has not read its invoices",
        "seqrshop/ops/risks.py",
        "        elif snapshot and status.read_age > MAX_ANSWER_AGE_SECONDS:\n"
        "            yield ShardRisk(number, Problem.UNREAD, status.read_age)\n",
        "",
        "tests/ops/test_health.py"
        "::test_open_invoices_of_a_shard_that_has_not_read_them_are_at_risk",
    ),
)
