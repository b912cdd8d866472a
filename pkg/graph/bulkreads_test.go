package graph_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

// through puts something between the client and the sandbox; the client is a new one.
func (r *rehearsal) through(wrap func(http.RoundTripper) http.RoundTripper) {
	r.t.Helper()
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: r.root, Credential: signin.SandboxCredential(),
		Transport: &http.Client{Transport: wrap(r.http.Transport)}})
	r.must(err)
	r.Client = graph.New(p, r.root, graph.Options{})
}

// What reads many at once asks once, finds the same as reading one by one, and says what is not there.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := rehearse(t, "")
		ctx := t.Context()
		r.must(r.AddMembers(ctx, r.group, []string{r.ben.ID}))
		in, err := r.MembersAmong(ctx, r.group, []string{r.anna.ID, strings.ToUpper(r.ben.ID), r.anna.ID})
		if want := []bool{false, true, false}; err != nil || !slices.Equal(in, want) {
			t.Errorf("MembersAmong: %v, %v, want %v", in, err, want)
		}
		users, err := r.UsersTogether(ctx, []string{r.ben.ID, otherID, strings.ToUpper(r.anna.ID)})
		r.must(err)
		if users[0].User.UPN != r.ben.UPN || users[2].User.UPN != r.anna.UPN || !fault.Is(users[1].Err, fault.NotFound) {
			t.Errorf("UsersTogether: %+v", users)
		}
		pcs, err := r.CloudPCsOf(ctx, []string{r.anna.UPN, r.ben.UPN})
		if err != nil || len(pcs) != 0 {
			t.Errorf("CloudPCsOf: %v, %v", pcs, err)
		}
	})
}

// refuseFilter answers 400 to a filter with several values.
type refuseFilter struct {
	http.RoundTripper
	refused *int
}

func (f refuseFilter) RoundTrip(req *http.Request) (*http.Response, error) {
	if q := req.URL.Query().Get("$filter"); strings.Contains(q, " or ") || strings.Contains(q, " in ") {
		*f.refused++
		r := req.Clone(req.Context())
		v := r.URL.Query()
		v.Set("$filter", "no such filter")
		r.URL.RawQuery = v.Encode()
		return f.RoundTripper.RoundTrip(r)
	}
	return f.RoundTripper.RoundTrip(req)
}

// A service that does not understand such a filter is asked for one at a time.
func TestManyAtOnce_notUnderstood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := rehearse(t, "")
		refused := 0
		r.through(func(rt http.RoundTripper) http.RoundTripper { return refuseFilter{rt, &refused} })
		ctx := t.Context()
		r.must(r.AddMembers(ctx, r.group, []string{r.ben.ID}))
		in, err := r.MembersAmong(ctx, r.group, []string{r.anna.ID, r.ben.ID})
		if want := []bool{false, true}; err != nil || !slices.Equal(in, want) {
			t.Errorf("MembersAmong: %v, %v, want %v", in, err, want)
		}
		users, err := r.UsersTogether(ctx, []string{r.ben.ID, r.anna.ID})
		if err != nil || users[0].User.UPN != r.ben.UPN || users[1].User.UPN != r.anna.UPN {
			t.Errorf("UsersTogether: %+v, %v", users, err)
		}
		if _, err := r.CloudPCsOf(ctx, []string{r.anna.UPN, r.ben.UPN}); err != nil {
			t.Errorf("CloudPCsOf: %v", err)
		}
		if refused != 3 {
			t.Errorf("%d filters were refused, want 3", refused)
		}
	})
}

// busy answers 429 to every read of one import on the route that exists.
type busy struct {
	http.RoundTripper
	id string
}

func (s busy) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.Path, "retrieveSnapshotImportResults(") && strings.Contains(req.URL.Path, s.id) {
		return &http.Response{StatusCode: http.StatusTooManyRequests, Status: "429 Too Many Requests", Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	}
	return s.RoundTripper.RoundTrip(req)
}

// A route that has not proven itself yet must not make imports look gone: on a service with the plural route only, the
// first answer is throttled, and the others are found all the same.
func TestImportResults_throttledBeforeTheRouteIsKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := rehearse(t, ", retrieve_route: plural")
		ctx := t.Context()
		var ids []string
		for name, u := range map[string]graph.User{"anna": r.anna, "ben": r.ben} {
			im, err := r.ImportSnapshot(ctx, u.ID, []graph.SourceFile{r.signed("disks", name+".vhd")})
			r.must(err)
			ids = append(ids, im.SnapshotID)
		}
		r.through(func(rt http.RoundTripper) http.RoundTripper { return busy{rt, ids[0]} })
		answers, err := r.ImportResults(ctx, ids)
		r.must(err)
		if !fault.Is(answers[0].Err, fault.Throttled) || answers[1].Err != nil {
			t.Errorf("the answers: %v and %v", answers[0].Err, answers[1].Err)
		}
	})
}
