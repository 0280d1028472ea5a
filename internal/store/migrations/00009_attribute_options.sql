-- The values that a category attribute of Brevo takes: it drops any other in silence.

-- +goose Up
ALTER TABLE attributes ADD COLUMN options TEXT NOT NULL DEFAULT ''; -- JSON of their values and labels

-- +goose Down
ALTER TABLE attributes DROP COLUMN options;
