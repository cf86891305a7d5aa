"""Development only: PostgreSQL and Valkey from pip packages, `make run`, `make test`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
