"""All actions that may run over many rows, by the name that a job stores."""

from __future__ import annotations

from seqrshop.backoffice.bulk import of_menu, of_orders, of_technical
from seqrshop.backoffice.bulk.action import BulkAction

ACTIONS: dict[str, BulkAction] = {
    action.name: action
    for action in (
        of_orders.SERVE_ORDERS,
        of_orders.CHECK_ORDERS,
        of_orders.CANCEL_ORDERS,
        of_orders.CHECK_PAYMENTS,
        of_orders.CANCEL_PAYMENTS,
        of_orders.APPROVE_REFUNDS,
        of_orders.DECLINE_REFUNDS,
        of_orders.WITHDRAW_REFUNDS,
        of_orders.MARK_POSSIBLY_MADE,
        of_menu.SELL_OUT,
        of_menu.BRING_BACK_IN_STOCK,
        of_menu.SELL_OUT_OPTIONS,
        of_menu.BRING_BACK_OPTIONS,
        of_menu.PAUSE_SHOPS,
        of_menu.OPEN_SHOPS,
        of_menu.REGENERATE_CODES,
        of_menu.MARK_CODES_PRINTED,
        of_menu.MARK_PRINTS_REPLACED,
        of_technical.CHECK_PAUSES,
        of_technical.FETCH_REPORTS,
        of_technical.CHECK_TERMINALS,
    )
}
