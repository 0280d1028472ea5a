-- Run once, by the first start of an empty database server: a role and databases for Temporal, and a role and a database for
-- the connector's store. Neither can enter what belongs to the other.
\set temporal_password `cat /run/secrets/temporal_db_password`
\set connector_password `cat /run/secrets/connector_db_password`

CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE ALL ON DATABASE temporal FROM PUBLIC;
REVOKE ALL ON DATABASE temporal_visibility FROM PUBLIC;

CREATE ROLE connector LOGIN PASSWORD :'connector_password';
CREATE DATABASE connector OWNER connector;
REVOKE ALL ON DATABASE connector FROM PUBLIC;
