"""Customers' sessions, which SEQR's tokens are exchanged for."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import CharField, QuerySet
from django.db.models.functions import Now
from psycopg.types.json import Jsonb

from orders.compiled_query import CompiledQuery, Parameter
from orders.keyed_digest import keyed_digest, keyed_digests
from orders.models import Customer, CustomerSession, Order, Shop
from orders.models.order import BLOCKING_STATES

DELETE_BATCH_SIZE = 5_000
SALT = "orders.session"

_SESSION_OF_DIGEST = CompiledQuery(
    lambda: CustomerSession.objects.select_related("shop").filter(
        token_digest=Parameter("token_digest", CharField()), expires_at__gt=Now()
    )
)

# One statement, where the ORM needs ten with their savepoints.
_SAVE_CUSTOMER_AND_SESSION = """
    WITH customer AS (
        INSERT INTO orders_customer (subscriber_key, msisdn)
        VALUES (%(subscriber_key)s, %(msisdn)s)
        ON CONFLICT (subscriber_key) DO UPDATE SET msisdn = EXCLUDED.msisdn
        RETURNING id
    )
    INSERT INTO orders_customersession (token_digest, customer_id, shop_id, parameters, expires_at)
    SELECT
        %(token_digest)s, id, %(shop)s, %(parameters)s, statement_timestamp() + %(lifetime)s
    FROM customer
    ON CONFLICT (token_digest) DO UPDATE SET
        customer_id = EXCLUDED.customer_id,
        shop_id = EXCLUDED.shop_id,
        parameters = EXCLUDED.parameters,
        expires_at = EXCLUDED.expires_at
    RETURNING *
"""


def digest_of(token: str) -> str:
    """Return the keyed digest of a token; the token itself is never stored."""
    return keyed_digest(SALT, token)


def digests_of(token: str) -> list[str]:
    """Return the digests by which a token may be stored: by the present key, then by older ones."""
    return keyed_digests(SALT, token)


def create_session(
    shop: Shop,
    token: str,
    *,
    msisdn: str,
    subscriber_key: str,
    parameters: Mapping[str, str],
) -> CustomerSession:
    """Save a token's customer for CUSTOMER_SESSION_SECONDS; return the session."""
    (session,) = CustomerSession.objects.raw(
        _SAVE_CUSTOMER_AND_SESSION,
        {
            "subscriber_key": subscriber_key,
            "msisdn": msisdn,
            "token_digest": digest_of(token),
            "shop": shop.pk,
            "parameters": Jsonb(dict(parameters)),
            "lifetime": timedelta(seconds=settings.CUSTOMER_SESSION_SECONDS),
        },
    )
    session.shop = shop
    return session


def session_of_token(token: str) -> CustomerSession | None:
    """Return the live session of a token, with its shop, whichever key its digest is by."""
    for digest in digests_of(token):
        session = session_of_digest(digest)
        if session is not None:
            return session
    return None


def session_of_digest(token_digest: str) -> CustomerSession | None:
    """Return the session of the token with this digest, with its shop; None if it has none.

    An expired session is none.
    """
    return _SESSION_OF_DIGEST.first(token_digest=token_digest)


def blocking_order(customer: Customer, shop: Shop) -> Order | None:
    """Return the order that blocks this customer's next order at the shop, if any."""
    return (
        Order.objects.filter(customer=customer, shop=shop, state__in=BLOCKING_STATES)
        .order_by("-id")
        .first()
    )


def forget_expired_sessions() -> int:
    """Delete the expired sessions, the customers' and the staff's; return their number.

    In batches: each statement ends within its time limit, however many sessions have expired.
    """
    customers = CustomerSession.objects.filter(expires_at__lt=Now())
    staff = Session.objects.filter(expire_date__lt=Now())
    return _delete_in_batches(customers) + _delete_in_batches(staff)


def _delete_in_batches(expired: QuerySet[Any]) -> int:
    deleted = 0
    while batch := list(expired.values_list("pk", flat=True)[:DELETE_BATCH_SIZE]):
        deleted += expired.filter(pk__in=batch).delete()[0]  # unless renewed meanwhile
    return deleted
