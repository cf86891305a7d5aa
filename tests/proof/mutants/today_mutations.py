"""Mutations of the first page, of what waits, and of the search, each with its test."""

from tests.proof.mutants.mutation import Mutation

TODAY = "seqrshop/backoffice/today"
WAITING = "seqrshop/backoffice/waiting.py"
TODAY_TESTS = "tests/backoffice/test_today.py"
SALES_TESTS = "tests/backoffice/test_today_sales.py"
FRAME_TESTS = "tests/backoffice/test_frame.py"
SEARCH_TESTS = "tests/backoffice/test_search.py"

TODAY_MUTATIONS = (
    Mutation(
        "say that payments work while SEQR does not answer",
        f"{TODAY}/payments_state.py",
        "        or _at_risk(now)\n",
        "",
        f"{TODAY_TESTS}::test_open_payment_without_an_answer_is_shown_as_seqr_not_answering",
    ),
    Mutation(
        "say that payments work while their terminal is paused",
        f"{TODAY}/payments_state.py",
        "        _paused(request, list(shops), now)\n        or _at_risk(now)\n",
        "        _at_risk(now)\n",
        f"{TODAY_TESTS}::test_pause_of_the_shops_terminal_is_shown_with_its_time_and_case",
    ),
    Mutation(
        "show the unsent payments of every shop",
        f"{TODAY}/payments_state.py",
        '    since = own_rows(request, unsent).aggregate(since=Min("created_at"))["since"]\n',
        '    since = unsent.aggregate(since=Min("created_at"))["since"]\n',
        f"{TODAY_TESTS}::test_unsent_payment_of_another_shop_is_not_shown",
    ),
    Mutation(
        "count a duplicate payment as a sale",
        f"{TODAY}/sales.py",
        "        status=InvoiceStatus.PAID, paid_at__gte=start, paid_at__lt=end\n",
        "        paid_at__gte=start, paid_at__lt=end\n",
        f"{SALES_TESTS}::test_takings_leave_out_other_shops_and_duplicate_payments",
    ),
    Mutation(
        "take what was ordered for what was paid",
        f"{TODAY}/sales.py",
        'paid_currency=F("currency"), then="paid_amount"),\n',
        'paid_currency=F("currency"), then="amount"),\n',
        f"{SALES_TESTS}::test_takings_have_the_amount_of_seqrs_receipt",
    ),
    Mutation(
        "add up the refunds of every shop",
        f"{TODAY}/sales.py",
        'own_rows(request, refunds.order_by()).values("currency")',
        'refunds.order_by().values("currency")',
        f"{SALES_TESTS}::test_refunds_of_today_are_shown_beside_the_takings",
    ),
    Mutation(
        "show the takings to everybody",
        f"{TODAY}/page.py",
        '(_sales(read_sales(request, now)) if may("payments.view_invoice") else {})',
        "_sales(read_sales(request, now))",
        f"{TODAY_TESTS}::test_person_sees_the_parts_that_the_permissions_allow",
    ),
    Mutation(
        "count the waiting orders of every shop",
        f"{TODAY}/page.py",
        "own_rows(request, waiting.order_by()).aggregate(",
        "waiting.order_by().aggregate(",
        f"{TODAY_TESTS}::test_waiting_orders_are_the_paid_ones_that_are_not_served",
    ),
    Mutation(
        "ask a person to approve refunds of their own",
        WAITING,
        "waiting.exclude(requested_by=request.user.pk)",
        "waiting",
        f"{FRAME_TESTS}::test_count_has_the_approvals_of_others_requests_in_the_persons_shops",
    ),
    Mutation(
        "count the refunds to approve of every shop",
        WAITING,
        "    return own_rows(request, waiting.exclude(",
        "    return (waiting.exclude(",
        f"{FRAME_TESTS}::test_count_has_the_approvals_of_others_requests_in_the_persons_shops",
    ),
    Mutation(
        "count the cases of every shop",
        WAITING,
        "    return own_rows(request, MoneyCase.objects.filter(closed_at=None))\n",
        "    return MoneyCase.objects.filter(closed_at=None)\n",
        f"{FRAME_TESTS}::test_count_has_the_open_cases_of_the_persons_shops",
    ),
    Mutation(
        "search without the right to",
        "seqrshop/backoffice/search_page.py",
        "    if not may_search(request):\n        raise PermissionDenied\n",
        "",
        f"{SEARCH_TESTS}::test_person_without_the_permission_is_refused_and_has_no_search_box",
    ),
    Mutation(
        "read a search text of any length",
        "seqrshop/backoffice/search_terms.py",
        "[:MAX_TERM_CHARACTERS]",
        "",
        "tests/backoffice/test_search_terms.py"
        "::test_text_is_cut_and_has_no_character_that_the_database_refuses",
    ),
    Mutation(
        "find the orders of a table on any day",
        "seqrshop/backoffice/search.py",
        "filter(table=table.lower(), created_at__gte=timezone.now() - TABLE_WINDOW)",
        "filter(table=table.lower())",
        f"{SEARCH_TESTS}::test_table_finds_the_orders_of_the_last_day",
    ),
    Mutation(
        "decide about a refund of another shop",
        "seqrshop/backoffice/approvals.py",
        "own_rows(request, Refund.objects.filter(pk=int(number) if is_number else 0)).first()",
        "Refund.objects.filter(pk=int(number) if is_number else 0).first()",
        "tests/backoffice/test_approvals.py"
        "::test_refund_of_another_shop_is_neither_shown_nor_decided",
    ),
    Mutation(
        "decide about refunds without the right to",
        "seqrshop/backoffice/approvals.py",
        "    if decision not in DECISIONS or not request.user.has_perm(needed):\n",
        "    if decision not in DECISIONS:\n",
        "tests/backoffice/test_approvals.py::test_decision_needs_its_permission",
    ),
)
