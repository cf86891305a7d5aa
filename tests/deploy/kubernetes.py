"""Checks the Kubernetes manifests, built by kustomize, by the schema of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.tools import DEPLOY, PROCESSES, require, run

OWNERS_SECRET = "seqrshop-owner"
OLDEST_VERSION = "1.34"


def check(folder: Path) -> str:
    """Build the manifests, validate them, and see what each pod may do and read."""
    built = folder / "built.yaml"
    built.write_text(run("kubectl", "kustomize", DEPLOY / "kubernetes"))
    for version in ((), ("-k", OLDEST_VERSION)):
        run("kubernetes-validate", "--strict", "--quiet", *version, built)
    manifests = [each for each in yaml.safe_load_all(built.read_text()) if each]
    pods = dict(_pods(manifests))
    started = {pod["containers"][0].get("args", [""])[0] for pod in pods.values()}
    require(started >= set(PROCESSES), f"No pod runs {set(PROCESSES) - started}.")
    for name, pod in pods.items():
        require(pod["securityContext"]["runAsNonRoot"] is True, f"{name} may be root.")
        require(pod["automountServiceAccountToken"] is False, f"{name} may call the cluster.")
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            allowed = container["securityContext"]
            require(allowed["readOnlyRootFilesystem"] is True, f"{name}'s root can be written.")
            require(allowed["capabilities"] == {"drop": ["ALL"]}, f"{name} keeps capabilities.")
            require("memory" in container["resources"]["limits"], f"{name} has no memory limit.")
    holders = [name for name, pod in pods.items() if OWNERS_SECRET in _secrets(pod)]
    require(holders == ["migrate"], f"{holders} have the owner's password.")
    budgets = {each["metadata"]["name"] for each in manifests if _is_budget(each)}
    several = {name for name in pods if _replicas(manifests, name) > 1}
    require(budgets == several, f"{budgets ^ several}: several pods need a disruption budget.")
    return f"{len(manifests)} manifests, Kubernetes {OLDEST_VERSION} and the newest"


def _pods(manifests: list[dict[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "Job"):
            yield manifest["metadata"]["name"], manifest["spec"]["template"]["spec"]


def _secrets(pod: Mapping[str, Any]) -> set[str]:
    volumes = pod.get("volumes", ())
    return {volume["secret"]["secretName"] for volume in volumes if "secret" in volume}


def _is_budget(manifest: Mapping[str, Any]) -> bool:
    return str(manifest["kind"]) == "PodDisruptionBudget"


def _replicas(manifests: list[dict[str, Any]], name: str) -> int:
    named = [each for each in manifests if each["metadata"]["name"] == name]
    return max(int(each.get("spec", {}).get("replicas", 0)) for each in named)
