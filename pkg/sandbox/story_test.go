package sandbox_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/generate"
)

// told is one request of a story: when it was sent, and all that came back.
type told struct {
	after                    time.Duration
	method, path, body, came string
}

// teller sends requests to a sandbox in memory and writes down what comes back, headers and all.
type teller struct {
	t     *testing.T
	http  *http.Client
	began time.Time
	story []told
}

func (s *teller) send(method, path, body string) string {
	s.t.Helper()
	req, err := http.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.HasPrefix(path, "/"+sandbox.Account) {
		req.Header.Set("Authorization", "Bearer x")
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Prefer", "include-unknown-enum-members")
		req.Header.Set("client-request-id", fmt.Sprint("request-", len(s.story)))
	}
	at := told{after: time.Since(s.began), method: method, path: path, body: body}
	resp, err := s.http.Do(req)
	var text []byte
	if err == nil {
		text, err = io.ReadAll(resp.Body)
	}
	if err != nil {
		at.came = "error: " + err.Error()
	} else {
		var b strings.Builder
		fmt.Fprintln(&b, resp.Status)
		for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
			fmt.Fprintln(&b, name, resp.Header[name])
		}
		at.came = b.String() + string(text)
	}
	s.story = append(s.story, at)
	return string(text)
}

// tell plays a script on a fresh sandbox, at the same moment of virtual time each time.
func tell(t *testing.T, scenario []byte, seed int64, script func(*teller)) (story []told, state string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sc, err := sandbox.ParseScenario("story.yaml", scenario)
		if err != nil {
			t.Fatal(err)
		}
		s := start(t, sandbox.Config{Scenario: sc, Seed: seed})
		told := &teller{t: t, http: &http.Client{Transport: s.Transport()}, began: time.Now()}
		script(told)
		story = told.story
		told.send("GET", "/sandbox/state", "")
		state = told.send("GET", "/sandbox/requests", "")
	})
	return story, state
}

// TestSameScenarioSeedAndRequestsSameStory plays an evening with faults, plays its request log again on another sandbox, and
// wants every answer to be the same to the byte: ids, times and headers, what was dropped and what was reset.
func TestSameScenarioSeedAndRequestsSameStory(t *testing.T) {
	t.Parallel()
	wave, scenario, err := generate.Wave(12, 7, false)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(wave)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[1:]
	scenario = append(scenario, `
knobs: {daily_imports: 9, page_size: 5}
faults:
  - {match: importSnapshot, kind: drop-reply, rate: 0.2}
  - {match: users, kind: status, status: 503, rate: 0.1}
  - {match: cloudPCs, kind: malformed, rate: 0.2}
  - {match: members, kind: reset, rate: 0.1}
  - {match: licenseDetails, kind: delay, delay: 90s, rate: 0.3}
  - {match: subscribedSkus, kind: retry-after, count: 1}
  - {match: HEAD, kind: status, status: 503, count: 1}
`...)
	evening := func(s *teller) {
		ids := func(path, name string) (out []string) {
			for part := range strings.SplitSeq(s.send("GET", path, ""), `"`+name+`":"`) {
				if id, _, ok := strings.Cut(part, `"`); ok && len(id) == 36 {
					out = append(out, id)
				}
			}
			return out
		}
		var skus, groups, users []string
		for len(skus) == 0 || len(groups) == 0 {
			skus, groups = ids("/v1.0/subscribedSkus", "skuId"), ids("/v1.0/groups?$select=id", "id")
		}
		s.send("POST", virtualEndpoint+"/userSettings", `{"displayName":"a wave","provisioningSourceType":"snapshot"}`)
		s.send("GET", virtualEndpoint+"/galleryImages", "")
		for i, row := range rows {
			var user []string
			for len(user) == 0 {
				user = ids("/v1.0/users/"+row[0]+"?$select=id", "id")
			}
			users = append(users, user[0])
			s.send("POST", "/v1.0/groups/"+groups[i%len(groups)]+"/members/$ref", `{"@odata.id":"http://127.0.0.1/v1.0/directoryObjects/`+user[0]+`"}`)
			time.Sleep(7 * time.Second)
			signed := sign(s.t, "http://127.0.0.1", row[1], time.Now())
			s.send("HEAD", strings.TrimPrefix(signed, "http://127.0.0.1"), "")
			s.send("POST", virtualEndpoint+"/snapshots/importSnapshot", `{"assignedUserId":"`+user[0]+`","sourceFiles":[{"sourceType":"sasUrl","sasUrl":"`+signed+`"}]}`)
			s.send("GET", "/v1.0/users/"+user[0]+"/licenseDetails", "")
		}
		for range 6 {
			time.Sleep(20 * time.Minute)
			for i, user := range users {
				s.send("POST", "/v1.0/users/"+user+"/assignLicense", `{"addLicenses":[{"skuId":"`+skus[i%len(skus)]+`"}],"removeLicenses":[]}`)
			}
			s.send("GET", virtualEndpoint+"/cloudPCs", "")
			s.send("GET", virtualEndpoint+"/auditEvents?$top=100", "")
			s.send("POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET","url":"/users/`+users[0]+`"},{"id":"2","method":"GET","url":"/groups"}]}`)
		}
	}
	first, state := tell(t, scenario, 0, evening)
	if len(first) < 60 {
		t.Fatalf("a story of %d requests says little", len(first))
	}
	again := func(s *teller) {
		for _, r := range first {
			time.Sleep(r.after - time.Since(s.began))
			s.send(r.method, r.path, r.body)
		}
	}
	second, state2 := tell(t, scenario, 0, again)
	for i := range min(len(first), len(second)) {
		if first[i] != second[i] {
			t.Fatalf("request %d, %s %s, was answered\n%s\nand then\n%s", i, first[i].method, first[i].path, first[i].came, second[i].came)
		}
	}
	if diff := cmp.Diff(state, state2); diff != "" || len(first) != len(second) {
		t.Errorf("the request logs differ: %s", diff)
	}
	if third, _ := tell(t, scenario, 99, again); cmp.Equal(first, third, cmp.AllowUnexported(told{})) {
		t.Error("another seed tells the same story")
	}
	for _, want := range []string{"error: ", "was told to answer so", "<html>", "X-Ms-Request-Id", `"code":"TooManyRequests"`, `"importStatus":`, `"provisioned"`} {
		if !slices.ContainsFunc(first, func(r told) bool { return strings.Contains(r.came, want) }) {
			t.Errorf("%s is nowhere in the story, so nothing was shown about it", want)
		}
	}
}
