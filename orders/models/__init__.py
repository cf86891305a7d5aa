"""What is sold and ordered, and by whom."""

from orders.models.customer import Customer, CustomerSession
from orders.models.order import Order, OrderRow, OrderState
from orders.models.service import Product, QrCode, Service

__all__ = [
    "Customer",
    "CustomerSession",
    "Order",
    "OrderRow",
    "OrderState",
    "Product",
    "QrCode",
    "Service",
]
