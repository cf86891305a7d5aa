"""Customers' sessions, which SEQR's tokens are exchanged for."""

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from orders.clock import database_now
from orders.models import Customer, CustomerSession, Order, Shop
from orders.models.order import BLOCKING_STATES


def digest_of(token: str) -> str:
    """Return the keyed digest of a token; the token itself is never stored."""
    return salted_hmac("orders.session", token, algorithm="sha256").hexdigest()


@transaction.atomic
def create_session(
    shop: Shop,
    token: str,
    *,
    msisdn: str,
    subscriber_key: str,
    parameters: Mapping[str, str],
) -> CustomerSession:
    """Save a token's customer for CUSTOMER_SESSION_SECONDS; return the session."""
    customer, _ = Customer.objects.update_or_create(
        subscriber_key=subscriber_key, defaults={"msisdn": msisdn}
    )
    session, _ = CustomerSession.objects.update_or_create(
        token_digest=digest_of(token),
        defaults={
            "customer": customer,
            "shop": shop,
            "parameters": dict(parameters),
            "expires_at": database_now() + timedelta(seconds=settings.CUSTOMER_SESSION_SECONDS),
        },
    )
    return session


def session_of_token(token: str) -> CustomerSession | None:
    """Return the session of a token, or None if it is unknown or expired."""
    return _unexpired().filter(token_digest=digest_of(token)).first()


def session_by_id(session_id: int) -> CustomerSession | None:
    """Return the session with this id, or None if it is unknown or expired."""
    return _unexpired().filter(pk=session_id).first()


def blocking_order(customer: Customer, shop: Shop) -> Order | None:
    """Return the order that blocks this customer's next order at the shop, if any."""
    return (
        Order.objects.filter(customer=customer, shop=shop, state__in=BLOCKING_STATES)
        .order_by("-id")
        .first()
    )


def latest_order(customer: Customer, shop: Shop) -> Order | None:
    """Return the customer's newest order at this shop, if any."""
    return Order.objects.filter(customer=customer, shop=shop).order_by("-id").first()


def forget_expired_sessions() -> int:
    """Delete the expired sessions; return their number."""
    deleted, _ = CustomerSession.objects.filter(expires_at__lt=database_now()).delete()
    return deleted


def _unexpired() -> QuerySet[CustomerSession]:
    return CustomerSession.objects.select_related("customer", "shop").filter(
        expires_at__gt=database_now()
    )
