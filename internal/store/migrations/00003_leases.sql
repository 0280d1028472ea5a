-- What only one program may do at a time, such as renewing the access tokens of an account.

-- +goose Up
CREATE TABLE leases (
    account     TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    owner       TEXT   NOT NULL, -- '' while nobody holds it
    lease_until BIGINT NOT NULL,
    begun_at    BIGINT NOT NULL, -- when work began whose end is not known; 0: there is none
    PRIMARY KEY (account, name)
);

-- +goose Down
DROP TABLE leases;
