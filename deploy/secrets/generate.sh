#!/bin/sh
# Make the secrets of a deployment, each once: what exists is kept. Folder: CAUSO_SECRETS_DIR, or var/secrets.
# The folder is closed to everybody else; the files in it are readable, because containers run as other users.
set -eu
umask 077

cd "$(dirname "$0")/../.."
folder=${CAUSO_SECRETS_DIR:-var/secrets}
python=${PYTHON:-.venv/bin/python}
mkdir -p "$folder"
chmod 700 "$folder"

keep() { # keep NAME: write standard input to a secret that is not there yet
    if [ -e "$folder/$1" ]; then
        cat >/dev/null
    else
        cat >"$folder/.$1.new"
        chmod 444 "$folder/.$1.new"
        mv "$folder/.$1.new" "$folder/$1"
        echo "made $folder/$1"
    fi
}

password() { "$python" -c 'import secrets; print(secrets.token_urlsafe(32))'; }
key() { "$python" -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())'; }

password | keep postgres_password
password | keep rabbitmq_password
for service in registry visits reporting feedback gateway; do
    password | keep "${service}_database_password"
    printf 'postgresql+psycopg://%s:%s@postgres:5432/%s\n' \
        "$service" "$(cat "$folder/${service}_database_password")" "$service" | keep "${service}_database_url"
done
printf 'default_user = causo\ndefault_pass = %s\n' "$(cat "$folder/rabbitmq_password")" | keep rabbitmq_user
printf 'amqp://causo:%s@rabbitmq:5672/\n' "$(cat "$folder/rabbitmq_password")" | keep amqp_url
password | keep token_key
key | keep code_key
key | keep master_key
key | keep intake_private_key
key | keep people_master_key
key | keep people_private_key
for name in intake people; do
    "$python" -c '
import base64, sys
from services.kernel.sealing import public_half, to_base64
print(",".join(to_base64(public_half(base64.b64decode(key))) for key in sys.stdin.read().strip().split(",")))
' <"$folder/${name}_private_key" | keep "${name}_public_key"
done
