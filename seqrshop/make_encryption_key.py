"""Prints a new random key for ENCRYPTION_KEYS: `python -m seqrshop.make_encryption_key`.

It is no command of manage.py, which needs every setting, this one too.
"""

import sys

from cryptography.fernet import Fernet


def main() -> None:
    """Print a key."""
    sys.stdout.write(f"{Fernet.generate_key().decode()}\n")


if __name__ == "__main__":
    main()
