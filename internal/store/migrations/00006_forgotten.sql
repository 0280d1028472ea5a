-- People who were forgotten on request: the evidence, and what keeps them out. It holds no address.

-- +goose Up
ALTER TABLE accounts ADD COLUMN forget_key TEXT NOT NULL DEFAULT ''; -- random; of the hashes below

CREATE TABLE forgotten (
    account      TEXT    NOT NULL,
    address_hash TEXT    NOT NULL, -- HMAC-SHA256 of the lower-cased address, in hex
    user_id      BIGINT  NOT NULL, -- in Zendesk; 0: nobody was known by that address
    forgotten_at BIGINT  NOT NULL,
    lifted_at    BIGINT  NOT NULL, -- since then nobody is kept out by this row; 0: somebody is
    erased       TEXT    NOT NULL, -- how many rows of which table
    opted_out    BOOLEAN NOT NULL, -- of e-mail, at the time: made again, the contact must not be mailable
    PRIMARY KEY (account, address_hash, user_id, forgotten_at)
);
CREATE INDEX forgotten_users ON forgotten (user_id, account) WHERE lifted_at = 0;

-- +goose Down
DROP TABLE forgotten;
ALTER TABLE accounts DROP COLUMN forget_key;
