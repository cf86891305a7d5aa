import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_models_match_migrations() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
