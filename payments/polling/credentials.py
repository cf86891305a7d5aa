"""Passes the terminals' credentials to the poller, and passes on those that change."""

from collections.abc import Callable, Iterable

from orders.models import Terminal
from payments.gateway import credentials_of
from payments.seqr import Credentials

SetCredentials = Callable[[int, Credentials], None]


class CredentialsReader:
    """Reads the terminals, and calls `set_credentials` for each new or changed one."""

    def __init__(self, set_credentials: SetCredentials) -> None:
        self._set_credentials = set_credentials
        self._ciphertexts: dict[int, str] = {}  # by terminal

    def read(self) -> None:
        """Pass on what has changed since the last call. A terminal's ID at SEQR never changes."""
        current = dict(Terminal.objects.order_by().values_list("pk", "password_ciphertext"))
        changed = [pk for pk, text in current.items() if self._ciphertexts.get(pk) != text]
        if not changed:
            return
        for terminal in Terminal.objects.select_related("seller").filter(pk__in=changed):
            self._set_credentials(terminal.pk, credentials_of(terminal))
            self._ciphertexts[terminal.pk] = terminal.password_ciphertext

    def read_if_new(self, terminal_ids: Iterable[int]) -> None:
        """Read if one of these terminals was added after the last read."""
        if not self._ciphertexts.keys() >= set(terminal_ids):
            self.read()
