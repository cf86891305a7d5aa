#!/bin/sh
# Run once by PostgreSQL's container, in an empty volume: the two roles of docs/configuration.md, with
# the passwords of the settings, and the database.
set -eu

password_of() { # the file of an address postgresql://role:password@host/name
    sed -E 's#^[a-z]+://[^:]+:([^@]+)@.*#\1#' "/run/secrets/$1"
}

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set owner_password="$(password_of MIGRATION_DATABASE_URL)" \
    --set password="$(password_of DATABASE_URL)" <<'SQL'
CREATE ROLE seqrshop_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE seqrshop LOGIN PASSWORD :'password';
CREATE DATABASE seqrshop OWNER seqrshop_owner;
SQL
