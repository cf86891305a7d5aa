"""The gateway's settings."""

import math
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MAX_CLIENT_REFERENCE = 32


@dataclass(frozen=True)
class Credentials:
    """The IDs and passwords of one terminal and its reseller, with which SEQR is called."""

    terminal_id: str
    terminal_password: str = field(repr=False)
    reseller_id: str
    reseller_user_id: str
    reseller_password: str = field(repr=False)


@dataclass(frozen=True)
class SeqrConfig:
    """SEQR's endpoints, what the shop tells SEQR about itself, and the limits of a call.

    `service_url` and `session_url` are the endpoints of the two SOAP services. `channel` is
    `ClientWS` or `WS`. `client_id` is the company's name during certification, otherwise the
    software with its version. `client_reference` is the same in every call during certification,
    the system's name and version; otherwise it is empty, and each call gets one of its own.
    `timeout_seconds` bounds a whole call, from the DNS lookup to the response's last byte. A
    report's download may last longer: up to `report_timeout_seconds`, and not slower than 1 KiB a
    second for `report_stall_seconds`. Raises ValueError for an endpoint that is not an http or
    https address, and for a `client_reference` that SEQR would not take.
    """

    service_url: str
    session_url: str
    client_id: str
    channel: str
    timeout_seconds: float
    report_timeout_seconds: float
    report_stall_seconds: int
    client_reference: str = ""

    def __post_init__(self) -> None:
        for name in ("service_url", "session_url"):
            address = urlsplit(getattr(self, name))
            if address.scheme not in {"http", "https"} or not address.hostname:
                raise ValueError(f"{name} must be an http or https address.")
            if address.username or address.password:
                raise ValueError(f"{name} must not hold a user name or a password.")
        if not (math.isfinite(self.timeout_seconds) and self.timeout_seconds > 0):
            raise ValueError("timeout_seconds must be a number above 0.")
        if len(self.client_reference) > MAX_CLIENT_REFERENCE:
            raise ValueError(f"client_reference has more than {MAX_CLIENT_REFERENCE} characters.")
