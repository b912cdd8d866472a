package graph_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/bound"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

// failing answers every request with 503.
type failing struct{ n int }

func (f *failing) Do(*http.Request) (*http.Response, error) {
	f.n++
	return respond(503, `{}`)
}

// cancels ends the context while a request is in flight.
type cancels struct {
	*tape
	cancel func()
}

func (c cancels) Do(r *http.Request) (*http.Response, error) {
	c.cancel()
	return c.tape.Do(r)
}

// batchServer answers batches: answer says what comes back for a URL, the how-manieth time it is asked.
type batchServer struct {
	t       *testing.T
	answer  func(url string, n int) (status int, header map[string]string, body string)
	asked   map[string]int
	sizes   []int
	at      []time.Time
	reverse bool
	version string
}

func (b *batchServer) Do(r *http.Request) (*http.Response, error) {
	if r.Method != "POST" || r.URL.Path != b.version+"/$batch" {
		b.t.Errorf("unexpected %s %s", r.Method, r.URL)
	}
	var in struct {
		Requests []struct {
			ID, Method, URL string
			Headers         map[string]string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		b.t.Error(err)
	}
	b.sizes, b.at = append(b.sizes, len(in.Requests)), append(b.at, time.Now())
	ids := map[string]bool{}
	var out []string
	for _, q := range in.Requests {
		if ids[q.ID] || q.Method != "GET" || strings.HasPrefix(q.URL, b.version) {
			b.t.Errorf("bad request within: %+v", q)
		}
		if (q.Headers["Prefer"] != "") != strings.Contains(q.URL, "virtualEndpoint") {
			b.t.Errorf("Prefer of %s is %q", q.URL, q.Headers["Prefer"])
		}
		ids[q.ID] = true
		b.asked[q.URL]++
		status, header, body := b.answer(q.URL, b.asked[q.URL])
		if status == 0 {
			continue
		}
		h, _ := json.Marshal(header)
		one := fmt.Sprintf(`{"id":%q,"status":%d,"headers":%s,"body":%s}`, q.ID, status, h, body)
		if b.reverse {
			out = append([]string{one}, out...)
		} else {
			out = append(out, one)
		}
	}
	return respond(200, `{"responses":[`+strings.Join(out, ",")+`]}`)
}

func newBatch(t *testing.T, b *batchServer, o graph.Options) *graph.Client {
	b.t, b.asked = t, map[string]int{}
	if b.version == "" {
		b.version = "/v1.0"
	}
	return newClient(t, b, o)
}

func userAnswer(url string) string {
	id := strings.TrimPrefix(strings.Split(url, "?")[0], "/users/")
	return `{"id":"` + id + `"}`
}

func TestBatchOfManyKeepsTheOrder(t *testing.T) {
	t.Parallel()
	for _, reverse := range []bool{false, true} {
		b := &batchServer{reverse: reverse, answer: func(u string, _ int) (int, map[string]string, string) { return 200, nil, userAnswer(u) }}
		c := newBatch(t, b, graph.Options{})
		var ids []string
		for i := range 45 {
			ids = append(ids, guid(i))
		}
		us, err := c.Users(t.Context(), ids)
		if err != nil || len(us) != 45 || fmt.Sprint(b.sizes) != "[20 20 5]" {
			t.Fatalf("%d users, batches of %v, %v", len(us), b.sizes, err)
		}
		for i, u := range us {
			if u.Err != nil || u.User.ID != ids[i] {
				t.Errorf("%d: %+v", i, u)
			}
		}
	}
	c, _ := play(t)
	if us, err := c.Users(t.Context(), nil); len(us) != 0 || err != nil {
		t.Errorf("none: %v, %v", us, err)
	}
}

// cutting breaks off the body of each request's first answer.
type cutting struct {
	transporter
	cuts int
}

func (c *cutting) Do(r *http.Request) (*http.Response, error) {
	resp, err := c.transporter.Do(r)
	if c.cuts--; err == nil && c.cuts >= 0 {
		resp.Body = io.NopCloser(io.MultiReader(io.LimitReader(resp.Body, 20), iotest.ErrReader(syscall.ECONNRESET)))
	}
	return resp, err
}

func TestBatchIsReadAgainWhenItsAnswerBreaksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &batchServer{t: t, asked: map[string]int{}, version: "/v1.0", answer: func(u string, _ int) (int, map[string]string, string) { return 200, nil, userAnswer(u) }}
		c := newClient(t, &cutting{b, 3}, graph.Options{})
		us, err := c.Users(t.Context(), []string{guid(0), guid(1)})
		if err != nil || len(us) != 2 || us[1].Err != nil || us[1].User.ID != guid(1) || len(b.sizes) != 4 {
			t.Fatalf("%+v, %d batches, %v", us, len(b.sizes), err)
		}
	})
}

// One answer that is too large is that of its call: the others of its batch are read.
func TestBatchOfWhichOneAnswerIsTooLarge(t *testing.T) {
	t.Parallel()
	b := &batchServer{t: t, asked: map[string]int{}, version: "/v1.0", answer: func(u string, _ int) (int, map[string]string, string) {
		if strings.Contains(u, guid(1)) {
			return 200, nil, `{"id":"` + strings.Repeat("x", bound.MaxAnswer) + `"}`
		}
		return 200, nil, userAnswer(u)
	}}
	c := newClient(t, one{b}, graph.Options{})
	us, err := c.Users(t.Context(), []string{guid(0), guid(1), guid(2)})
	if err != nil || us[0].User.ID != guid(0) || us[2].User.ID != guid(2) || us[0].Err != nil || us[2].Err != nil || fault.CodeOf(us[1].Err) != bound.CodeTooLarge {
		t.Fatalf("%v; %v, %v, %v", err, us[0].Err, us[1].Err, us[2].Err)
	}
}

// one answers calls that come by themselves as it would within a batch.
type one struct{ *batchServer }

func (o one) Do(r *http.Request) (*http.Response, error) {
	if r.Method == "POST" {
		return o.batchServer.Do(r)
	}
	status, _, body := o.answer(strings.TrimPrefix(r.URL.RequestURI(), o.version), 1)
	return respond(status, body)
}

func TestBatchResendsWhatWasThrottled(t *testing.T) {
	t.Parallel()
	for name, speed := range map[string]float64{"RealTime": 1, "Fast": 600} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := &batchServer{answer: func(u string, n int) (int, map[string]string, string) {
					switch {
					case strings.Contains(u, guid(1)) && n == 1:
						return 429, map[string]string{"retry-after": "10"}, errorBody("TooManyRequests", "x")
					case strings.Contains(u, guid(3)) && n == 1:
						return 429, map[string]string{"Retry-After": "30"}, errorBody("TooManyRequests", "x")
					case strings.Contains(u, guid(4)) && n == 1:
						return 503, nil, "null"
					case strings.Contains(u, guid(5)):
						return 404, map[string]string{"request-id": "inner"}, errorBody("Request_ResourceNotFound", "no such user")
					case strings.Contains(u, guid(6)):
						return 429, map[string]string{"Retry-After": "36000"}, errorBody("dailyQuotaExceeded", "x")
					case strings.Contains(u, guid(7)) && n == 1:
						return 0, nil, ""
					}
					return 200, nil, userAnswer(u)
				}}
				start := time.Now()
				c := newBatch(t, b, graph.Options{Clock: cloud.FastClock(start, start, speed)})
				ids := []string{guid(0), guid(1), guid(2), guid(3), guid(4), guid(5), guid(6), guid(7)}
				us, err := c.Users(t.Context(), ids)
				if err != nil || fmt.Sprint(b.sizes) != "[8 4]" {
					t.Fatalf("batches of %v, %v", b.sizes, err)
				}
				for i, u := range us {
					want := map[int]fault.Kind{5: fault.NotFound, 6: fault.Throttled}[i]
					if fault.KindOf(u.Err) != want || u.Err == nil && u.User.ID != ids[i] {
						t.Errorf("%d: %+v", i, u)
					}
				}
				wait := time.Duration(float64(30*time.Second) / speed)
				if d := b.at[1].Sub(b.at[0]); d < wait || d > wait+time.Millisecond {
					t.Errorf("sent again after %s, want the longest wait, %s", d, wait)
				}
				f := fault.As(us[5].Err)
				if f.Remote.RequestID != "inner" || f.Remote.Status != 404 {
					t.Errorf("%+v", f.Remote)
				}
				if f := fault.As(us[6].Err); f.Code != graph.CodeQuota || f.Remote.RetryAfter != 10*time.Hour {
					t.Errorf("%+v %+v", f, f.Remote)
				}
			})
		})
	}
}

func TestBatchBacksOffWithoutRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &batchServer{answer: func(string, int) (int, map[string]string, string) {
			return 429, nil, errorBody("TooManyRequests", "x")
		}}
		us, err := newBatch(t, b, graph.Options{}).Users(t.Context(), []string{userID})
		if err != nil || !fault.Is(us[0].Err, fault.Throttled) || len(b.at) != 5 {
			t.Fatalf("%+v, %v after %d", us, err, len(b.at))
		}
		for i := 2; i < len(b.at); i++ {
			if b.at[i].Sub(b.at[i-1]) <= b.at[i-1].Sub(b.at[i-2]) {
				t.Error("the wait does not grow")
			}
		}
	})
}

func TestImportResultsInBatches(t *testing.T) {
	t.Parallel()
	ids := []string{guid(0), guid(1), guid(2)}
	c, tp := play(t,
		exchange{want: singular(guid(0)), reply: `{"snapshotId":"` + guid(0) + `","importStatus":"succeeded"}`},
		exchange{want: "POST /beta/$batch", reply: `{"responses":[{"id":"2","status":404,"body":` + errorBody("ResourceNotFound", "gone") + `},{"id":"1","status":200,"body":{"value":[{"importStatus":"FAILED","additionalDetail":"d"}]}}]}`},
		exchange{want: "POST /beta/$batch", reply: `{"responses":[]}`, status: 400},
		exchange{want: singular(guid(0)), reply: `{"snapshotId":"` + guid(0) + `","importStatus":"succeeded"}`},
		exchange{want: singular(guid(1)), reply: `{}`, status: 400},
		exchange{want: singular(guid(2)), reply: `{"snapshotId":"` + guid(2) + `","importStatus":"failed"}`})
	as, err := c.ImportResults(t.Context(), ids)
	if err != nil || len(as) != 3 {
		t.Fatal(as, err)
	}
	if as[0].Import.Status != graph.ImportSucceeded || as[1].Import.Status != graph.ImportFailed || as[1].Import.SnapshotID != guid(1) || !fault.Is(as[2].Err, fault.NotFound) {
		t.Errorf("%+v", as)
	}
	if !strings.Contains(string(tp.came[1].body), `"Prefer":"include-unknown-enum-members"`) {
		t.Errorf("sent %s", tp.came[1].body)
	}
	// From the second time on a batch is enough; when it is refused as it is, each is asked for alone.
	as, err = c.ImportResults(t.Context(), ids)
	if err != nil || as[0].Err != nil || !fault.Is(as[1].Err, fault.Invalid) || as[2].Import.Status != graph.ImportFailed {
		t.Errorf("%+v, %v", as, err)
	}
	if as, err := c.ImportResults(t.Context(), nil); len(as) != 0 || err != nil {
		t.Error(as, err)
	}
}

func TestBatchWithoutResponses(t *testing.T) {
	t.Parallel()
	c, _ := play(t, exchange{want: "POST /v1.0/$batch", reply: `{}`}, exchange{want: "POST /v1.0/$batch", reply: `no`})
	for range 2 {
		if us, err := c.Users(t.Context(), []string{userID}); err != nil || fault.CodeOf(us[0].Err) != graph.CodeMalformed {
			t.Error(us, err)
		}
	}
}

func TestBatchRefusesEmptyIDs(t *testing.T) {
	t.Parallel()
	b := &batchServer{answer: func(u string, _ int) (int, map[string]string, string) { return 200, nil, userAnswer(u) }}
	us, err := newBatch(t, b, graph.Options{}).Users(t.Context(), []string{"", userID})
	if err != nil || !fault.Is(us[0].Err, fault.Invalid) || us[1].User.ID != userID || b.sizes[0] != 1 {
		t.Errorf("%+v, %v, %v", us, err, b.sizes)
	}
}

func TestLicensesAndGroupsInBatches(t *testing.T) {
	t.Parallel()
	next := root + "/v1.0/users/x/licenseDetails?$skiptoken=2"
	c, _ := play(t,
		exchange{want: "POST /v1.0/$batch", reply: `{"responses":[{"id":"1","status":200,"body":{"value":[{"skuId":"s1","skuPartNumber":"CPC_E_2C_8GB_128GB","servicePlans":[{"servicePlanId":"p","servicePlanName":"n","provisioningStatus":"SUCCESS"}]}],"@odata.nextLink":"` + next + `"}},
			{"id":"2","status":403,"body":` + errorBody("Forbidden", "x") + `}]}`},
		exchange{want: "GET /v1.0/users/x/licenseDetails?$skiptoken=2", reply: `{"value":[{"skuId":"s2"}]}`},
		exchange{want: "POST /v1.0/$batch", reply: `{"responses":[{"id":"1","status":200,"body":{"id":"g","displayName":"G","isAssignableToRole":true,"isManagementRestricted":true,"onPremisesSyncEnabled":true,"securityEnabled":true}}]}`})
	ls, err := c.LicenseDetailsOf(t.Context(), []string{"x", "y"})
	if err != nil || len(ls[0].Licenses) != 2 || ls[0].Licenses[0].Plans[0].Status != "Success" || !strings.Contains(fault.HintOf(ls[1].Err), "LicenseAssignment.Read.All") {
		t.Errorf("%+v, %v", ls, err)
	}
	gs, err := c.Groups(t.Context(), []string{"g"})
	if g := gs[0].Group; err != nil || !g.RoleAssignable || !g.Restricted || !g.Synced || g.Dynamic {
		t.Errorf("%+v, %v", gs, err)
	}
}
