"""Mutations of the rules by which staff are bound to shops, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

SHOP_SCOPE = "seqrshop/backoffice/shop_scope.py"
SCOPED_ADMIN = "seqrshop/backoffice/scoped_admin.py"
KITCHEN = "seqrshop/backoffice/kitchen/"
PAGES = (
    "tests/backoffice/test_staff_by_shop_pages.py"
    "::test_page_of_a_row_of_another_shop_answers_as_that_of_an_unknown_id"
)

STAFF_MUTATIONS = (
    Mutation(
        "check a password before the limits",
        "seqrshop/backoffice/sign_in.py",
        "        if seconds:\n            record_failed_sign_in(",
        "        if not super().clean() and seconds:\n            record_failed_sign_in(",
        "tests/backoffice/test_sign_in.py"
        "::test_guesses_at_an_account_are_refused_before_they_are_hashed",
    ),
    Mutation(
        "let an attacker use up the limit of the owner's browser",
        "seqrshop/backoffice/sign_in_limits.py",
        "    if attempt.browser:\n",
        "    if False:\n",
        "tests/backoffice/test_sign_in.py"
        "::test_attacker_at_the_same_address_does_not_shut_the_owners_browser_out",
    ),
    Mutation(
        "count what others fail elsewhere at the usual address",
        "seqrshop/backoffice/sign_in_limits.py",
        "and not (usual and key == _account_key(attempt))",
        "",
        "tests/backoffice/test_sign_in.py"
        "::test_attacker_elsewhere_does_not_shut_the_owner_out_at_the_usual_address",
    ),
    Mutation(
        "allow every lookup of a list's model",
        "seqrshop/backoffice/scoped_admin.py",
        "        return lookup in allowed_lookups(self, request, self.linked_by)\n",
        "        return super().lookup_allowed(lookup, value, request)\n",
        "tests/backoffice/test_list_parameters.py"
        "::test_viewer_cannot_find_a_secret_by_the_rows_that_a_list_shows",
    ),
    Mutation(
        "show the rows of every shop",
        SCOPED_ADMIN,
        "        return own_rows(request, super().get_queryset(request))\n",
        "        return super().get_queryset(request)\n",
        "tests/backoffice/test_staff_by_shop_pages.py"
        "::test_list_shows_the_rows_of_the_persons_shops",
    ),
    Mutation(
        "refund a payment of another shop",
        "seqrshop/backoffice/refund_page.py",
        'own_rows(request, Invoice.objects.select_related("order__shop", "order__customer"))',
        'Invoice.objects.select_related("order__shop", "order__customer")',
        PAGES,
    ),
    Mutation(
        "capture a payment of another shop",
        "seqrshop/backoffice/capture.py",
        '    invoices = own_rows(request, Invoice.objects.select_related("order"))\n',
        '    invoices = Invoice.objects.select_related("order")\n',
        PAGES,
    ),
    Mutation(
        "download a code of another shop",
        "seqrshop/backoffice/qr_code.py",
        'own_rows(request, QrCode.objects.select_related("shop"))',
        'QrCode.objects.select_related("shop")',
        PAGES,
    ),
    Mutation(
        "offer the shops of others in a form",
        SCOPED_ADMIN,
        "        return own_rows(request, offered)\n",
        "        return offered\n",
        "tests/backoffice/test_staff_by_shop_forms.py::test_person_adds_a_code_in_own_shops_alone",
    ),
    Mutation(
        "offer the shops of others in a filter",
        SCOPED_ADMIN,
        "        own = own_rows(request, field.related_model._default_manager.all())\n",
        "        own = field.related_model._default_manager.all()\n",
        "tests/backoffice/test_staff_by_shop.py"
        "::test_filter_offers_the_persons_shops_and_another_shop_is_unknown",
    ),
    Mutation(
        "show the report of a shared terminal to the staff of one of its shops",
        SHOP_SCOPE,
        "    return Terminal.objects.filter("
        "Exists(shops), ~Exists(shops.exclude(pk__in=shop_ids)))\n",
        "    return Terminal.objects.filter(Exists(shops.filter(pk__in=shop_ids)))\n",
        "tests/backoffice/test_staff_by_shop_pages.py"
        "::test_list_shows_the_rows_of_the_persons_shops",
    ),
    Mutation(
        "show the report of a terminal without a shop",
        SHOP_SCOPE,
        "Terminal.objects.filter(Exists(shops), ~Exists(",
        "Terminal.objects.filter(~Exists(",
        "tests/backoffice/test_staff_by_shop_pages.py"
        "::test_list_shows_the_rows_of_the_persons_shops",
    ),
    Mutation(
        "show the old sales of a shop that has left the terminal",
        SHOP_SCOPE,
        "filter(*others, terminal__in=_terminals(shop_ids))",
        "filter(terminal__in=_terminals(shop_ids))",
        "tests/backoffice/test_staff_by_shop_pages.py"
        "::test_list_shows_the_rows_of_the_persons_shops",
    ),
    Mutation(
        "give a person without a choice all shops",
        SHOP_SCOPE,
        "        return ShopAccess(all_shops=access is not None)\n",
        "        return ShopAccess(all_shops=True)\n",
        "tests/backoffice/test_staff_by_shop_pages.py"
        "::test_list_shows_the_rows_of_the_persons_shops",
    ),
    Mutation(
        "let a person of some shops change the shops of users",
        SHOP_SCOPE,
        "    User: needs_all_shops,\n",
        "    User: lambda _shop_ids: Q(),\n",
        "tests/backoffice/test_staff_access.py::test_person_of_some_shops_changes_nobodys_shops",
    ),
    Mutation(
        "let a person of some shops add a shop",
        "seqrshop/backoffice/shop.py",
        "super().has_add_permission(request) and has_all_shops(request)",
        "super().has_add_permission(request)",
        "tests/backoffice/test_staff_by_shop_pages.py"
        "::test_page_of_no_row_is_open_to_those_who_may",
    ),
    Mutation(
        "let the stream of a kitchen board outlive the session",
        KITCHEN + "access.py",
        "    request.user = get_user(request)  # checks the session's end and the password, too\n",
        "    request.user = get_user(request)\n"
        "    from django.contrib.auth.models import User\n"
        "    request.user = User.objects.get(pk=reader.user_id)\n",
        "tests/backoffice/kitchen/test_access.py"
        "::test_person_who_may_not_read_the_board_any_more_is_found",
    ),
    Mutation(
        "keep a kitchen board open to a person who has lost the shop",
        KITCHEN + "access.py",
        "has_perm(BOARD_PERMISSION) and own.exists()",
        "has_perm(BOARD_PERMISSION)",
        "tests/backoffice/kitchen/test_access.py"
        "::test_person_who_may_not_read_the_board_any_more_is_found",
    ),
    Mutation(
        "serve another shop's order from a kitchen board",
        KITCHEN + "requests.py",
        "get_object_or_404(Order, pk=order_id, shop=shop)",
        "get_object_or_404(Order, pk=order_id)",
        "tests/backoffice/kitchen/test_requests.py"
        "::test_order_of_another_shop_is_unknown_at_this_board",
    ),
    Mutation(
        "drop a reversed order from the kitchen board without a word",
        KITCHEN + "board.py",
        "| Q(pk__in=struck_out))",
        ")",
        "tests/backoffice/kitchen/test_board.py::test_reversed_order_is_struck_out",
    ),
    Mutation(
        "plan a list for any shop once its statement is prepared",
        "seqrshop/backoffice/large_lists.py",
        "        with planned_for_its_values():\n",
        "        if True:\n",
        "tests/backoffice/test_events_of_days.py"
        "::test_list_is_planned_for_the_persons_shops_however_often_it_is_read",
    ),
    Mutation(
        "skip any number of rows to a page of a filtered list",
        "seqrshop/backoffice/large_lists.py",
        "most = MAX_SKIPPED_ROWS if is_of_all else MAX_SKIPPED_ROWS_OF_SOME",
        "most = MAX_SKIPPED_ROWS",
        "tests/backoffice/test_large_lists.py"
        "::test_page_beyond_many_rows_is_refused_with_advice_and_the_filter_stays",
    ),
    Mutation(
        "leave out orders of a day that a long transaction has stored",
        "seqrshop/backoffice/id_ranges.py",
        "_first_not_before(model, field, since - LONGEST_TRANSACTION)",
        "_first_not_before(model, field, since)",
        "tests/backoffice/test_large_lists_by_index.py"
        "::test_ids_of_a_time_are_those_of_all_its_rows_and_of_a_day_around",
    ),
    Mutation(
        "take the events of the first orders of some days for all",
        "seqrshop/backoffice/row_count.py",
        "        counted = _count_to_limit(rows)\n",
        "        counted = counted or _count_to_limit(rows)\n",
        "tests/backoffice/test_events_of_days.py"
        "::test_events_of_the_first_orders_of_the_days_are_counted_before_all",
    ),
    Mutation(
        "read the events of all days for the last page of one",
        "seqrshop/backoffice/audit_event.py",
        'return ("-occurred_at", "-id") if is_of_days else ("-id",)',
        'return ("-id",)',
        "tests/backoffice/test_events_of_days.py::test_page_of_a_day_reads_no_event_of_another_day",
    ),
    Mutation(
        "find the orders of every shop",
        "seqrshop/backoffice/search_page.py",
        "own_rows(request, Order.objects.filter(orders_matching(text)))",
        "Order.objects.filter(orders_matching(text))",
        "tests/backoffice/test_search.py::test_order_of_another_shop_is_not_found",
    ),
    Mutation(
        "add up the takings of every shop",
        "seqrshop/backoffice/today/sales.py",
        'return own_rows(request, paid).values("currency")',
        'return paid.values("currency")',
        "tests/backoffice/test_today_sales.py::test_takings_leave_out_other_shops_and_duplicate_payments",
    ),
)
