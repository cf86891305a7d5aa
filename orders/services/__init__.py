"""What can be done with orders and the customers who make them."""

from orders.services.place import (
    AnotherOrderOpen,
    NonceReused,
    OrderNotAccepted,
    RowRequest,
    place_order,
    reopen_order,
    serve_order,
)
from orders.services.sessions import (
    blocking_order,
    digest_of,
    forget_expired_sessions,
    latest_order,
    open_session,
    session_by_id,
    session_of_token,
)

__all__ = [
    "AnotherOrderOpen",
    "NonceReused",
    "OrderNotAccepted",
    "RowRequest",
    "blocking_order",
    "digest_of",
    "forget_expired_sessions",
    "latest_order",
    "open_session",
    "place_order",
    "reopen_order",
    "serve_order",
    "session_by_id",
    "session_of_token",
]
