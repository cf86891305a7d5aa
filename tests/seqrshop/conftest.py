"""A shop as it is deployed, one whose poller is silent, and one without PostgreSQL or Redis."""

from pathlib import Path

import pytest
from django.conf import settings as settings_given
from django.core.management import call_command
from django.test import override_settings
from pytest_django import Settings

STORED = {"staticfiles": {"BACKEND": "seqrshop.static_storage.StaticStorage"}}


@pytest.fixture(scope="session")
def collected_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files of the customers' pages, collected once."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=folder, STORAGES={**settings_given.STORAGES, **STORED}):
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin"])
    return folder


@pytest.fixture
def collected(collected_files: Path, settings: Settings, _plain_static_files: None) -> None:
    """Serve them as a deployment does."""
    settings.STATIC_ROOT = collected_files
    settings.STORAGES = {**settings.STORAGES, **STORED}
