"""Mutations of the kitchen board, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

KITCHEN = "seqrshop/backoffice/kitchen"
PROGRESS = "orders/services/progress.py"
TESTS = "tests/backoffice/kitchen"
PROGRESS_TESTS = "tests/orders/test_progress.py"

KITCHEN_MUTATIONS = (
    Mutation(
        "pause a shop without the right to",
        f"{KITCHEN}/requests.py",
        "    require_permission(request, PAUSE_PERMISSION)\n",
        "",
        f"{TESTS}/test_requests.py::test_pause_needs_its_permission",
    ),
    Mutation(
        "open the board of a shop without the right to serve",
        f"{KITCHEN}/access.py",
        "    require_permission(request, BOARD_PERMISSION)\n",
        "",
        "tests/backoffice/test_role_grid.py::test_role_opens_and_posts_to_these_addresses_alone",
    ),
    Mutation(
        "open the board of any shop",
        f"{KITCHEN}/access.py",
        "get_object_or_404(own_rows(request, Shop.objects.all()), slug=slug)",
        "get_object_or_404(Shop.objects.all(), slug=slug)",
        f"{TESTS}/test_requests.py::test_each_person_opens_the_boards_of_the_own_shops_alone",
    ),
    Mutation(
        "stream the board to a person who has signed out",
        f"{KITCHEN}/broker.py",
        "            if reader not in allowed:\n",
        "            if False:\n",
        f"{TESTS}/test_board_stream.py"
        "::test_stream_of_a_person_who_signs_out_ends_and_a_colleagues_continues",
    ),
    Mutation(
        "show the orders of every shop on a board",
        f"{KITCHEN}/board.py",
        "Order.objects.filter(shop__in=shop_ids, id__gte=",
        "Order.objects.filter(id__gte=",
        f"{TESTS}/test_board.py::test_board_has_the_orders_of_its_shop_alone",
    ),
    Mutation(
        "strike out an order that was never paid",
        f"{KITCHEN}/board.py",
        "orders.filter(STRUCK_OUT, Exists(was_paid), ",
        "orders.filter(STRUCK_OUT, ",
        f"{TESTS}/test_board.py::test_order_that_was_never_paid_is_not_struck_out",
    ),
    Mutation(
        "offer units to serve that were refunded",
        f"{KITCHEN}/board.py",
        '                "refunded": refunded_units[line.row.pk],\n',
        '                "refunded": 0,\n',
        f"{TESTS}/test_board.py::test_partly_refunded_order_stays_and_says_which_units_are_left",
    ),
    Mutation(
        "undo whichever step is the latest by now",
        PROGRESS,
        "    if order.progress != step:\n        return False\n",
        "    step = OrderState(order.progress)\n"
        "    if step == OrderState.PAID:\n"
        "        return False\n",
        f"{PROGRESS_TESTS}::test_eight_screens_that_undo_one_step_take_back_no_other",
    ),
)
