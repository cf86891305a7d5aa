"""Terminals and sellers whose passwords are encrypted by keys that the process may not have."""

from cryptography.fernet import Fernet

from orders.models import Seller, Terminal
from tests.factories import SellerFactory, TerminalFactory

OTHER_KEY = Fernet.generate_key().decode()


def ciphertext_by(key: str, password: str) -> str:
    """Return the ciphertext of a password by one key."""
    return Fernet(key).encrypt(password.encode()).decode()


def seller_with(ciphertext: str, reseller_id: str = "reseller-2") -> Seller:
    """Return a seller, not that of the settings, with this ciphertext for a password."""
    seller = SellerFactory.create(reseller_id=reseller_id)
    Seller.objects.filter(pk=seller.pk).update(reseller_password_ciphertext=ciphertext)
    return Seller.objects.get(pk=seller.pk)


def terminal_with(ciphertext: str, principal_id: str = "till-2") -> Terminal:
    """Return a terminal, not that of the settings, with this ciphertext for a password.

    Its seller is that of the settings, without a stored password.
    """
    seller = SellerFactory.create(reseller_password="")
    terminal = TerminalFactory.create(principal_id=principal_id, seller=seller)
    Terminal.objects.filter(pk=terminal.pk).update(password_ciphertext=ciphertext)
    return Terminal.objects.get(pk=terminal.pk)
