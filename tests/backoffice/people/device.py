"""A device of the tests that makes one passkey and proves it, as WebAuthn says."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

HOST = "testserver"
PRESENT = AuthenticatorData.FLAG.UP


class Device:
    """Makes a passkey for a host, and answers challenges with a count that the test sets."""

    def __init__(self, credential_id: bytes = b"phone", host: str = HOST) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = credential_id
        self._host = host

    def make(self, state: dict[str, Any], *, count: int = 0) -> dict[str, Any]:
        """Return the answer that adds the passkey."""
        public_key: Any = ES256.from_cryptography_key(self._key.public_key())  # type: ignore[no-untyped-call]
        credential = AttestedCredentialData.create(bytes(16), self._id, public_key)
        flags = PRESENT | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(self._host_digest, flags, count, credential)
        attestation = AttestationObject.create("none", data, {})
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", state),
            attestationObject=bytes(attestation),
        )

    def prove(self, state: dict[str, Any], *, count: int = 0) -> dict[str, Any]:
        """Return the answer that proves the passkey."""
        data = AuthenticatorData.create(self._host_digest, PRESENT, count)
        client_data = self._client_data("webauthn.get", state)
        signed = data + sha256(client_data).digest()
        return self._answer(
            clientDataJSON=client_data,
            authenticatorData=bytes(data),
            signature=self._key.sign(signed, ec.ECDSA(SHA256())),
        )

    @property
    def _host_digest(self) -> bytes:
        return sha256(self._host.encode()).digest()

    def _client_data(self, kind: str, state: dict[str, Any]) -> bytes:
        origin = f"http://{self._host}"
        return bytes(CollectedClientData.create(kind, state.get("challenge", "AAAA"), origin))

    def _answer(self, **parts: bytes) -> dict[str, Any]:
        response = {name: websafe_encode(part) for name, part in parts.items()}
        identity = websafe_encode(self._id)
        return {"id": identity, "rawId": identity, "type": "public-key", "response": response}


def as_json(answer: dict[str, Any]) -> str:
    """Return an answer as a page posts it."""
    return json.dumps(answer)
