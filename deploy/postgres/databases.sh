#!/bin/bash
# First start of PostgreSQL: one role and one database per service. A role may enter its own database and no other.
set -euo pipefail

secrets=${CAUSO_SECRETS_DIR:-/run/secrets}
for service in registry visits reporting feedback gateway; do
    psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
        --set service="$service" --set password="$(cat "$secrets/${service}_database_password")" <<'SQL'
CREATE ROLE :"service" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
