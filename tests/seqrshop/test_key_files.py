"""ENCRYPTION_KEYS_FILE names a file that holds one or more keys."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.seqrshop.test_settings import GOOD, load_settings, run

pytestmark = pytest.mark.slow

KEYS = [Fernet.generate_key().decode() for _ in range(2)]


def keys_in(file: str) -> dict[str, str]:
    """Return good settings whose keys are in this file."""
    return GOOD | {"ENCRYPTION_KEYS": "", "ENCRYPTION_KEYS_FILE": file}


def file_with(folder: Path, text: str) -> str:
    file = folder / "secret"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("separator", [",", "\n", " , \n"])
def test_keys_are_read_from_a_file_with_commas_or_lines(tmp_path: Path, separator: str) -> None:
    file = file_with(tmp_path, separator.join(KEYS) + "\n")
    code = "import seqrshop.settings as found; print(found.ENCRYPTION_KEYS)"

    read = run(["python", "-c", code], keys_in(file))

    assert read.stdout == f"{KEYS}\n", read.stderr


def test_malformed_key_in_a_file_is_named_without_its_value(tmp_path: Path) -> None:
    file = file_with(tmp_path, f"{KEYS[0]}\nMalformed\n")

    stopped = load_settings(keys_in(file))

    assert stopped.returncode == 1
    assert "ENCRYPTION_KEYS is malformed: it should be" in stopped.stderr
    assert KEYS[0] not in stopped.stderr
    assert "Malformed" not in stopped.stderr
