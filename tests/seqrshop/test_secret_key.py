"""SECRET_KEY is replaced: with its former value among the fallbacks, nobody notices."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from orders.models import CustomerSession
from payments.models import LoyaltyCard
from seqrshop.backoffice.people import second_factor
from tests.conftest import TOKEN
from tests.storefront.conftest import JsonClient

NEW = "a-new-secret-of-the-tests-which-guards-nothing-at-all-anywhere"
CARD = "9752 1234"
pytestmark = pytest.mark.django_db


class Everybody:
    """A customer, a member of staff with recovery codes, and a loyalty card; all from before."""

    def __init__(self) -> None:
        self._by_token, self._by_cookie = JsonClient(TOKEN), JsonClient()
        self._by_cookie.send("/lyktan/session", {"token": TOKEN})
        self._staff = Client()
        self._user = User.objects.create_superuser("anna")
        self._staff.force_login(self._user)
        self._codes = second_factor.new_recovery_codes(self._user)
        LoyaltyCard.objects.create(number_digest=LoyaltyCard.digest_of(CARD), percent=10)

    def known(self) -> set[str]:
        """Return who and what the shop still knows."""
        found = {
            "token": self._by_token.send("/lyktan/session").status_code == 200,
            "cookie": self._by_cookie.send("/lyktan/session").status_code == 200,
            "staff": self._staff.get("/admin/password_change/").status_code == 200,
            "recovery code": second_factor.check_code(self._user, self._codes.pop()),
            "loyalty card": LoyaltyCard.with_number(CARD.replace(" ", "")) is not None,
        }
        return {name for name, is_known in found.items() if is_known}


@pytest.fixture
def everybody(customer_session: CustomerSession) -> Everybody:
    return Everybody()


def test_former_key_among_the_fallbacks_still_counts(
    everybody: Everybody, settings: Settings
) -> None:
    before = everybody.known()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = NEW

    assert everybody.known() == before
    assert before == {"token", "cookie", "staff", "recovery code", "loyalty card"}


def test_former_key_that_is_no_fallback_counts_no_more(
    everybody: Everybody, settings: Settings
) -> None:
    settings.SECRET_KEY = NEW

    assert everybody.known() == set()


def test_new_digests_are_by_the_new_key(settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = NEW
    LoyaltyCard.objects.create(number_digest=LoyaltyCard.digest_of(CARD), percent=10)

    settings.SECRET_KEY_FALLBACKS = []

    assert LoyaltyCard.with_number(CARD) is not None
