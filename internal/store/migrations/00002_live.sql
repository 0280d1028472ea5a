-- What happened, what followed from it, and the webhooks that tell of it.

-- +goose Up
ALTER TABLE tickets ADD COLUMN rating_revision BIGINT NOT NULL DEFAULT 0; -- categories its rating was seen with
ALTER TABLE tickets ADD COLUMN merged BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tickets ADD COLUMN ours BOOLEAN NOT NULL DEFAULT FALSE; -- made by an automation
ALTER TABLE surveys ADD COLUMN rating_revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN made BOOLEAN NOT NULL DEFAULT FALSE; -- the contact in Brevo was made here
ALTER TABLE accounts ADD COLUMN surveys_at BIGINT NOT NULL DEFAULT 0; -- when the new CSAT last answered; 0: it does not

CREATE TABLE transitions (
    account        TEXT   NOT NULL,
    transition_key TEXT   NOT NULL,
    type           TEXT   NOT NULL,
    subject        TEXT   NOT NULL, -- ticket/35, user/9: whose story it belongs to
    body           TEXT   NOT NULL,
    state          TEXT   NOT NULL, -- new: nobody has judged it; judged; passed: no rule wanted it
    occurred_at    BIGINT NOT NULL,
    seq            BIGINT NOT NULL, -- the mark of the write that recorded it
    nth            BIGINT NOT NULL, -- within that write
    PRIMARY KEY (transition_key, account)
);
CREATE INDEX transitions_by_subject ON transitions (subject, account);
CREATE INDEX transitions_new ON transitions (account, subject, type, occurred_at) WHERE state = 'new';
CREATE INDEX transitions_settled ON transitions (account, occurred_at) WHERE state <> 'new';

CREATE TABLE actions (
    account        TEXT   NOT NULL,
    action_key     TEXT   NOT NULL,
    transition_key TEXT   NOT NULL,
    subject        TEXT   NOT NULL,
    rule           TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    plan           TEXT   NOT NULL,
    state          TEXT   NOT NULL, -- planned, open (a call may have been made), or how it ended
    reason         TEXT   NOT NULL DEFAULT '',
    limit_key      TEXT   NOT NULL,
    due_at         BIGINT NOT NULL,
    planned_at     BIGINT NOT NULL,
    nth            BIGINT NOT NULL, -- among those planned at once
    opened_at      BIGINT NOT NULL DEFAULT 0,
    contact_id     BIGINT NOT NULL DEFAULT 0, -- in Brevo, whom the call of an open action was about
    woken_at       BIGINT NOT NULL DEFAULT 0, -- when its workflow was last woken because it was overdue
    ended_at       BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (action_key, account)
);
CREATE INDEX actions_by_subject ON actions (subject, account);
CREATE INDEX actions_by_transition ON actions (transition_key, account);
CREATE INDEX actions_waiting ON actions (subject, account, due_at) WHERE state IN ('planned', 'open');
CREATE INDEX actions_by_limit ON actions (limit_key, account) WHERE limit_key <> '';
-- Not of all: SQLite, which keeps no statistics here, would take the index of a state for more telling than any key.
CREATE INDEX actions_ended ON actions (account, state, ended_at) WHERE ended_at > 0;

CREATE TABLE merges (
    account   TEXT   NOT NULL,
    loser_id  BIGINT NOT NULL,
    winner_id BIGINT NOT NULL,
    merged_at BIGINT NOT NULL,
    settled   BOOLEAN NOT NULL, -- consent was carried over and the loser's contact dealt with
    PRIMARY KEY (account, loser_id)
);

CREATE TABLE secrets (
    account    TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    key_id     TEXT   NOT NULL, -- of the encryption key
    sealed     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL, -- 0: valid until it is replaced
    PRIMARY KEY (account, name)
);

CREATE TABLE webhooks (
    account    TEXT   NOT NULL,
    id         TEXT   NOT NULL, -- Zendesk's
    kind       TEXT   NOT NULL, -- events, triggers
    endpoint   TEXT   NOT NULL,
    triggers   TEXT   NOT NULL, -- ids of the triggers that call it
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, id)
);

CREATE TABLE webhook_results (
    account TEXT   NOT NULL, -- '' while a request named none that is known
    result  TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (account, result)
);

-- +goose Down
DROP TABLE webhook_results;
DROP TABLE webhooks;
DROP TABLE secrets;
DROP TABLE merges;
DROP TABLE actions;
DROP TABLE transitions;
ALTER TABLE accounts DROP COLUMN surveys_at;
ALTER TABLE deliveries DROP COLUMN made;
ALTER TABLE surveys DROP COLUMN rating_revision;
ALTER TABLE tickets DROP COLUMN ours;
ALTER TABLE tickets DROP COLUMN merged;
ALTER TABLE tickets DROP COLUMN rating_revision;
