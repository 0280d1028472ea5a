-- What a preview found: what preflight would make, counts, and the ids of people to show. It holds no personal data.

-- +goose Up
CREATE TABLE previews (
    account    TEXT   NOT NULL PRIMARY KEY,
    run_id     TEXT   NOT NULL, -- of the latest one, which may be under way
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL DEFAULT 0, -- 0: under way, or it never came to its end
    body       TEXT   NOT NULL DEFAULT ''
);

-- +goose Down
DROP TABLE previews;
