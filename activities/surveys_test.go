package activities_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/store"
)

const (
	surveyStream = "satisfaction_ratings"
	day          = 24 * time.Hour
)

// surveyed is a workshop whose account has the new CSAT.
type surveyed struct {
	*workshop
	asker int64
	runs  int
}

func newSurveyed(t *testing.T) *surveyed {
	t.Helper()
	w := &surveyed{workshop: workshopOf(t, seed.Size{Users: 10}, func(zo *zendesksim.Options, _ *brevosim.Options) { zo.CSAT = zendesksim.NewCSAT })}
	w.asker = w.zendesk.CreateUser(seed.User{Name: "Ann", Email: "ann@example.com"})
	w.begin()
	w.pull(surveyStream)
	return w
}

// offered is a new ticket whose requester was asked for a rating.
func (w *surveyed) offered() int64 {
	w.t.Helper()
	id := w.zendesk.CreateTicket(seed.Ticket{RequesterID: w.asker})
	require.True(w.t, w.zendesk.OfferSurvey(id))
	return id
}

func (w *surveyed) rate(ticket int64, stars int) {
	require.True(w.t, w.zendesk.RateTicket(ticket, stars, ""))
}

// run opens an incremental run, which reads every stream from where it stands.
func (w *surveyed) run() {
	w.t.Helper()
	w.runs++
	must(w.workshop, w.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: strconv.Itoa(w.runs), Type: activities.Incremental, StartedAt: w.now})
}

// sync reads the responses to the end, and gives how many requests that took.
func (w *surveyed) sync() int {
	w.t.Helper()
	before := len(w.zendesk.Log().Filter("GET", surveysPath))
	w.run()
	w.pull(surveyStream)
	return len(w.zendesk.Log().Filter("GET", surveysPath)) - before
}

// score is what the mirror has of the survey about a ticket; -1: nothing.
func (w *surveyed) score(ticket int64) float64 {
	w.t.Helper()
	row, found, err := w.store.Survey(w.t.Context(), ticket)
	require.NoError(w.t, err)
	if !found {
		return -1
	}
	return row.Score
}

func TestAnswersAreFoundHoweverLongAfterTheSurvey(t *testing.T) {
	for name, asked := range map[string]func(w *surveyed) (ticket int64){
		"answered a day later": func(w *surveyed) int64 {
			ticket := w.offered()
			w.sync()
			w.now = w.now.Add(day)
			w.rate(ticket, 5)
			return ticket
		},
		"edited a day later": func(w *surveyed) int64 {
			ticket := w.offered()
			w.now = w.now.Add(day)
			w.rate(ticket, 1)
			w.sync()
			assert.Zero(w.t, w.score(ticket))
			w.now = w.now.Add(day)
			w.rate(ticket, 5)
			return ticket
		},
		"another's answer in between": func(w *surveyed) int64 {
			ticket := w.offered()
			w.sync()
			w.now = w.now.Add(day)
			other := w.offered()
			w.now = w.now.Add(day)
			w.rate(other, 3)
			w.sync()
			assert.InDelta(w.t, 50, w.score(other), 0)
			w.now = w.now.Add(day)
			w.rate(ticket, 5)
			return ticket
		},
		"in its last minute": func(w *surveyed) int64 {
			ticket := w.offered()
			w.now = w.now.Add(28*day - time.Minute)
			w.sync()
			w.rate(ticket, 5)
			w.now = w.now.Add(10 * time.Minute)
			w.offered()
			w.sync()
			return ticket
		},
		"between two pages of a worker that died": func(w *surveyed) int64 {
			ticket := w.offered()
			for range 150 {
				w.now = w.now.Add(time.Second)
				w.offered()
			}
			w.run()
			first := must(w.workshop, w.steps.Zendesk.FetchPage, activities.PageInput{Account: account, Stream: surveyStream})
			require.False(w.t, first.End)
			w.rate(ticket, 5)
			w.now = w.now.Add(day)
			w.sync()
			assert.InDelta(w.t, -1, w.score(ticket), 0, "the page it is on was read already")
			return ticket
		},
		"from a cursor of an answer": func(w *surveyed) int64 {
			ticket := w.offered()
			w.now = w.now.Add(day)
			cursor, err := w.store.Cursor(w.t.Context(), surveyStream)
			require.NoError(w.t, err)
			at := fmt.Sprintf("%d|", w.now.UnixMilli())
			_, err = w.store.CommitSurveys(w.t.Context(), store.Page{Stream: surveyStream, From: cursor.Value, To: at, End: true, Now: w.now}, nil)
			require.NoError(w.t, err)
			w.rate(ticket, 5)
			return ticket
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newSurveyed(t)
			ticket := asked(w)
			w.sync()
			assert.InDelta(t, 100, w.score(ticket), 0)
		})
	}
}

// Where many surveys are open, a sync reads the new ones, and once an hour all that may still change.
func TestManyOpenSurveysAreNotReadInEverySync(t *testing.T) {
	w := newSurveyed(t)
	first := w.offered()
	for range 1050 {
		w.now = w.now.Add(30 * time.Second)
		w.offered()
	}
	assert.Equal(t, 11, w.sync())
	w.rate(first, 5)
	w.now = w.now.Add(6 * time.Minute)
	latest := w.offered()
	w.rate(latest, 4)
	assert.Equal(t, 1, w.sync(), "new ones only")
	assert.InDelta(t, 75, w.score(latest), 0)
	assert.InDelta(t, -1, w.score(first), 0)
	w.now = w.now.Add(time.Hour)
	assert.Equal(t, 11, w.sync())
	assert.InDelta(t, 100, w.score(first), 0)

	w.now = w.now.Add(30 * day)
	w.rate(w.offered(), 4)
	w.sync()
	w.now = w.now.Add(6 * time.Minute)
	assert.Equal(t, 1, w.sync(), "what has expired is not read again")
}

// A replay finds what was answered within its stretch of time, of whatever survey.
func TestAReplayFindsAnswersToOlderSurveys(t *testing.T) {
	w := newSurveyed(t)
	ticket := w.offered()
	w.now = w.now.Add(3 * day)
	w.rate(ticket, 5)
	since := w.now.Add(-time.Hour)
	w.now = w.now.Add(time.Hour)
	got := must(w.workshop, w.steps.Zendesk.FetchPage, activities.PageInput{Account: account, Stream: surveyStream, Replay: true, Since: since, Until: w.now})
	assert.True(t, got.End)
	assert.InDelta(t, 100, w.score(ticket), 0)
}

// Ids that tell no time leave the times of the answers, and hold the start where nobody answered.
func TestSurveysWhoseIDsTellNoTime(t *testing.T) {
	w := newSurveyed(t)
	body := func(answers string) sim.Fault {
		return sim.Fault{Path: surveysPath, Status: 200, Body: fmt.Sprintf(`{"survey_responses":[{"id":"response-1","responder_id":%d,"expires_at":%q,
			"subject_zrns":["zen:ticket:1"],"answers":[%s]}],"meta":{"has_more":false}}`, w.asker, w.now.Add(20*day).Format(time.RFC3339), answers)}
	}
	w.sync()
	held := w.started()
	w.zendesk.Faults().Add(body(""))
	w.sync()
	w.now = w.now.Add(day)
	answered := w.now
	w.zendesk.Faults().Add(body(fmt.Sprintf(`{"type":"rating_scale","rating_category":"good","created_at":%q}`, answered.Format(time.RFC3339))))
	w.sync()
	assert.Equal(t, held, w.started())
	assert.InDelta(t, 100, w.score(1), 0)
	w.sync()
	assert.Equal(t, answered.Add(-5*time.Minute).UTC().Truncate(time.Millisecond), w.started())
}

// started is from when on the last request asked for responses.
func (w *surveyed) started() time.Time {
	w.t.Helper()
	calls := w.zendesk.Log().Filter("GET", surveysPath)
	query, err := url.ParseQuery(calls[len(calls)-1].RawQuery)
	require.NoError(w.t, err)
	from, err := strconv.ParseInt(query.Get("filter[created_at_start]"), 10, 64)
	require.NoError(w.t, err)
	return time.UnixMilli(from).UTC()
}

// Where Zendesk does not say until when a response may be answered, or in no words that are understood, it is waited for.
func TestSurveysThatDoNotSayWhenTheyExpire(t *testing.T) {
	for name, expires := range map[string]string{
		"absent": ``, "null": `"expires_at":null,`, "empty": `"expires_at":"",`, "a word": `"expires_at":"in 28 days",`, "an object": `"expires_at":{},`,
		"milliseconds": `"expires_at":%d000,`, "seconds as text": `"expires_at":"%d",`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newSurveyed(t)
			ticket, made := w.offered(), w.now
			w.now = w.now.Add(day)
			other := w.offered()
			w.rate(other, 3)
			if strings.Contains(expires, "%d") {
				expires = fmt.Sprintf(expires, made.Add(28*day).Unix())
			}
			row := func(at time.Time, ticket int64, answers string) string {
				return fmt.Sprintf(`{"id":%q,"responder_id":%d,%s"subject_zrns":["zen:ticket:%d"],"answers":[%s]}`,
					ulid.MustNewDefault(at), w.asker, expires, ticket, answers)
			}
			answered := fmt.Sprintf(`{"type":"rating_scale","rating_category":"neutral","created_at":%q}`, w.now.Format(time.RFC3339))
			w.zendesk.Faults().Add(sim.Fault{
				Path: surveysPath, Status: 200,
				Body: `{"survey_responses":[` + row(made, ticket, "") + "," + row(w.now, other, answered) + `],"meta":{"has_more":false}}`,
			})
			w.sync()
			assert.InDelta(t, 50, w.score(other), 0)
			w.now = w.now.Add(day)
			w.rate(ticket, 5)
			w.sync()
			assert.InDelta(t, 100, w.score(ticket), 0)
		})
	}
}

// A response is not waited for for ever: whoever has not answered for so long does not any more.
func TestSurveysThatNeverExpireAreLeftInTheEnd(t *testing.T) {
	for name, id := range map[string]func(made time.Time) string{
		"an id that tells its time": func(made time.Time) string { return ulid.MustNewDefault(made).String() },
		"an id that tells none":     func(time.Time) string { return "response-1" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newSurveyed(t)
			made := w.now.Truncate(time.Millisecond)
			w.zendesk.Faults().Add(sim.Fault{Path: surveysPath, Times: sim.Forever, Status: 200, Body: fmt.Sprintf(
				`{"survey_responses":[{"id":%q,"responder_id":%d,"subject_zrns":["zen:ticket:1"],"answers":[]}],"meta":{"has_more":false}}`, id(made), w.asker)})
			w.sync()
			w.now = w.now.Add(89 * day)
			w.sync()
			w.sync()
			assert.False(t, w.started().After(made), "%s", w.started())
			w.zendesk.Faults().Clear()
			w.offered()
			w.now = w.now.Add(100 * day)
			w.sync()
			w.sync()
			assert.True(t, w.started().After(made), "%s", w.started())
		})
	}
}

func TestAPlanCountsTheSurveysThatWereAnswered(t *testing.T) {
	w := newSurveyed(t)
	w.offered()
	w.rate(w.offered(), 5)
	w.sync()
	plan, err := w.steps.Account.PlanBackfill(t.Context(), activities.BackfillInput{Account: account})
	require.NoError(t, err)
	var planned activities.Figure
	for _, stream := range plan.Zendesk.Streams {
		if stream.Stream == surveyStream {
			planned = stream.Rows
		}
	}
	got := must(w.workshop, w.steps.Zendesk.FetchPage, activities.PageInput{Account: account, Stream: surveyStream, Replay: true, Since: w.now, Until: w.now})
	assert.Equal(t, int64(1), got.Rows)
	assert.True(t, planned.Exact() && planned.Holds(got.Rows), planned)
}

// What a survey answer is worth where its question and its rating do not fit each other.
func TestAnOddRatingIsWorthItsCategory(t *testing.T) {
	for body, want := range map[string]float64{
		`"rating":null,"rating_category":"good","question":{"options":[{},{},{},{},{}]}`: 100,
		`"rating":9,"rating_category":"neutral","question":{"options":[{},{},{},{},{}]}`: 50,
		`"rating":null,"question":{"options":[{},{},{},{},{}]}`:                          -1,
		`"rating":4,"rating_category":"good","question":{"options":[{},{},{},{},{}]}`:    75,
	} {
		w := newSurveyed(t)
		w.run()
		w.zendesk.Faults().Add(sim.Fault{Path: surveysPath, Status: 200, Body: `{"survey_responses":[{"id":"01J1","responder_id":7,"subject_zrns":["zen:ticket:9"],"answers":[` +
			`{"type":"rating_scale","created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z",` + body + `}]}],"meta":{"has_more":false},"links":{}}`})
		w.pull(surveyStream)
		assert.InDelta(t, want, w.score(9), 0, body)
	}
}
