"""What is sold and ordered, and by whom."""

from orders.models.customer import Customer, CustomerSession
from orders.models.event import About, Event
from orders.models.order import Order, OrderRow, OrderState
from orders.models.service import Product, QrCode, Service

__all__ = [
    "About",
    "Customer",
    "CustomerSession",
    "Event",
    "Order",
    "OrderRow",
    "OrderState",
    "Product",
    "QrCode",
    "Service",
]
