-- How new what is known of a contact is: a look that took long must not undo what was written or seen since it asked.

-- +goose Up
ALTER TABLE brevo_contacts ADD COLUMN asked BIGINT NOT NULL DEFAULT 0; -- accounts.mark when Brevo was asked, or of the write

-- +goose Down
ALTER TABLE brevo_contacts DROP COLUMN asked;
