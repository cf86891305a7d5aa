"""Mutations of streams and of the connection pool, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

OPEN_STREAMS = "seqrshop/streaming/open_streams.py"
EVENT_STREAM = "seqrshop/streaming/event_stream.py"
BROKER_TESTS = "tests/storefront/streams/test_broker.py"
STREAM_TESTS = "tests/storefront/streams/test_stream.py"
BROKER = "seqrshop/storefront/streams/broker.py"
TRACKING = "seqrshop/storefront/tracking.py"
TRACKING_TESTS = "tests/storefront/test_tracking.py"

STREAM_MUTATIONS = (
    Mutation(
        "let one reader hold any number of streams",
        OPEN_STREAMS,
        "        if len(of_reader) >= self._most_per_reader:\n"
        '            of_reader.popleft().end("replaced")\n',
        "",
        "tests/storefront/streams/test_streams.py::test_fourth_stream_of_customer_ends_the_oldest",
    ),
    Mutation(
        "remember the streams of readers who have left",
        OPEN_STREAMS,
        "            of_reader.remove(stream)\n",
        "            pass\n",
        f"{BROKER_TESTS}::test_limit_of_a_reader_counts_the_streams_left_after_one_has_closed",
    ),
    Mutation(
        "open streams without a limit",
        OPEN_STREAMS,
        "        return len(self) >= self._most\n",
        "        return False\n",
        f"{BROKER_TESTS}::test_full_process_opens_no_stream",
    ),
    Mutation(
        "stream for ever",
        EVENT_STREAM,
        "            if self._timings.clock() >= self._ends_at:\n",
        "            if False:\n",
        f"{STREAM_TESTS}::test_stream_ends_with_timeout_after_five_minutes",
    ),
    Mutation(
        "stream after the end of the session",
        EVENT_STREAM,
        "            lifetime = min(lifetime, session_seconds)\n",
        "            pass\n",
        f"{STREAM_TESTS}::test_stream_ends_when_session_expires",
    ),
    Mutation(
        "keep each event for a slow reader",
        EVENT_STREAM,
        "        self._pending.pop(kind, None)\n        self._pending[kind] = data\n",
        "        while kind in self._pending:\n"
        '            kind += "."\n'
        "        self._pending[kind] = data\n",
        f"{STREAM_TESTS}::test_slow_reader_receives_latest_change_only",
    ),
    Mutation(
        "lend a connection that the server has closed",
        "seqrshop/postgresql.py",
        "        return not unread.poll(0)\n",
        "        return True\n",
        "tests/seqrshop/test_postgresql.py"
        "::test_connection_that_the_server_has_closed_is_not_lent_though_just_used",
    ),
    Mutation(
        "stream orders that nobody records as served for ever",
        TRACKING,
        "< KITCHEN_TIME",
        "< 99 * KITCHEN_TIME",
        f"{TRACKING_TESTS}"
        "::test_order_that_nobody_records_as_served_is_awaited_for_an_hour_from_its_payment",
    ),
    Mutation(
        "compare every paid order with the database every two seconds",
        BROKER,
        "        if now - self._all_compared_at >= self._timings.kitchen_compare:\n",
        "        if True:\n",
        f"{BROKER_TESTS}"
        "::test_paid_orders_are_compared_with_the_database_more_rarely_than_unpaid_ones",
    ),
    Mutation(
        "list the orders of every customer",
        "seqrshop/storefront/order_queries.py",
        "    orders = Order.objects.filter(customer=_CUSTOMER, shop=shop, **conditions)\n",
        "    orders = Order.objects.filter(shop=shop, **conditions)\n",
        "tests/storefront/test_my_orders.py::test_list_has_no_order_of_another_customer_or_shop",
    ),
)
