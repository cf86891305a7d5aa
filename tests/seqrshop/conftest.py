"""Static files as a deployment serves them."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import override_settings
from pytest_django import Settings

STATIC_STORAGE = {"staticfiles": {"BACKEND": "seqrshop.static_storage.StaticStorage"}}


@pytest.fixture(scope="session")
def collected_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collect the static files of the customer's pages."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(
        STATIC_ROOT=folder, STORAGES={**django_settings.STORAGES, **STATIC_STORAGE}
    ):
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin"])
    return folder


@pytest.fixture
def collected(collected_files: Path, settings: Settings) -> None:
    """Serve the collected files as a deployment does."""
    settings.STATIC_ROOT = collected_files
    settings.STORAGES = {**settings.STORAGES, **STATIC_STORAGE}
