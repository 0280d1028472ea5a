-- Where a look through Brevo's companies stands that takes longer than Brevo's hour.

-- +goose Up
CREATE TABLE company_scans (
    account       TEXT    NOT NULL PRIMARY KEY,
    created_since BIGINT  NOT NULL,
    page          BIGINT  NOT NULL, -- the last that was read
    page_size     BIGINT  NOT NULL, -- 0: Brevo's own
    by_row        BOOLEAN NOT NULL  -- page counts companies
);

-- +goose Down
DROP TABLE company_scans;
