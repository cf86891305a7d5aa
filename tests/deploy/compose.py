"""Checks the compose file by its schema and a security linter."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import yaml

from tests.deploy.tools import DEPLOY, OWNERS_PASSWORD, PROCESSES, require, run

FOLDER = DEPLOY / "docker"
READ = "import sys, compose_spec; compose_spec.PyCompose.from_json(sys.argv[1]).service_names()"
VARIABLES = {"SHOP_HOST": "shop.example.se", "SEQRSHOP_IMAGE": "seqrshop:1.0.0"}
VARIABLE = re.compile(r"\$\{(\w+):\?[^}]*\}")
OF_THE_DATABASE = {"migrate", "postgresql"}


def check(folder: Path) -> str:
    """Check the compose file beside the settings and secrets that it needs."""
    copy = Path(
        shutil.copytree(FOLDER, folder / "docker", ignore=shutil.ignore_patterns("secrets"))
    )
    (copy / "settings.env.example").rename(copy / "settings.env")
    run(copy / "make-secrets")
    file = copy / "compose.yaml"
    file.write_text(VARIABLE.sub(lambda found: VARIABLES[found[1]], file.read_text()))
    run("compose-lint", "check", "--no-pager", file)
    described = yaml.safe_load(file.read_text())
    run("python", "-c", READ, json.dumps(described))
    services = described["services"]
    commands = {service["command"][0] for service in services.values() if "command" in service}
    require(commands >= set(PROCESSES), f"No service runs {set(PROCESSES) - commands}.")
    for name, service in services.items():
        require(service["read_only"] is True, f"The root of {name} can be written.")
        require(service["cap_drop"] == ["ALL"], f"{name} keeps capabilities.")
        for secret in service.get("secrets", ()):
            require((copy / "secrets" / secret).exists(), f"make-secrets makes no {secret}.")
    holders = {name for name in services if OWNERS_PASSWORD in services[name].get("secrets", ())}
    require(holders == OF_THE_DATABASE, f"{holders} have the owner's password.")
    return f"{len(services)} services, compose_spec and compose-lint"
