"""Exchanges a token of the SEQR app for a customer's session."""

import re

from django.db import transaction

from orders.audit import ChangeSource
from orders.models import CustomerSession, Shop, SourceName
from orders.services import create_session, session_of_token
from payments.availability.pause import pause_refused_terminal
from payments.call_audit import audited_client
from payments.call_places import PLACE_WAIT_SECONDS, place_for_call
from payments.seqr import SeqrConfigurationError, SeqrRejected

SOURCE = ChangeSource(SourceName.CUSTOMER)
_TOKEN = re.compile(r"[0-9A-Za-z.\-]{6,100}")


class TokenRefused(Exception):
    """The token is malformed, unknown or expired."""


class TokenRefusedBySeqr(TokenRefused):
    """SEQR does not know the token, or it has expired there."""


class TokenOfAnotherShop(TokenRefused):
    """The token belongs to a session of another shop."""


def is_token(text: str) -> bool:
    """Return whether a text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def exchange_token(shop: Shop, token: str, caller: str = "") -> CustomerSession:
    """Return the customer's session for a token, with at most one call to SEQR.

    A token exchanged before needs no call until its session ends. `caller` is the address that asks
    for it (`call_places`). Raises TokenRefused, TokenRefusedBySeqr, TokenOfAnotherShop,
    NoPlaceForCall, and the gateway's SeqrUnavailable, SeqrOutcomeUnknown and
    SeqrConfigurationError.
    """
    if not is_token(token):
        raise TokenRefused
    known = session_of_token(token)
    if known is not None:
        if known.shop_id != shop.pk:
            raise TokenOfAnotherShop
        return known
    try:
        with place_for_call(caller, PLACE_WAIT_SECONDS):
            info = audited_client(shop.terminal_id, None, SOURCE).get_client_session_info(token)
    except SeqrConfigurationError as error:
        with transaction.atomic():
            pause_refused_terminal(shop.terminal_id, error, SOURCE)
        raise
    except SeqrRejected as error:
        raise TokenRefusedBySeqr from error
    return create_session(
        shop,
        token,
        msisdn=info.msisdn,
        subscriber_key=info.subscriber_key,
        parameters=info.parameters,
    )
