"""Makes the database and the files of the demo ready, and tells what there is.

Run by `make run` as a process of its own: what Django opens here is gone before the shop starts.
"""

from __future__ import annotations

import json
import os
import sys

import django
from django.core.management import call_command

from seqrshop.local.demo import STAFF_USER

MAX_CODES = 100  # as many as the sandbox takes


def main() -> None:
    """Migrate, collect static files, seed; write to standard output what run.py needs, as JSON."""
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("seed_demo", verbosity=0)
    json.dump({"shops": _shops(), "password_is_kept": _password_is_kept()}, sys.stdout)


def _shops() -> list[dict[str, object]]:
    """Return every service as the sandbox wants to be told of it."""
    from django.conf import settings  # noqa: PLC0415 - once Django is set up

    from orders.models import Service  # noqa: PLC0415

    def describe(service: Service) -> dict[str, object]:
        address = f"{settings.PUBLIC_BASE_URL}/{service.slug}"
        parameters = service.qr_codes.values_list("parameters", flat=True).order_by("id")
        return {
            "service_id": service.service_id,
            "name": service.name,
            **{f"{page}_url": f"{address}/{page}" for page in PAGES},
            "codes": list(parameters[:MAX_CODES]) or [""],
        }

    return [describe(service) for service in Service.objects.order_by("id")]


PAGES = ("order", "success", "failure", "cancel")


def _password_is_kept() -> bool:
    """Tell whether the demo's password still opens the admin: a person may have changed it."""
    from django.contrib.auth import authenticate  # noqa: PLC0415

    return authenticate(username=STAFF_USER, password=os.environ["DEMO_PASSWORD"]) is not None


if __name__ == "__main__":
    main()
