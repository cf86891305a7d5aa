"""A customer's token is exchanged at SEQR, if it can be one."""

from __future__ import annotations

import pytest

from payments.session_exchange import TokenRefused, TokenRefusedBySeqr, exchange_token
from tests.factories import ShopFactory
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("token", ["", "x" * 200, "0000002012 63506374", "<token>"])
def test_text_that_is_no_token_is_refused_without_a_call(
    sandbox: SandboxProcess, token: str
) -> None:
    with pytest.raises(TokenRefused) as refused:
        exchange_token(ShopFactory.create(), token)

    assert type(refused.value) is TokenRefused
    assert sandbox.calls() == []


def test_token_that_seqr_does_not_know_is_refused_by_seqr(sandbox: SandboxProcess) -> None:
    with pytest.raises(TokenRefusedBySeqr):
        exchange_token(ShopFactory.create(), "0000002012-63506374")

    assert [call["operation"] for call in sandbox.calls()] == ["getClientSessionInfo"]
