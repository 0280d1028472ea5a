package store

import (
	"context"
	"errors"
	"time"

	"zendesk-brevo/internal/budget"
)

var errNotYet = errors.New("not yet")

func (a *Account) Peek(ctx context.Context, ids []int64) ([]Claimed, error)         { return nil, errNotYet }
func (a *Account) Claim(ctx context.Context, ids []int64, owner string, lease time.Duration, now time.Time) ([]Claimed, error) {
	return nil, errNotYet
}
func (a *Account) Release(ctx context.Context, owner string) error { return errNotYet }
func (a *Account) Record(ctx context.Context, owner string, results []Result, now time.Time) error {
	return errNotYet
}
func (a *Account) DeliveryCounts(ctx context.Context) (map[DeliveryState]map[string]int64, error) {
	return nil, errNotYet
}
func (a *Account) OpenImport(ctx context.Context, owner string, imp Import, rows []ImportRow, now time.Time) error {
	return errNotYet
}
func (a *Account) Imports(ctx context.Context, states ...ImportState) ([]Import, error) {
	return nil, errNotYet
}
func (a *Account) ImportRows(ctx context.Context, id string) ([]ImportRow, error) {
	return nil, errNotYet
}
func (a *Account) ImportStarted(ctx context.Context, id string, processID int64, now time.Time) error {
	return errNotYet
}
func (a *Account) SplitImport(ctx context.Context, id, firstID, secondID string, now time.Time) error {
	return errNotYet
}
func (a *Account) SettleImport(ctx context.Context, id string, exceptions []Result, now time.Time) error {
	return errNotYet
}
func (a *Account) ApplyBrevoContacts(ctx context.Context, scan string, rows []BrevoContact, now time.Time) error {
	return errNotYet
}
func (a *Account) UnseenBrevoContacts(ctx context.Context, scan string, after int64, limit int) ([]BrevoContact, error) {
	return nil, errNotYet
}
func (a *Account) RemoveBrevoContact(ctx context.Context, id int64, now time.Time) error {
	return errNotYet
}
func (a *Account) BrevoByEmail(ctx context.Context, emails []string) (map[string]BrevoContact, error) {
	return nil, errNotYet
}
func (a *Account) BrevoByPhone(ctx context.Context, phones []string) (map[string]BrevoContact, error) {
	return nil, errNotYet
}
func (a *Account) BrevoByID(ctx context.Context, ids []int64) (map[int64]BrevoContact, error) {
	return nil, errNotYet
}
func (a *Account) ScanState(ctx context.Context) (modifiedSince time.Time, offset int, scanID string, err error) {
	return time.Time{}, 0, "", errNotYet
}
func (a *Account) SetScanState(ctx context.Context, modifiedSince time.Time, offset int, scanID string) error {
	return errNotYet
}
func (a *Account) Companies(ctx context.Context, orgIDs []int64) (map[int64]Company, error) {
	return nil, errNotYet
}
func (a *Account) CompaniesByState(ctx context.Context, state string) ([]Company, error) {
	return nil, errNotYet
}
func (a *Account) CountCompanies(ctx context.Context) (int64, error) { return 0, errNotYet }
func (a *Account) SaveCompanies(ctx context.Context, companies []Company, now time.Time) error {
	return errNotYet
}
func (a *Account) OrganizationMembers(ctx context.Context, orgIDs []int64) (map[int64][]int64, error) {
	return nil, errNotYet
}
func (a *Account) SaveAttributes(ctx context.Context, attributes []Attribute) error { return errNotYet }
func (a *Account) Attributes(ctx context.Context) ([]Attribute, error)              { return nil, errNotYet }
func (a *Account) SaveLists(ctx context.Context, lists []List) error                { return errNotYet }
func (a *Account) Lists(ctx context.Context) ([]List, error)                        { return nil, errNotYet }
func (a *Account) ReplaceFields(ctx context.Context, kind string, fields []Field, now time.Time) error {
	return errNotYet
}
func (a *Account) Fields(ctx context.Context) (fields []Field, readAt time.Time, err error) {
	return nil, time.Time{}, errNotYet
}
func (a *Account) Fingerprint(ctx context.Context) (string, error)                { return "", errNotYet }
func (a *Account) SetFingerprint(ctx context.Context, fingerprint string) error   { return errNotYet }
func (a *Account) AddRejects(ctx context.Context, rejects []Reject) error         { return errNotYet }
func (a *Account) ClearRejects(ctx context.Context, kind Kind, ids []int64) error { return errNotYet }
func (a *Account) Rejects(ctx context.Context, limit int) ([]Reject, error)       { return nil, errNotYet }
func (a *Account) CountRejects(ctx context.Context) (map[string]int64, error)     { return nil, errNotYet }
func (a *Account) SetPause(ctx context.Context, pause Pause) error                { return errNotYet }
func (a *Account) Paused(ctx context.Context) (Pause, bool, error)                { return Pause{}, false, errNotYet }
func (a *Account) ClearPause(ctx context.Context) error                           { return errNotYet }
func (a *Account) AcceptMassChange(ctx context.Context, now time.Time) error      { return errNotYet }
func (a *Account) TakeAcceptance(ctx context.Context) (bool, error)               { return false, errNotYet }
func (a *Account) SetContacted(ctx context.Context, contacted Contacted) error    { return errNotYet }
func (a *Account) ContactedAll(ctx context.Context) ([]Contacted, error)          { return nil, errNotYet }
func (a *Account) ReserveBudget(ctx context.Context, needs []budget.Need, now time.Time) (wait time.Duration, bucket string, err error) {
	return 0, "", errNotYet
}
func (a *Account) ObserveBudget(ctx context.Context, readings []budget.Reading, now time.Time) error {
	return errNotYet
}
func (a *Account) Budgets(ctx context.Context) ([]Budget, error) { return nil, errNotYet }
