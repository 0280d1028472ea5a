-- One file for SQLite and PostgreSQL. Every table is keyed by account (the Zendesk subdomain). Times are nanoseconds
-- since 1970 in UTC, 0 for "never"; maps and lists are JSON text, '' when empty. The large tables' keys begin with the
-- selective column: PostgreSQL, while it has no statistics of a table yet, takes the account alone for selective enough.

-- +goose Up
CREATE TABLE accounts (
    account     TEXT   NOT NULL PRIMARY KEY,
    mark        BIGINT NOT NULL DEFAULT 0, -- the newest version given to a dirty mark; also the lock of mirror writes
    since_at    BIGINT NOT NULL DEFAULT 0,
    live_since  BIGINT NOT NULL DEFAULT 0,
    fingerprint TEXT   NOT NULL DEFAULT '',
    verified_at BIGINT NOT NULL DEFAULT 0, -- when preflight last ended
    accepted_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE runs (
    account    TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    type       TEXT   NOT NULL,
    streams    TEXT   NOT NULL,
    since_at   BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    status     TEXT   NOT NULL,
    stats      TEXT   NOT NULL,
    PRIMARY KEY (account, id)
);

CREATE TABLE cursors (
    account      TEXT    NOT NULL,
    stream       TEXT    NOT NULL,
    value        TEXT    NOT NULL DEFAULT '',
    page_size    BIGINT  NOT NULL DEFAULT 0,
    row_count    BIGINT  NOT NULL DEFAULT 0,
    page_count   BIGINT  NOT NULL DEFAULT 0,
    run_id       TEXT    NOT NULL DEFAULT '',
    at_end       BOOLEAN NOT NULL DEFAULT FALSE,
    completed_at BIGINT  NOT NULL DEFAULT 0,
    skipped      TEXT    NOT NULL DEFAULT '',
    updated_at   BIGINT  NOT NULL DEFAULT 0,
    PRIMARY KEY (account, stream)
);

CREATE TABLE users (
    account            TEXT    NOT NULL,
    id                 BIGINT  NOT NULL,
    email              TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    phone              TEXT    NOT NULL,
    phone164           TEXT    NOT NULL,
    shared_phone       BOOLEAN NOT NULL,
    role               TEXT    NOT NULL,
    ticket_restriction TEXT    NOT NULL,
    tags               TEXT    NOT NULL,
    organization_id    BIGINT  NOT NULL,
    fields             TEXT    NOT NULL,
    active             BOOLEAN NOT NULL,
    suspended          BOOLEAN NOT NULL,
    external_id        TEXT    NOT NULL,
    locale             TEXT    NOT NULL,
    time_zone          TEXT    NOT NULL,
    created_at         BIGINT  NOT NULL,
    updated_at         BIGINT  NOT NULL,
    asked_at           BIGINT  NOT NULL,
    hash               BIGINT  NOT NULL,
    PRIMARY KEY (id, account)
);
CREATE INDEX users_by_phone ON users (phone164, account) WHERE phone164 <> '';
CREATE INDEX users_by_email ON users (email, account) WHERE email <> '';
CREATE INDEX users_by_organization ON users (organization_id, account) WHERE organization_id <> 0;

CREATE TABLE organizations (
    account      TEXT    NOT NULL,
    id           BIGINT  NOT NULL,
    name         TEXT    NOT NULL,
    tags         TEXT    NOT NULL,
    domain_names TEXT    NOT NULL,
    external_id  TEXT    NOT NULL,
    fields       TEXT    NOT NULL,
    created_at   BIGINT  NOT NULL,
    deleted      BOOLEAN NOT NULL,
    updated_at   BIGINT  NOT NULL,
    asked_at     BIGINT  NOT NULL,
    hash         BIGINT  NOT NULL,
    PRIMARY KEY (id, account)
);

CREATE TABLE tickets (
    account         TEXT   NOT NULL,
    id              BIGINT NOT NULL,
    requester_id    BIGINT NOT NULL,
    organization_id BIGINT NOT NULL,
    status          TEXT   NOT NULL,
    priority        TEXT   NOT NULL,
    channel         TEXT   NOT NULL,
    reopens         BIGINT NOT NULL,
    rating_id       BIGINT NOT NULL,
    rating          TEXT   NOT NULL,
    rated_at        BIGINT NOT NULL,
    fields          TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    solved_at       BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    asked_at        BIGINT NOT NULL,
    hash            BIGINT NOT NULL,
    PRIMARY KEY (id, account)
);
CREATE INDEX tickets_by_requester ON tickets (requester_id, account);

CREATE TABLE surveys (
    account    TEXT             NOT NULL,
    id         TEXT             NOT NULL,
    ticket_id  BIGINT           NOT NULL,
    user_id    BIGINT           NOT NULL,
    score      DOUBLE PRECISION NOT NULL,
    category   TEXT             NOT NULL,
    created_at BIGINT           NOT NULL,
    expires_at BIGINT           NOT NULL,
    updated_at BIGINT           NOT NULL,
    asked_at   BIGINT           NOT NULL,
    hash       BIGINT           NOT NULL,
    PRIMARY KEY (id, account)
);
CREATE INDEX surveys_by_ticket ON surveys (ticket_id, account);
CREATE INDEX surveys_by_user ON surveys (user_id, account);

CREATE TABLE dirty (
    account TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    id      BIGINT NOT NULL,
    version BIGINT NOT NULL,
    plan    TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (account, kind, id)
);

CREATE TABLE deliveries (
    account     TEXT   NOT NULL,
    user_id     BIGINT NOT NULL,
    state       TEXT   NOT NULL DEFAULT '',
    reason      TEXT   NOT NULL DEFAULT '',
    email       TEXT   NOT NULL DEFAULT '',
    brevo_id    BIGINT NOT NULL DEFAULT 0,
    attributes  TEXT   NOT NULL DEFAULT '',
    lists       TEXT   NOT NULL DEFAULT '',
    refused     TEXT   NOT NULL DEFAULT '',
    sent_at     BIGINT NOT NULL DEFAULT 0,
    owner       TEXT   NOT NULL DEFAULT '', -- who holds the claim until lease_until
    lease_until BIGINT NOT NULL DEFAULT 0,
    import_id   TEXT   NOT NULL DEFAULT '', -- the import that holds the claim until it settles
    PRIMARY KEY (user_id, account)
);
CREATE INDEX deliveries_by_email ON deliveries (email, account) WHERE email <> '';
CREATE INDEX deliveries_by_brevo_id ON deliveries (brevo_id, account) WHERE brevo_id <> 0;
CREATE INDEX deliveries_by_owner ON deliveries (account, owner) WHERE owner <> '';
CREATE INDEX deliveries_by_state ON deliveries (account, state, reason);

CREATE TABLE imports (
    account    TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    run_id     TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    process_id BIGINT  NOT NULL,
    lists      TEXT    NOT NULL,
    blocklist  BOOLEAN NOT NULL,
    row_count  BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    started_at BIGINT  NOT NULL,
    PRIMARY KEY (account, id)
);

CREATE TABLE import_rows (
    account   TEXT   NOT NULL,
    import_id TEXT   NOT NULL,
    user_id   BIGINT NOT NULL,
    payload   TEXT   NOT NULL,
    PRIMARY KEY (account, import_id, user_id)
);

CREATE TABLE brevo_contacts (
    account           TEXT    NOT NULL,
    id                BIGINT  NOT NULL,
    email             TEXT    NOT NULL,
    email_blacklisted BOOLEAN NOT NULL,
    sms_blacklisted   BOOLEAN NOT NULL,
    lists             TEXT    NOT NULL,
    unsubscribed      TEXT    NOT NULL,
    attributes        TEXT    NOT NULL,
    phone_digits      TEXT    NOT NULL,
    modified_at       BIGINT  NOT NULL,
    scan              TEXT    NOT NULL,
    PRIMARY KEY (account, id)
);
CREATE INDEX brevo_contacts_by_email ON brevo_contacts (account, email) WHERE email <> '';
CREATE INDEX brevo_contacts_by_phone ON brevo_contacts (account, phone_digits) WHERE phone_digits <> '';

CREATE TABLE scans (
    account        TEXT   NOT NULL PRIMARY KEY,
    modified_since BIGINT NOT NULL,
    next_offset    BIGINT NOT NULL,
    scan           TEXT   NOT NULL
);

CREATE TABLE companies (
    account         TEXT   NOT NULL,
    organization_id BIGINT NOT NULL,
    state           TEXT   NOT NULL,
    brevo_id        TEXT   NOT NULL,
    process_id      BIGINT NOT NULL,
    attributes      TEXT   NOT NULL,
    contacts        TEXT   NOT NULL,
    intent_at       BIGINT NOT NULL,
    sent_at         BIGINT NOT NULL,
    PRIMARY KEY (account, organization_id)
);

CREATE TABLE attributes (
    account  TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    category TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    ours     BOOLEAN NOT NULL,
    PRIMARY KEY (account, name)
);

CREATE TABLE lists (
    account  TEXT    NOT NULL,
    list_key TEXT    NOT NULL,
    id       BIGINT  NOT NULL,
    name     TEXT    NOT NULL,
    ours     BOOLEAN NOT NULL,
    adopted  BOOLEAN NOT NULL,
    PRIMARY KEY (account, list_key)
);

CREATE TABLE fields (
    account   TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    id        BIGINT  NOT NULL,
    field_key TEXT    NOT NULL,
    type      TEXT    NOT NULL,
    title     TEXT    NOT NULL,
    active    BOOLEAN NOT NULL,
    options   TEXT    NOT NULL,
    PRIMARY KEY (account, kind, id)
);

CREATE TABLE field_reads (
    account TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (account, kind)
);

CREATE TABLE rejects (
    account     TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    id          BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    detail      TEXT   NOT NULL,
    run_id      TEXT   NOT NULL,
    rejected_at BIGINT NOT NULL,
    extra       TEXT   NOT NULL,
    PRIMARY KEY (account, kind, id, reason)
);

CREATE TABLE pauses (
    account   TEXT   NOT NULL PRIMARY KEY,
    kind      TEXT   NOT NULL,
    message   TEXT   NOT NULL,
    paused_at BIGINT NOT NULL
);

CREATE TABLE contacted (
    account   TEXT    NOT NULL,
    vendor    TEXT    NOT NULL,
    ok        BOOLEAN NOT NULL,
    called_at BIGINT  NOT NULL,
    message   TEXT    NOT NULL,
    PRIMARY KEY (account, vendor)
);

CREATE TABLE budgets (
    account      TEXT   NOT NULL,
    bucket       TEXT   NOT NULL,
    unit_limit   BIGINT NOT NULL DEFAULT 0,
    remaining    BIGINT NOT NULL DEFAULT 0,
    resets_at    BIGINT NOT NULL DEFAULT 0,
    probe_until  BIGINT NOT NULL DEFAULT 0,
    period       BIGINT NOT NULL DEFAULT 0,
    waited       BIGINT NOT NULL DEFAULT 0,
    waited_until BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account, bucket)
);

-- +goose Down
DROP TABLE budgets;
DROP TABLE contacted;
DROP TABLE pauses;
DROP TABLE rejects;
DROP TABLE field_reads;
DROP TABLE fields;
DROP TABLE lists;
DROP TABLE attributes;
DROP TABLE companies;
DROP TABLE scans;
DROP TABLE brevo_contacts;
DROP TABLE import_rows;
DROP TABLE imports;
DROP TABLE deliveries;
DROP TABLE dirty;
DROP TABLE surveys;
DROP TABLE tickets;
DROP TABLE organizations;
DROP TABLE users;
DROP TABLE cursors;
DROP TABLE runs;
DROP TABLE accounts;
