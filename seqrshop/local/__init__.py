"""Development only: PostgreSQL and Redis from pip packages, `make run`, `make test`."""
