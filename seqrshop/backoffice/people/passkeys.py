"""Passkeys: WebAuthn between a person's device and this shop, by Yubico's fido2.

A passkey belongs to the host name under which it was added. Browsers offer it there alone, and over
https (or at localhost).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from orders.models import Passkey

MAX_ANSWER_LENGTH = 20_000  # of a device's answer, as JSON

State = dict[str, Any]
"""The challenge that was sent; the session keeps it until the answer comes."""
NO_STATE: State = {}  # no answer fits a challenge that was not sent


class PasskeyRefused(Exception):
    """The device's answer is malformed, or does not prove what it should."""


def begin_adding(request: HttpRequest, user: Any, known: Sequence[Passkey]) -> tuple[str, State]:
    """Return the options with which a browser makes a passkey, as JSON, and the state to keep."""
    options, state = _server(request).register_begin(
        PublicKeyCredentialUserEntity(
            id=str(user.pk).encode(), name=user.get_username(), display_name=str(user)
        ),
        [_credential(passkey) for passkey in known],
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return json.dumps(dict(options)["publicKey"]), state


def finish_adding(request: HttpRequest, state: State | None, answer: str) -> Passkey:
    """Return the passkey that a device has made, unsaved and without a user.

    Raises PasskeyRefused, also where no state was kept.
    """
    response = _parsed(answer)
    try:
        auth_data = _server(request).register_complete(state or NO_STATE, response)
    except Exception as error:  # fido2 raises many kinds about what anybody may post
        raise PasskeyRefused from error
    credential = auth_data.credential_data
    assert credential is not None
    return Passkey(
        credential_id=credential.credential_id,
        credential=bytes(credential),
        sign_count=auth_data.counter,
    )


def begin_check(request: HttpRequest, known: Sequence[Passkey]) -> tuple[str, State]:
    """Return the options with which a browser proves a passkey, as JSON, and the state to keep."""
    options, state = _server(request).authenticate_begin(
        [_credential(passkey) for passkey in known],
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return json.dumps(dict(options)["publicKey"]), state


def finish_check(
    request: HttpRequest, state: State | None, known: Sequence[Passkey], answer: str
) -> tuple[Passkey, int]:
    """Return which of the known passkeys the answer proves, and its new count.

    Raises PasskeyRefused, also where no state was kept, or the count does not grow, as that of a
    copied device.
    """
    response = _parsed(answer)
    try:
        proven = _server(request).authenticate_complete(
            state or NO_STATE, [_credential(passkey) for passkey in known], response
        )
        count = AuthenticationResponse.from_dict(response).response.authenticator_data.counter
    except Exception as error:  # fido2 raises many kinds about what anybody may post
        raise PasskeyRefused from error
    passkey = next(each for each in known if bytes(each.credential_id) == proven.credential_id)
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        raise PasskeyRefused
    return passkey, count


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > MAX_ANSWER_LENGTH:
        raise PasskeyRefused
    try:
        response = json.loads(answer)
    except ValueError as error:
        raise PasskeyRefused from error
    if not isinstance(response, dict):
        raise PasskeyRefused
    return response


def _server(request: HttpRequest) -> Fido2Server:
    """Return the server of the host under which the person has opened the page."""
    origin = f"{request.scheme}://{request.get_host()}"
    host = urlsplit(origin).hostname or ""
    return Fido2Server(
        PublicKeyCredentialRpEntity(name=host, id=host),
        verify_origin=lambda given: given == origin,
    )


def _credential(passkey: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(passkey.credential))
