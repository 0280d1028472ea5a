-- What somebody had opted out of when they were forgotten: channels, and lists of Brevo by their id. Nothing of it is personal.

-- +goose Up
ALTER TABLE forgotten ADD COLUMN consent TEXT NOT NULL DEFAULT ''; -- JSON of the keys of deliveries; opted_out tells of e-mail alone

-- +goose Down
ALTER TABLE forgotten DROP COLUMN consent;
