"""What is sold and ordered, and by whom."""

from orders.models.audit_event import AuditEvent, SubjectType
from orders.models.customer import Customer, CustomerSession
from orders.models.opening_hours import OpeningHours
from orders.models.order import Order, OrderRow, OrderState
from orders.models.picture import Picture
from orders.models.product import Category, Product
from orders.models.shop import QrCode, Shop

__all__ = [
    "AuditEvent",
    "Category",
    "Customer",
    "CustomerSession",
    "OpeningHours",
    "Order",
    "OrderRow",
    "OrderState",
    "Picture",
    "Product",
    "QrCode",
    "Shop",
    "SubjectType",
]
