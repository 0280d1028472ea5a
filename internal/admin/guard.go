package admin

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/control"
)

// maxBody bounds what a request may carry: the largest that makes sense has some hundred bytes.
const maxBody = 64 << 10

// problem is every answer that is no success: what is wrong, and what to do.
type problem struct {
	Error string `json:"error"`
	Fix   string `json:"fix"`
}

func refuse(c *gin.Context, status int, what, fix string) {
	c.AbortWithStatusJSON(status, problem{what, fix})
}

// statuses are what a failure of each kind is answered with.
var statuses = map[control.Kind]int{
	control.Usage: http.StatusBadRequest, control.Away: http.StatusServiceUnavailable, control.Busy: http.StatusConflict,
	control.Failed: http.StatusInternalServerError,
}

// fail answers with an error that says itself what to do, after its first colon.
func (s *Server) fail(c *gin.Context, err error) {
	var known *control.Failure
	if !errors.As(err, &known) {
		s.Log.WarnContext(c.Request.Context(), "a request to the API failed", "route", c.FullPath(), "error", err)
		refuse(c, http.StatusServiceUnavailable, "the store does not answer", "check STORE_URL and that the store can be reached; the worker's log says more")
		return
	}
	what, fix, found := strings.Cut(known.Text, ": ")
	if !found || known.Kind == control.Failed {
		what, fix = known.Text, "look at the worker's log"
	}
	refuse(c, statuses[known.Kind], what, fix)
}

// authorize lets only the bearer of API_TOKEN pass. A browser sends no such header by itself, whatever page asks it to.
func (s *Server) authorize(c *gin.Context) {
	if s.Token.IsZero() {
		refuse(c, http.StatusForbidden, "the API is off, because no API_TOKEN is set", "set API_TOKEN to a long random text and restart the worker")
		return
	}
	scheme, given, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	// The sums are of one length, so that the time says nothing of the token's.
	want, got := sha256.Sum256([]byte(s.Token.Reveal())), sha256.Sum256([]byte(strings.TrimSpace(given)))
	if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		c.Header("WWW-Authenticate", `Bearer realm="zendesk-brevo"`)
		refuse(c, http.StatusUnauthorized, "the request does not carry the worker's API_TOKEN", "send the header Authorization: Bearer API_TOKEN")
	}
}

// connectorKey is where find leaves the connector.
const connectorKey = "connector"

// find finds the connector that the path names.
func (s *Server) find(c *gin.Context) {
	cfg, err := s.File.Connector(c.Param("name"))
	if err != nil {
		what, fix, found := strings.Cut(err.Error(), ": ")
		if !found {
			fix = "use the name of an enabled connector of the worker's connectors.yaml"
		}
		refuse(c, http.StatusNotFound, what, fix)
		return
	}
	c.Set(connectorKey, cfg)
}

func connectorOf(c *gin.Context) *config.Connector {
	return c.MustGet(connectorKey).(*config.Connector)
}

// read decodes the request's JSON into the struct that to points at; no body leaves it as it is. It reports whether it could, and
// has answered if not.
func read(c *gin.Context, to any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		refuse(c, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d KiB", maxBody>>10), "send only what GET /openapi.json lists")
		return false
	case err != nil:
		refuse(c, http.StatusBadRequest, "the body cannot be read", "send it again")
		return false
	case len(bytes.TrimSpace(body)) == 0:
		return true
	}
	if media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || media != "application/json" {
		refuse(c, http.StatusUnsupportedMediaType, "the body is not declared as JSON", "send the header Content-Type: application/json")
		return false
	}
	if err := decode(body, to); err != nil {
		what, fix, _ := strings.Cut(err.Error(), ": ")
		refuse(c, http.StatusBadRequest, what, fix)
		return false
	}
	return true
}

// decode is strict: one JSON object without names that the struct lacks, which are often mistyped. Its errors never repeat a
// value, which may be a secret.
func decode(body []byte, to any) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil || given == nil {
		return errors.New("the body is no JSON object: send one such as {\"type\": \"full\"}")
	}
	known := []string{}
	for _, field := range reflect.VisibleFields(reflect.TypeOf(to).Elem()) {
		known = append(known, field.Tag.Get("json"))
	}
	for name := range given {
		if slices.Contains(known, name) {
			continue
		}
		hint := ""
		if near := config.Nearest(name, known); near != "" {
			hint = fmt.Sprintf("did you mean %s? ", near)
		}
		if len(known) == 0 {
			return errors.New("this route takes nothing from a body: leave it empty")
		}
		return fmt.Errorf("the body has a field that is unknown here: %sknown are %s", hint, strings.Join(known, ", "))
	}
	err := json.Unmarshal(body, to)
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		return fmt.Errorf("%s must not be a JSON %s: send a %s", strings.SplitN(mistyped.Field, ".", 2)[0], mistyped.Value, jsonNames[mistyped.Type.Kind()])
	}
	return err
}

var jsonNames = map[reflect.Kind]string{reflect.String: "string", reflect.Slice: "list of strings"}
