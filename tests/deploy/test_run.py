"""deploy/run starts each process of the Procfile, with the secrets of a folder as settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY

PROCFILE = (
    "web: printenv PORT SECRET_KEY_FILE ${LISTEN_HOST:-EMAIL_URL_FILE}\necho: echo --name a\n"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder of a shop whose processes print what they get, and of its secrets."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(DEPLOY / "run", tmp_path / "deploy")
    (tmp_path / "Procfile").write_text(PROCFILE)
    (tmp_path / "manage.py").write_text("import sys; print('manage.py', *sys.argv[1:])")
    (tmp_path / "secrets").mkdir()
    return tmp_path


def run(shop: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # as in .venv and the image
    env = {**os.environ, "PATH": programs, "CREDENTIALS_DIRECTORY": str(shop / "secrets"), **env}
    command = [str(shop / "deploy" / "run"), *arguments]
    return subprocess.run(command, cwd="/", env=env, capture_output=True, text=True, check=False)


def test_secret_files_become_settings_under_either_name(shop: Path) -> None:
    (shop / "secrets" / "SECRET_KEY").write_text("a")
    (shop / "secrets" / "settings_EMAIL_URL").write_text("b")

    done = run(shop, "web", PORT="8001")

    secret, mail = shop / "secrets" / "SECRET_KEY", shop / "secrets" / "settings_EMAIL_URL"
    assert done.stdout.split() == ["8001", str(secret), str(mail)]


def test_files_not_named_as_settings_are_left_out(shop: Path) -> None:
    (shop / "secrets" / "tls.key").write_text("a")
    (shop / "secrets" / "A;B").write_text("a")
    (shop / "secrets" / "FOLDER").mkdir()

    done = run(shop, "web", PORT="8001", SECRET_KEY_FILE="given", LISTEN_HOST="FOLDER_FILE")

    assert done.stdout.split() == ["8001", "given"]


def test_further_arguments_follow_as_they_are(shop: Path) -> None:
    done = run(shop, "echo", "--name", "poller 1@%h", "$HOME")

    assert done.stdout == "--name a --name poller 1@%h $HOME\n"


def test_manage_runs_a_command_of_django(shop: Path) -> None:
    assert run(shop, "manage", "migrate", "--check").stdout == "manage.py migrate --check\n"


@pytest.mark.parametrize("name", ["", "wed", "we.", "web: printenv"])
def test_unknown_process_is_refused_by_its_name(shop: Path, name: str) -> None:
    done = run(shop, name)

    assert done.returncode == 2
    assert done.stderr == f"deploy/run: the Procfile has no process {name}.\n"
