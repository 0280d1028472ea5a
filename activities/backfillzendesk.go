package activities

import (
	"context"
	"fmt"
	"math"
	"time"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/mapping"
)

// surveyLook is what the first page of survey responses showed.
type surveyLook struct {
	there bool // the plan has them
	whole bool // and the page showed all
	rows  int64
	rated int64 // of those: with an answer that counts
}

func (b *backfill) zendeskRequests(what string, n Figure, why string) {
	side := &b.out.Zendesk
	side.Requests = append(side.Requests, Requests{What: what, Figure: n, Why: why})
	side.Total = side.Total.plus(n)
}

// capable books a capability: detail is what to say of it, otherwise what to say where a refusal has no plainer reason. A
// refusal is an answer too; the error is one that nothing else would survive either.
func (b *backfill) capable(name string, err error, detail, otherwise string) error {
	c := Capability{Name: name, State: CapabilityYes, Detail: detail}
	switch Classify(err) {
	case PauseAll:
		return err
	case SkipStream, Missing, Reject:
		c.State, c.Detail = CapabilityNo, orText(otherwise, skipReason(err))
	case Retry, Wait:
		if err != nil {
			c.State, c.Detail = CapabilityUnknown, err.Error()
		}
	}
	b.out.Capabilities = append(b.out.Capabilities, c)
	return nil
}

// capabilities asks for the least of everything that depends on the plan, the role or an administrator's switch.
func (b *backfill) capabilities(ctx context.Context) error {
	b.out.Capabilities = []Capability{{Name: "administrator", State: CapabilityYes}}
	if err := b.capable("exports", b.probeExports(ctx), "", ""); err != nil {
		return err
	}
	if err := b.satisfaction(ctx); err != nil {
		return err
	}
	_, hooks := b.zendesk.ListWebhooks(ctx, 1)
	_, triggers := b.zendesk.ListTriggers(ctx, zendesk.ListQuery{PageSize: 1})
	for _, of := range []struct {
		name      string
		err       error
		otherwise string
	}{
		{"help_center", b.zendesk.HelpCenterThere(ctx), "the account has none, or the user may not see it"},
		{"user_events", b.zendesk.UserEventsThere(ctx, b.me), "an administrator has not activated the Events API, or the plan lacks it"},
		{"webhooks_readable", hooks, ""},
		{"triggers_readable", triggers, ""},
	} {
		if err := b.capable(of.name, of.err, "", of.otherwise); err != nil {
			return err
		}
	}
	return nil
}

// probeExports takes the smallest page of an export: whether the role allows it, and how many there may be in a minute, shows
// nowhere else.
func (b *backfill) probeExports(ctx context.Context) error {
	const size = 1
	start := b.now().Add(-time.Hour) // not too recent for Zendesk, though this host's clock be ahead
	var err error
	switch {
	case b.cfg.Sync.Tickets:
		_, err = b.zendesk.ExportTickets(ctx, zendesk.ExportQuery{StartTime: start, PageSize: size})
	case b.cfg.Sync.Users:
		_, err = b.zendesk.ExportUsers(ctx, zendesk.ExportQuery{StartTime: start, PageSize: size})
	case b.cfg.Sync.Organizations:
		_, err = b.zendesk.ExportOrganizations(ctx, start, size)
	}
	return err
}

// satisfaction finds which of Zendesk's two systems of ratings the account uses.
func (b *backfill) satisfaction(ctx context.Context) error {
	surveys, surveyErr := b.zendesk.ListSurveyResponses(ctx, zendesk.SurveyQuery{PageSize: maxSurveyPage})
	ratings, ratingErr := b.zendesk.ListSatisfactionRatings(ctx, zendesk.RatingQuery{
		ListQuery: zendesk.ListQuery{PageSize: 1}, Score: "good",
	})
	b.surveys = surveyLook{there: surveyErr == nil, whole: surveys.End, rows: int64(len(surveys.Rows))}
	b.surveys.rated = int64(len(surveyRows(surveys.Rows, surveys.AskedAt)))
	b.rated = b.surveys.rated > 0 || b.surveys.rows > 0 && !b.surveys.whole || len(ratings.Rows) > 0
	switch {
	case surveyErr == nil && (b.surveys.rows > 0 || ratingErr != nil):
		return b.capable("ratings", nil, "new: survey responses", "")
	case ratingErr == nil:
		return b.capable("ratings", nil, "legacy: good and bad, with the tickets", "")
	case Classify(surveyErr) == SkipStream || zendesk.HasNoSurveys(surveyErr):
		return b.capable("ratings", ratingErr, "", "neither survey responses nor legacy ratings")
	}
	return b.capable("ratings", surveyErr, "", "")
}

// streams says how many rows every stream has, and in how many requests they come.
func (b *backfill) streams(ctx context.Context) error {
	on, err := Streams(b.cfg, nil)
	if err != nil {
		return configurationError(err)
	}
	for _, stream := range on {
		plan, err := b.stream(ctx, mapping.Stream(stream))
		if err != nil {
			return err
		}
		b.out.Zendesk.Streams = append(b.out.Zendesk.Streams, plan)
		b.zendeskRequests(stream, plan.Pages, plan.Why)
	}
	if !b.cfg.Sync.Tickets || b.cfg.Lists.ActiveTickets.IsZero() {
		return nil
	}
	open, err := b.zendesk.CountSearch(ctx, "type:ticket status<solved")
	if Classify(err) == PauseAll || Classify(err) == Wait {
		return err
	}
	b.open = err != nil || open > 0
	return nil
}

func (b *backfill) stream(ctx context.Context, stream mapping.Stream) (StreamPlan, error) {
	out := StreamPlan{Stream: string(stream)}
	n, counted := b.counted[stream]
	cursor, err := b.store.Cursor(ctx, string(stream))
	if err != nil {
		return out, fmt.Errorf("read cursor of %s: %w", stream, err)
	}
	size := pageSizeOf(cursor)
	switch {
	case stream == mapping.SatisfactionRatings:
		b.surveyStream(&out, size)
		return out, nil
	case !counted:
		out.Rows, out.Pages, out.Why = atLeast(0, 0), atLeast(1, 1), "Zendesk does not let the connected user count them"
		return out, nil
	}
	out.About = approximate(n)
	switch stream {
	case mapping.Users:
		err = b.userStream(ctx, &out, n)
	case mapping.Tickets:
		err = b.ticketStream(ctx, &out, n)
	default:
		out.Rows, out.Why = atLeast(n.Value, n.Value), "Zendesk does not count deleted organizations, which the export brings too"
	}
	pages := func(rows int64) int64 { return cursorPages(rows, size, maxPage) }
	if stream == mapping.Organizations {
		pages = func(rows int64) int64 { return timedPages(rows, size) }
	}
	out.Pages = out.Rows.each(pages)
	return out, err
}

// userStream adds the deleted users, whom the export brings too.
func (b *backfill) userStream(ctx context.Context, out *StreamPlan, n zendesk.Count) error {
	deleted, err := b.zendesk.CountDeletedUsers(ctx)
	switch {
	case err == nil:
		out.About = out.About || approximate(deleted.Row)
		out.Rows = exactly(n.Value + deleted.Row.Value)
		if capped(n) || capped(deleted.Row) {
			out.Rows, out.Why = atLeast(out.Rows.Planned, out.Rows.Planned), "Zendesk is renewing its count, which shows at most 100,000 meanwhile"
		}
		return nil
	case untold(err):
		out.Rows, out.Why = atLeast(n.Value, n.Value), "Zendesk does not let the connected user count deleted users, whom the export brings too"
		return nil
	}
	return err
}

// ticketStream lies between Zendesk's count, which leaves out deleted tickets, and the newest ticket's number: the export brings
// a tombstone for every ticket that ever was.
func (b *backfill) ticketStream(ctx context.Context, out *StreamPlan, n zendesk.Count) error {
	newest, err := b.zendesk.NewestTicket(ctx)
	if err != nil && !untold(err) {
		return err
	}
	if newest < n.Value {
		out.Rows, out.Why = atLeast(n.Value, n.Value), "Zendesk does not count deleted tickets, which the export brings too"
		return nil
	}
	out.Rows = between(n.Value, newest, newest)
	if !out.Rows.Exact() {
		out.Why = "Zendesk does not count deleted tickets, which the export brings too; there are no more than the newest ticket's number"
	}
	return nil
}

// untold reports whether Zendesk answered that it does not tell: less is known then, and that is all.
func untold(err error) bool {
	outcome := Classify(err)
	return outcome == SkipStream || outcome == Missing || outcome == Reject
}

// capped reports whether Zendesk's count is being renewed: then it shows no more than 100,000.
func capped(n zendesk.Count) bool { return n.RefreshedAt.IsZero() && n.Value >= countedDaily }

func (b *backfill) surveyStream(out *StreamPlan, size int) {
	switch {
	case !b.surveys.there:
		out.Rows, out.Pages = exactly(0), exactly(1) // the one that is refused
	case b.surveys.whole:
		out.Rows, out.Pages = exactly(b.surveys.rated), exactly(1)
	default:
		out.Rows = atLeast(b.surveys.rows+1, b.counted[mapping.Tickets].Value)
		out.Pages = out.Rows.each(func(rows int64) int64 { return cursorPages(rows, min(size, maxSurveyPage), maxSurveyPage) })
		out.Why = "Zendesk does not count survey responses; planned is one for every ticket"
	}
}

// zendeskLimits says what the limits cost. The streams are read at once, so the slowest bucket decides.
func (b *backfill) zendeskLimits(known []store.Budget) {
	side := &b.out.Zendesk
	var exports, guide int64
	for _, r := range side.Requests {
		switch mapping.Stream(r.What) {
		case mapping.Users, mapping.Tickets, mapping.Organizations:
			exports += r.Planned
		case mapping.SatisfactionRatings:
			guide += r.Planned
		}
	}
	shares := b.cfg.RateLimits
	for _, of := range []struct {
		bucket   string
		share    float64
		setting  string
		requests int64
	}{
		{zendesk.BucketAccount, shares.ZendeskShare, "zendesk_share", side.Total.Planned - guide},
		{zendesk.BucketExports, shares.ExportShare, "export_share", exports},
		{zendesk.BucketHelpCenter, shares.ZendeskShare, "zendesk_share", guide},
	} {
		limit := limitOf(known, of.bucket).Window.Limit
		if limit == 0 || of.requests == 0 {
			continue
		}
		a := allowanceOf(limit, of.share, time.Minute)
		if a.per == 0 {
			b.pre.dry.found.Refusals = append(b.pre.dry.found.Refusals, fmt.Sprintf(
				"rate_limits.%s: %g of %d requests a minute is less than one: the sync would wait for ever; set a larger share", of.setting, of.share, limit))
		}
		side.limit(of.bucket, limit, a, a.waits(of.requests))
	}
}

// limit books a limit and what it costs.
func (s *Side) limit(bucket string, limit int, a allowance, costs time.Duration) {
	l := Limit{Bucket: bucket, Name: BucketName(bucket), Limit: limit, Ours: a.per, Window: windowName(a.window), Seconds: whole(costs)}
	s.Limits = append(s.Limits, l)
	if l.Seconds > s.Seconds {
		s.Seconds, s.Binds = l.Seconds, bucket
	}
}

func whole(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }
