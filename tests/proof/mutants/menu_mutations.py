"""Mutations of options, dining and tips, each with a test that catches it."""

from tests.proof.mutants.mutation import Mutation

OPTIONS = "orders/services/options.py"
PRICED_ROWS = "orders/services/priced_rows.py"
ORDER_REQUEST = "orders/services/order_request.py"
PAYLOADS = "payments/invoices/payloads.py"
ROW_AMOUNTS = "payments/refunds/row_amounts.py"
OPTION_TESTS = "tests/storefront/test_options.py"
MENU_TESTS = "tests/storefront/test_menu_details.py"
DINING_TESTS = "tests/storefront/test_dining.py"
TIP_TESTS = "tests/storefront/test_tips.py"
REPEATED_TESTS = "tests/storefront/test_repeated_orders.py"
AMOUNTS = "tests/payments/test_option_amounts.py"

MENU_MUTATIONS = (
    Mutation(
        "ignore an option that the product does not offer",
        OPTIONS,
        "    if len(found) < len(chosen):\n",
        "    if False:\n",
        f"{OPTION_TESTS}::test_option_of_another_product_or_shop_is_rejected",
    ),
    Mutation(
        "offer the option groups of another shop",
        OPTIONS,
        'filter(products=OuterRef("pk"), shop=OuterRef("shop"))',
        'filter(products=OuterRef("pk"))',
        f"{OPTION_TESTS}::test_option_of_another_product_or_shop_is_rejected",
    ),
    Mutation(
        "sell an option that is sold out",
        OPTIONS,
        "            if option.sold_out:\n",
        "            if False:\n",
        f"{OPTION_TESTS}::test_option_that_has_sold_out_meanwhile_is_rejected",
    ),
    Mutation(
        "accept more options than a group allows",
        OPTIONS,
        "    elif number > group.maximum:\n",
        "    elif False:\n",
        f"{OPTION_TESTS}::test_number_of_options_that_a_group_does_not_allow_is_rejected",
    ),
    Mutation(
        "accept fewer options than a group needs",
        OPTIONS,
        "    if number < group.minimum:\n",
        "    if False:\n",
        f"{OPTION_TESTS}::test_number_of_options_that_a_group_does_not_allow_is_rejected",
    ),
    Mutation(
        "sell a product whose needed options are sold out",
        OPTIONS,
        "return self.product.sold_out or any(group.lacks_options for group in self.option_groups)",
        "return self.product.sold_out",
        f"{MENU_TESTS}::test_product_whose_needed_options_are_all_sold_out_is_sold_out",
    ),
    Mutation(
        "tax an option as if it were eaten here",
        PRICED_ROWS,
        "        vat_rate=of_product.vat_rate,\n",
        "        vat_rate=of_product.product.vat_rate,\n",
        f"{DINING_TESTS}::test_dining_decides_the_vat_and_not_the_price",
    ),
    Mutation(
        "accept an order that does not say where it is eaten",
        PRICED_ROWS,
        "    if shop.asks_dining and dining not in Dining.values:\n",
        "    if False:\n",
        f"{DINING_TESTS}::test_missing_or_unknown_dining_is_named",
    ),
    Mutation(
        "take a tip where the shop takes none",
        PRICED_ROWS,
        "    if not shop.tip_percentages:\n",
        "    if False:\n",
        f"{TIP_TESTS}::test_tip_where_the_shop_takes_none_is_named",
    ),
    Mutation(
        "take a tip of any amount",
        PRICED_ROWS,
        "    if not 0 < tip <= goods:\n",
        "    if False:\n",
        f"{TIP_TESTS}::test_tip_above_the_goods_is_named",
    ),
    Mutation(
        "take an order with another tip for a repeated request",
        ORDER_REQUEST,
        "        tip = sum((line.total for line in lines if line.row.is_tip), Decimal(0))\n",
        "        tip = self.tip\n",
        f"{REPEATED_TESTS}::test_repeated_nonce_with_other_contents_is_a_conflict",
    ),
    Mutation(
        "take an order with other options for a repeated request",
        ORDER_REQUEST,
        "        return self.product_id, frozenset(self.option_ids), self.note\n",
        "        return self.product_id, frozenset(), self.note\n",
        f"{OPTION_TESTS}::test_equal_rows_are_rejected_and_different_ones_accepted",
    ),
    Mutation(
        "send SEQR an option of 0.00 as a row",
        PAYLOADS,
        "            if option.total\n",
        "            if True\n",
        f"{AMOUNTS}::test_rows_of_seqr_add_up_and_none_is_empty",
    ),
    Mutation(
        "let a discount lower the tip",
        ROW_AMOUNTS,
        "        if row.is_tip:\n",
        "        if False:\n",
        f"{AMOUNTS}::test_refunds_of_all_units_pay_back_what_was_paid_and_the_whole_tip",
    ),
    Mutation(
        "accept a discount of the tip from the shop's hook",
        "payments/loyalty/hook.py",
        "        if not row.is_tip:\n",
        "        if True:\n",
        "tests/payments/loyalty/test_hook.py::test_discount_of_the_tip_is_refused",
    ),
    Mutation(
        "refund a unit without its options",
        ROW_AMOUNTS,
        "        for row in of_id[pk].rows\n",
        "        for row in of_id[pk].rows[:1]\n",
        "tests/backoffice/test_options_of_orders.py::test_refund_of_a_unit_pays_back_its_options",
    ),
    Mutation(
        "pay an order again whose option is sold out",
        "orders/services/place.py",
        "    sold = row.option or row.product\n",
        "    sold = row.product\n",
        f"{REPEATED_TESTS}::test_order_whose_option_has_sold_out_cannot_be_paid_again",
    ),
)
