#!/bin/sh
# Brings Temporal's tables to the version of this image: makes them in empty databases, changes them after an upgrade, and does
# nothing otherwise. The address and user are in SQL_HOST and SQL_USER.
set -eu
SQL_PASSWORD=$(cat /run/secrets/temporal_db_password)
SQL_PLUGIN=postgres12
SQL_PORT=5432
export SQL_PASSWORD SQL_PLUGIN SQL_PORT

update() { # DATABASE FOLDER
	temporal-sql-tool --db "$1" setup-schema -v 0.0
	temporal-sql-tool --db "$1" update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}
update temporal temporal
update temporal_visibility visibility
