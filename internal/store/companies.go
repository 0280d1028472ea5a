package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

const companyColumns = "organization_id bigint, state text, brevo_id text, process_id bigint, attributes text, contacts text, intent_at bigint, sent_at bigint"

var upsertCompanies = newUpsert("companies", 1, companyColumns)

// Companies returns the companies of organizations; those without one are left out.
func (a *Account) Companies(ctx context.Context, orgIDs []int64) (map[int64]Company, error) {
	out := make(map[int64]Company, len(orgIDs))
	err := a.read(ctx, func(t *tx) error {
		found, err := t.companies(ctx, t.in("organization_id", "$2"), many(t, distinct(orgIDs)))
		for _, c := range found {
			out[c.OrganizationID] = c
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read companies: %w", err)
	}
	return out, nil
}

// CompaniesByState returns the companies in a state, by organization id.
func (a *Account) CompaniesByState(ctx context.Context, state string) ([]Company, error) {
	var out []Company
	err := a.read(ctx, func(t *tx) (err error) {
		out, err = t.companies(ctx, "state = $2 ORDER BY organization_id", state)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read companies by state: %w", err)
	}
	return out, nil
}

func (t *tx) companies(ctx context.Context, condition string, arg any) ([]Company, error) {
	var out []Company
	err := t.each(ctx, func(rows *sql.Rows) error {
		var c Company
		var attributes, contacts string
		var intent, sent int64
		err := rows.Scan(&c.OrganizationID, &c.State, &c.BrevoID, &c.ProcessID, &attributes, &contacts, &intent, &sent)
		if err != nil {
			return err
		}
		c.IntentAt, c.SentAt = moment(intent), moment(sent)
		if c.Attributes, err = decodeValues[string](attributes); err != nil {
			return err
		}
		var links []int64
		err = decode(contacts, &links)
		c.Unsure, c.Contacts = parted(links)
		out = append(out, c)
		return err
	}, "SELECT "+names(columns(companyColumns))+" FROM companies WHERE account = $1 AND "+condition, t.account, arg)
	return out, err
}

// joined writes links as one list: Brevo's ids are positive, so those that are unsure are stored as negative numbers.
func joined(unsure, sure []int64) []int64 {
	out := make([]int64, 0, len(unsure)+len(sure))
	for _, id := range slices.Backward(unsure) {
		out = append(out, -id)
	}
	return append(out, sure...)
}

// parted is the opposite of joined.
func parted(links []int64) (unsure, sure []int64) {
	for _, id := range links {
		if id > 0 {
			sure = append(sure, id)
			continue
		}
		unsure = append(unsure, -id)
	}
	slices.Reverse(unsure)
	return unsure, sure
}

// CountCompanies counts the companies that stand in Brevo: those in state sent.
func (a *Account) CountCompanies(ctx context.Context) (int64, error) {
	var n int64
	err := a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT COUNT(*) FROM companies WHERE account = $1 AND state = 'sent'", t.account).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count companies: %w", err)
	}
	return n, nil
}

// SaveCompanies stores companies whole, each only while its row is still what the caller has read; a company that is not among those
// read had none. It returns the organizations whose row somebody else has changed since: they are left as they are. An intent or sent
// company without its time gets now.
func (a *Account) SaveCompanies(ctx context.Context, read, companies []Company, now time.Time) (lost map[int64]bool, err error) {
	was, want, ids := make(map[int64]Company, len(read)), make(map[int64]Company, len(companies)), make([]int64, 0, len(companies))
	for _, c := range read {
		was[c.OrganizationID] = c
	}
	for _, c := range companies {
		if c.State == "intent" && c.IntentAt.IsZero() {
			c.IntentAt = now
		}
		if c.State == "sent" && c.SentAt.IsZero() {
			c.SentAt = now
		}
		want[c.OrganizationID] = c
		ids = append(ids, c.OrganizationID)
	}
	err = a.write(ctx, func(t *tx) error {
		lost = map[int64]bool{}
		found, err := t.lockCompanies(ctx, distinct(ids))
		if err != nil {
			return err
		}
		rows := make([][]any, 0, len(found))
		for i := range found {
			id := found[i].OrganizationID
			before := was[id]
			before.OrganizationID = id
			same, err := sameCompany(&found[i], &before)
			if err != nil {
				return err
			}
			if !same {
				lost[id] = true
				continue
			}
			c := want[id]
			row, err := companyRow(&c)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return t.run(ctx, &upsertCompanies, rows)
	})
	if err != nil {
		return nil, fmt.Errorf("save companies: %w", err)
	}
	return lost, nil
}

// lockCompanies locks and returns the companies of organizations; those without one get an empty one.
func (t *tx) lockCompanies(ctx context.Context, ids []int64) ([]Company, error) {
	if _, err := t.exec(ctx, `INSERT INTO companies (account, organization_id, state, brevo_id, process_id, attributes, contacts, intent_at, sent_at)
		SELECT CAST($1 AS TEXT), ids.id, '', '', 0, '', '', 0, 0 FROM `+t.values("$2")+" WHERE TRUE ON CONFLICT (account, organization_id) DO NOTHING",
		t.account, many(t, ids)); err != nil {
		return nil, err
	}
	return t.companies(ctx, t.in("organization_id", "$2")+" ORDER BY organization_id"+t.forUpdate(), many(t, ids))
}

func sameCompany(a, b *Company) (bool, error) {
	left, err := companyRow(a)
	if err != nil {
		return false, err
	}
	right, err := companyRow(b)
	return slices.Equal(left, right), err
}

// companyRow is a company as companyColumns hold it.
func companyRow(c *Company) ([]any, error) {
	attributes, err := encodeMap(c.Attributes)
	if err != nil {
		return nil, err
	}
	contacts, err := encodeList(joined(c.Unsure, c.Contacts))
	if err != nil {
		return nil, err
	}
	return []any{c.OrganizationID, c.State, c.BrevoID, c.ProcessID, attributes, contacts, nanos(c.IntentAt), nanos(c.SentAt)}, nil
}

// OrganizationMembers returns, ascending, the Brevo ids of the contacts in state sent of the users whose default
// organization is each of orgIDs.
func (a *Account) OrganizationMembers(ctx context.Context, orgIDs []int64) (map[int64][]int64, error) {
	out := make(map[int64][]int64, len(orgIDs))
	err := a.read(ctx, func(t *tx) error {
		clear(out)
		return t.each(ctx, func(rows *sql.Rows) error {
			var organization, contact int64
			err := rows.Scan(&organization, &contact)
			out[organization] = append(out[organization], contact)
			return err
		}, `SELECT DISTINCT u.organization_id, d.brevo_id FROM users u JOIN deliveries d ON d.account = u.account AND d.user_id = u.id
			WHERE u.account = $1 AND u.organization_id <> 0 AND `+t.in("u.organization_id", "$2")+`
			AND d.state = 'sent' AND d.brevo_id <> 0 ORDER BY d.brevo_id`, t.account, many(t, distinct(orgIDs)))
	})
	if err != nil {
		return nil, fmt.Errorf("read organization members: %w", err)
	}
	return out, nil
}
