"""The services of orders, customers' sessions, the kitchen, the menu and opening hours."""

from orders.services.catalogue import (
    mark_paused,
    mark_sold_out,
    menu_of,
    planned_pauses_at,
    planned_until,
)
from orders.services.hours import (
    Schedule,
    first_day_that_counts,
    schedule_columns,
    schedule_of,
)
from orders.services.menu_copy import copy_menu
from orders.services.notes import clean_note
from orders.services.options import MenuProduct, OfferedGroup, OfferedOption
from orders.services.order_request import OrderRequest, RowRequest
from orders.services.order_rows import (
    OrderLine,
    in_sequence,
    lines_of,
    rows_column,
    rows_in_column,
    rows_of,
    rows_of_orders,
)
from orders.services.place import (
    AnotherOrderOpen,
    CustomerErased,
    NonceReused,
    PriceChanged,
    place_order,
    reopen_order,
)
from orders.services.priced_rows import OrderNotAccepted
from orders.services.progress import advance_order, serve_order, undo_step
from orders.services.sessions import (
    blocking_order,
    create_session,
    digest_of,
    digests_of,
    forget_expired_sessions,
    session_of_digest,
    session_of_token,
)

__all__ = [
    "AnotherOrderOpen",
    "CustomerErased",
    "MenuProduct",
    "NonceReused",
    "OfferedGroup",
    "OfferedOption",
    "OrderLine",
    "OrderNotAccepted",
    "OrderRequest",
    "PriceChanged",
    "RowRequest",
    "Schedule",
    "advance_order",
    "blocking_order",
    "clean_note",
    "copy_menu",
    "create_session",
    "digest_of",
    "digests_of",
    "first_day_that_counts",
    "forget_expired_sessions",
    "in_sequence",
    "lines_of",
    "mark_paused",
    "mark_sold_out",
    "menu_of",
    "place_order",
    "planned_pauses_at",
    "planned_until",
    "reopen_order",
    "rows_column",
    "rows_in_column",
    "rows_of",
    "rows_of_orders",
    "schedule_columns",
    "schedule_of",
    "serve_order",
    "session_of_digest",
    "session_of_token",
    "undo_step",
]
