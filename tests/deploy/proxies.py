"""Checks the configurations of nginx and Caddy, and writes them to a folder for a test."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import trustme

from tests.deploy.tools import DEPLOY, CheckFailed, run

SHOP_HOST = "shop.example.se"
CADDYFILE = DEPLOY / "caddy" / "Caddyfile"


def write_nginx(folder: Path, authority: trustme.CA, upstream: Path | None = None) -> Path:
    """Write nginx's configuration, with a certificate, to a folder; return its main file."""
    shutil.copytree(DEPLOY / "nginx", folder, dirs_exist_ok=True)
    if upstream is not None:
        shutil.copy(upstream, folder / "upstream.conf")
    certificate = authority.issue_cert(SHOP_HOST)
    (folder / "tls").mkdir()
    certificate.private_key_pem.write_to_path(folder / "tls" / "tls.key")
    certificate.cert_chain_pems[0].write_to_path(folder / "tls" / "tls.crt")
    main = folder / "nginx.conf"
    text = main.read_text()
    for path, replacement in (("/etc/seqrshop/tls", "tls"), ("/var/log/nginx", ".")):
        text = text.replace(path, str(folder / replacement))
    main.write_text(text)
    return main


def check_nginx(folder: Path) -> str:
    """Have nginx test both configurations, and a security linter read one."""
    authority = trustme.CA()
    in_cluster = DEPLOY / "kubernetes" / "upstream.conf"
    for name, upstream in (("machine", None), ("cluster", in_cluster)):
        main = write_nginx(folder / name, authority, upstream)
        servers = main.with_name("upstream.conf")
        servers.write_text(servers.read_text().replace("server web:", "server 127.0.0.1:"))
        run("nginx", "-t", "-c", main, "-g", f"pid {folder}/pid;", "-e", folder / "error.log")
    # Web itself sends Strict-Transport-Security.
    run("gixy", "--skips", "hsts_header", folder / "machine" / "nginx.conf")
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    return f"{version.strip().removeprefix('nginx version: ')} and gixy"


def check_caddy(_folder: Path) -> str:
    """Have Caddy validate its configuration, and see that it is formatted."""
    settings = {"SHOP_HOST": SHOP_HOST}
    run("caddy", "validate", "--config", CADDYFILE, "--adapter", "caddyfile", env=settings)
    if run("caddy", "fmt", CADDYFILE) != CADDYFILE.read_text():
        raise CheckFailed(f"The Caddyfile is not formatted: caddy fmt --overwrite {CADDYFILE}")
    return run("caddy", "version").split()[0]
