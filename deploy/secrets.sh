#!/bin/sh
# Makes the folder secrets/ beside docker-compose.yml: random passwords and keys, and empty files for what only you can fill
# in. What is there stays as it is. Containers run as users of their own, so the files can be read by all; the folder cannot be
# entered but by you.
set -eu
cd "$(dirname "$0")/.."
mkdir -p secrets
chmod 700 secrets
cd secrets

keep() { # NAME: writes standard input to the file, unless there is one
	[ -e "$1" ] || cat >"$1"
	chmod 444 "$1"
}
random() { od -An -tx1 -N24 /dev/urandom | tr -d ' \n'; }

for name in postgres_password temporal_db_password connector_db_password api_token; do
	random | keep "$name"
done
head -c 32 /dev/urandom | base64 | keep encryption_key
printf 'postgres://connector:%s@postgresql:5432/connector?sslmode=disable\n' "$(cat connector_db_password)" | keep store_url

for name in brevo_api_key brevo_client_secret zendesk_api_token zendesk_client_secret; do
	: | keep "$name"
	[ -s "$name" ] || chmod 644 "$name"
	[ -s "$name" ] || echo "secrets/$name is empty: put the value into it, if connectors.yaml refers to it"
done
