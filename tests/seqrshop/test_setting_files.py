"""NAME_FILE names a file that holds the value of the setting NAME."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.seqrshop.test_settings import GOOD, load_settings, run

pytestmark = pytest.mark.slow

KEYS = [Fernet.generate_key().decode() for _ in range(2)]
PRINCIPALS = (
    "SEQR_TERMINAL_ID",
    "SEQR_TERMINAL_PASSWORD",
    "SEQR_RESELLER_ID",
    "SEQR_RESELLER_PASSWORD",
)


def without(*names: str, **given: str) -> dict[str, str]:
    """Return good settings without these, and with these."""
    return {name: value for name, value in GOOD.items() if name not in names} | given


def file_with(folder: Path, text: str) -> str:
    file = folder / "secret"
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize("separator", [",", "\n", " , \n"])
def test_keys_are_read_from_a_file_with_commas_or_lines(tmp_path: Path, separator: str) -> None:
    file = file_with(tmp_path, separator.join(KEYS) + "\n")
    code = "import seqrshop.settings as found; print(found.ENCRYPTION_KEYS)"

    read = run(["python", "-c", code], without("ENCRYPTION_KEYS", ENCRYPTION_KEYS_FILE=file))

    assert read.stdout == f"{KEYS}\n", read.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "SEQR_TERMINAL_PASSWORD"])
def test_file_holds_the_value_of_any_setting(tmp_path: Path, name: str) -> None:
    file = file_with(tmp_path, GOOD[name] + "\n")

    started = load_settings(without(name, **{f"{name}_FILE": file}))

    assert (started.returncode, started.stderr) == (0, "")


def test_value_and_file_together_are_refused_without_either_value(tmp_path: Path) -> None:
    file = file_with(tmp_path, KEYS[0])

    stopped = load_settings(GOOD | {"ENCRYPTION_KEYS": KEYS[1], "ENCRYPTION_KEYS_FILE": file})

    assert stopped.returncode == 1
    assert problems(stopped.stderr) == [
        "ENCRYPTION_KEYS and ENCRYPTION_KEYS_FILE are both given: remove one of them."
    ]
    assert not any(key in stopped.stderr for key in KEYS)


@pytest.mark.parametrize("kind", ["absent", "a folder", "not text"])
@pytest.mark.parametrize("name", ["ENCRYPTION_KEYS", "SEQR_TERMINAL_PASSWORD", "METRICS_TOKEN"])
def test_unreadable_file_is_named_once(tmp_path: Path, name: str, kind: str) -> None:
    file = tmp_path / "secret"
    if kind == "a folder":
        file.mkdir()
    elif kind == "not text":
        file.write_bytes(b"\xff\xfe\xfd")

    stopped = load_settings(without(name, **{f"{name}_FILE": str(file)}))

    assert stopped.returncode == 1
    assert problems(stopped.stderr) == [f"{name}_FILE names a file that cannot be read."]


def test_empty_file_is_a_missing_value(tmp_path: Path) -> None:
    file = file_with(tmp_path, "\n")

    stopped = load_settings(without("ENCRYPTION_KEYS", ENCRYPTION_KEYS_FILE=file))

    assert stopped.returncode == 1
    assert "ENCRYPTION_KEYS is missing: it should be" in stopped.stderr


def test_malformed_key_in_a_file_is_named_without_its_value(tmp_path: Path) -> None:
    file = file_with(tmp_path, f"{KEYS[0]}\nMalformed\n")

    stopped = load_settings(without("ENCRYPTION_KEYS", ENCRYPTION_KEYS_FILE=file))

    assert stopped.returncode == 1
    assert "ENCRYPTION_KEYS is malformed: it should be" in stopped.stderr
    assert KEYS[0] not in stopped.stderr
    assert "Malformed" not in stopped.stderr


@pytest.mark.parametrize("missing", PRINCIPALS)
def test_settings_of_the_terminal_belong_together(missing: str) -> None:
    stopped = load_settings(without(missing))

    assert stopped.returncode == 1
    (problem,) = problems(stopped.stderr)
    assert problem.startswith(f"{missing} is missing: it belongs to SEQR_")


def test_settings_of_the_terminal_may_all_be_missing() -> None:
    started = load_settings(without(*PRINCIPALS, "SEQR_RESELLER_USER_ID"))

    assert (started.returncode, started.stderr) == (0, "")


def problems(stderr: str) -> list[str]:
    """Return the sentences about single settings."""
    return [line.strip() for line in stderr.splitlines() if line.startswith("  ")]
