package zendesksim

import (
	"cmp"
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"zendesk-brevo/internal/sim"
)

// AccountID is the simulated account's id, in every event and in X-Zendesk-Account-Id.
const AccountID = 12514403

// webhookTestSecret is the vendor's public secret for tests of a webhook that does not exist yet
// (https://developer.zendesk.com/documentation/webhooks/verifying/).
const webhookTestSecret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

const (
	conditional     = "conditional_ticket_events"
	eventTypePrefix = "zen:event-type:"
)

// Disturbance is what goes wrong with webhooks on Zendesk's side, drawn for each new invocation from a generator of its
// own: the same changes in the same order meet the same mishaps. Shares are 0 to 1, durations those of the base clock.
type Disturbance struct {
	Seed      uint64
	Lose      float64       // share that is never sent and appears in no log of the vendor
	Duplicate float64       // share that is sent once more, with the same ids
	Reorder   float64       // share that waits up to Window longer than it would
	Window    time.Duration // also how much later a duplicate may come
	Delay     time.Duration // wait of every invocation
}

// DisturbWebhooks puts d in force for the invocations to come; the zero Disturbance ends it.
func (s *Server) DisturbWebhooks(d Disturbance) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.disturbance, s.hooks.luck = d, rand.New(rand.NewPCG(d.Seed, 0))
}

// WebhookDelivery is what became of one invocation.
type WebhookDelivery struct {
	WebhookID    string
	InvocationID string
	EventType    string // "zen:event-type:ticket.created", or conditional_ticket_events
	Body         []byte
	QueuedAt     time.Time
	Status       string // accepted until it is over; then as the vendor's log has it
	Lost         bool   // by Disturbance
	Duplicated   bool   // by Disturbance
	Attempts     []WebhookAttempt
}

// WebhookAttempt is one request.
type WebhookAttempt struct {
	ID     string
	At     time.Time
	Took   time.Duration
	Code   int    // of the answer; 504 after a timeout; 0 when no connection came about
	Status string // success, failed, timeout, client error, server error
}

// Deliveries returns every invocation so far, lost ones included, in order of the events.
func (s *Server) Deliveries() []WebhookDelivery {
	h := s.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]WebhookDelivery, len(h.invocations))
	for i, v := range h.invocations {
		out[i] = v.WebhookDelivery
		out[i].Attempts = slices.Clone(v.Attempts)
	}
	return out
}

// hook is one webhook.
type hook struct {
	ID        string
	In        webhookInput
	Secret    string
	CreatedBy int64
	Created   time.Time
	Updated   time.Time
	breaker   breaker
}

func (h *hook) wants(eventType string) bool {
	return h.In.Status == "active" && slices.Contains(h.In.Subscriptions, eventType)
}

// invocation is one request that is to be made, with its attempts.
type invocation struct {
	WebhookDelivery
	stamp     string // of the first attempt, which retries repeat
	completed time.Time
}

// webhooks are the webhooks and triggers of the account, and what is on its way to them.
type webhooks struct {
	clock  *sim.Clock
	client *http.Client
	byHand bool // deliver only when told to
	keep   int  // invocations to remember; 0: all

	mu          sync.Mutex
	hooks       []*hook
	triggers    []*trigger
	nextTrigger int64
	invocations []*invocation
	queue       []*sending
	inFlight    int
	running     bool          // the dispatcher
	wake        chan struct{} // tells the dispatcher of news
	disturbance Disturbance
	luck        *rand.Rand // of disturbances
	ids         *rand.Rand
	action      *action // that several changes belong to; nil: each is one of its own
}

func newWebhooks(o Options) *webhooks {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.IdleConnTimeout, transport.Proxy = maxInFlight, time.Second, nil
	return &webhooks{
		clock: o.Clock, byHand: o.WebhooksByHand, keep: o.MaxCalls, wake: make(chan struct{}, 1), nextTrigger: 26_800_000_000_001,
		ids:  rand.New(rand.NewPCG(uint64(AccountID), 1)),
		luck: rand.New(rand.NewPCG(0, 0)),
		client: &http.Client{
			Transport: transport, Timeout: cmp.Or(o.WebhookTimeout, o.Clock.Shorten(DefaultWebhookTimeout)),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// find returns the webhook with that id. The caller holds the lock.
func (h *webhooks) find(id string) *hook {
	for _, k := range h.hooks {
		if k.ID == id {
			return k
		}
	}
	return nil
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// ulid returns a new id of 26 characters that sorts by time. The caller holds the lock.
func (h *webhooks) ulid() string {
	var b [26]byte
	ms := uint64(h.clock.Now().UnixMilli())
	for i := 9; i >= 0; i-- {
		b[i] = crockford[ms&31]
		ms >>= 5
	}
	for i := 10; i < len(b); i++ {
		b[i] = crockford[h.ids.IntN(32)]
	}
	return string(b[:])
}

// secret returns a new signing secret; it looks like base64 and is used as it stands. The caller holds the lock.
func (h *webhooks) secret() string {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(h.ids.UintN(256))
	}
	return base64.StdEncoding.EncodeToString(b)
}
