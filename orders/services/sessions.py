"""A customer's session: what a token was exchanged for."""

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
    """Return the keyed digest under which a token is known; the token itself is never kept."""
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
    """Keep what SEQR told of a token for CUSTOMER_SESSION_SECONDS; return the session."""
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
    """Return the session of a token exchanged before, or None where it is unknown or expired."""
    return _live().filter(token_digest=digest_of(token)).first()


def session_by_id(session_id: int) -> CustomerSession | None:
    """Return the session of this id, or None where it is unknown or expired."""
    return _live().filter(pk=session_id).first()


def blocking_order(customer: Customer, shop: Shop) -> Order | None:
    """Return the order that keeps this customer from making another here, if there is one."""
    return (
        Order.objects.filter(customer=customer, shop=shop, state__in=BLOCKING_STATES)
        .order_by("-id")
        .first()
    )


def latest_order(customer: Customer, shop: Shop) -> Order | None:
    """Return the customer's newest order at this shop, if there is one."""
    return Order.objects.filter(customer=customer, shop=shop).order_by("-id").first()


def forget_expired_sessions() -> int:
    """Delete the sessions that have expired; return how many."""
    deleted, _ = CustomerSession.objects.filter(expires_at__lt=database_now()).delete()
    return deleted


def _live() -> QuerySet[CustomerSession]:
    return CustomerSession.objects.select_related("customer", "shop").filter(
        expires_at__gt=database_now()
    )
