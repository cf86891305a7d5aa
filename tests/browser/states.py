"""Every state of the customers' pages, and how to bring a page into it, in any language."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.browser import menu_states, order_states, receipt_states, start_states
from tests.browser.customer import PAID, UNPAID, Customer

STATES: dict[str, Callable[[Customer], None]] = {
    "connecting": menu_states.wait_for_seqr,
    "menu": menu_states.open_menu_page,
    "menu-chosen": menu_states.fill_basket,
    "menu-closed": menu_states.open_closed_menu,
    "menu-empty": menu_states.open_empty_menu,
    "menu-search": menu_states.open_long_menu,
    "basket": menu_states.open_full_basket,
    "basket-problems": menu_states.open_basket_with_problems,
    "basket-sold-out-meanwhile": menu_states.order_sold_out_product,
    "product": partial(menu_states.open_product, number=menu_states.BUN),
    "product-options": partial(menu_states.open_product, number=menu_states.LATTE),
    "product-option-missing": menu_states.order_without_required_option,
    **{
        f"order-{state.replace('_', '-')}": partial(order_states.open_order, state=state)
        for state in (*UNPAID, *PAID)
    },
    "order-usual-time": order_states.open_order_with_usual_time,
    "order-partly-refunded-ready": order_states.open_refunded_order_in_the_kitchen,
    "order-options": order_states.open_order_with_options,
    "menu-awaited-order": menu_states.open_menu_with_awaited_orders,
    "my-orders": order_states.open_my_orders,
    "my-orders-none": order_states.open_my_orders_without_any,
    "order-no-connection": order_states.lose_connection,
    "order-no-app": order_states.fail_to_open_app,
    "back-unpaid": partial(receipt_states.open_return_page, state="awaiting_payment"),
    "back-paid": partial(receipt_states.open_return_page, state="paid"),
    "back-preparing": partial(receipt_states.open_return_page, state="preparing"),
    "receipt": receipt_states.open_receipt,
    "receipt-refunded": receipt_states.open_refunded_receipt,
    "receipt-credit": receipt_states.open_credit_receipt,
    "receipt-mail-mistyped": receipt_states.mistype_mail_address,
    "receipt-mail-failed": receipt_states.fail_to_mail_receipt,
    "scan-again": start_states.use_expired_token,
    "no-order": start_states.open_missing_order,
    "no-page": start_states.open_missing_page,
    "start": start_states.open_start_page,
    "privacy": start_states.open_privacy_page,
    "start-several": start_states.open_start_page_of_several_shops,
}


def go_to(customer: Customer, state: str) -> None:
    """Bring the customer's page into one of STATES."""
    customer.reset()
    STATES[state](customer)
