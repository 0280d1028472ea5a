// Package store is the connector's memory: the mirror of Zendesk, what Brevo last accepted, cursors, claims and budgets,
// on SQLite or PostgreSQL.
package store

import "context"

// Store is an open database. It is safe for concurrent use.
type Store struct{}

// Account is the part of the store that belongs to one Zendesk account. It is a cheap handle.
type Account struct {
	st   *Store
	name string
}

// Open opens "sqlite:PATH" or "postgres://..." and brings its schema up to date.
func Open(ctx context.Context, url string) (*Store, error) { return nil, errNotYet }

// Close releases the database.
func (s *Store) Close() error { return nil }

// Account returns the handle of one Zendesk account, named by its subdomain.
func (s *Store) Account(name string) *Account { return &Account{st: s, name: name} }
