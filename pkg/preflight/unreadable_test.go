package preflight_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/preflight"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// spoiler stands before the tenant and answers in its place where a path (method and path, query included) holds match,
// also inside a $batch. A status of 0 leaves the answer's body out of the batch.
type spoiler struct {
	next   http.RoundTripper
	match  string
	status int
	body   string
	kind   string // of the body; empty: JSON
}

// RoundTrip implements [http.RoundTripper].
func (s *spoiler) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/$batch") {
		return s.batch(r)
	}
	if !strings.Contains(r.Method+" "+r.URL.RequestURI(), s.match) {
		return s.next.RoundTrip(r)
	}
	h := http.Header{"Content-Type": {s.kindOf()}, "X-Ms-Error-Code": {"Spoiled"}}
	if s.kind == "text/html" { // no service says so of itself
		delete(h, "X-Ms-Error-Code")
	}
	return &http.Response{StatusCode: s.status, Header: h, Body: io.NopCloser(strings.NewReader(s.body)), Request: r, ContentLength: int64(len(s.body))}, nil
}

func (s *spoiler) kindOf() string {
	if s.kind == "" {
		return "application/json"
	}
	return s.kind
}

func (s *spoiler) batch(r *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	resp, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	var asked struct {
		Requests []struct{ ID, Method, URL string }
	}
	var doc struct {
		Responses []map[string]any `json:"responses"`
	}
	if err := json.Unmarshal(sent, &asked); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		return nil, err
	}
	for _, q := range asked.Requests {
		for i, a := range doc.Responses {
			if a["id"] != q.ID || !strings.Contains(q.Method+" "+q.URL, s.match) {
				continue
			}
			doc.Responses[i] = map[string]any{"id": q.ID, "status": s.status, "headers": map[string]string{"Content-Type": s.kindOf()}}
			switch {
			case s.status == 0:
				doc.Responses[i] = map[string]any{"id": q.ID, "status": 200}
			case json.Valid([]byte(s.body)):
				doc.Responses[i]["body"] = json.RawMessage(s.body)
			default:
				doc.Responses[i]["body"] = s.body
			}
		}
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(out)), int64(len(out))
	resp.Header.Set("Content-Length", strconv.Itoa(len(out)))
	return resp, nil
}

// spoiledStage is a tenant with four people, the last of them disabled, of which one answer is spoiled.
func spoiledStage(t *testing.T, s spoiler, change ...func(*scenario.Scenario)) *stage {
	t.Helper()
	sc := newScenario()
	for _, name := range []string{"anna", "bo", "cy", "dee"} {
		person(sc, name, func(u *scenario.User, _ *scenario.Blob) { u.Licenses, u.Disabled = []string{sku}, name == "dee" })
	}
	for i := range sc.Users {
		sc.Users[i].ID = userOf(i)
	}
	for _, f := range change {
		f(sc)
	}
	st := newStage(t, sc)
	own := s
	own.next = st.http.Transport
	st.http = &http.Client{Transport: &own}
	st.graph, st.blobs = clients(t, st.http, root, blobRoot)
	return st
}

func userOf(i int) string { return fmt.Sprintf("55555555-5555-4555-8555-55555555555%d", i) }

func fourRows(policyOfBo string) string {
	text := "user,blob,policy\n"
	for _, name := range []string{"anna", "bo", "cy", "dee"} {
		policy := "P"
		if name == "bo" {
			policy = policyOfBo
		}
		text += name + "@" + domain + ",disks/" + name + ".vhd," + policy + "\n"
	}
	return text
}

// One answer that is an error, or is nothing that can be read, is a finding of the row it is about; every other row is
// checked and found what it is.
func TestCheck_OneBadThing(t *testing.T) {
	t.Parallel()
	bo := userOf(1)
	html := "<html><body>502 Bad Gateway</body></html>"
	refusal := `{"error":{"code":"Odd","message":"so it is"}}`
	for name, tc := range map[string]struct {
		spoiler
		code string
		word string
	}{
		"User400":           {spoiler{match: "/users/bo@", status: 400, body: refusal}, "user.unreadable", "400"},
		"User403":           {spoiler{match: "/users/bo@", status: 403, body: refusal}, "user.unreadable", "403"},
		"User409":           {spoiler{match: "/users/bo@", status: 409, body: refusal}, "user.unreadable", "409"},
		"User412":           {spoiler{match: "/users/bo@", status: 412, body: refusal}, "user.unreadable", "412"},
		"User423":           {spoiler{match: "/users/bo@", status: 423, body: refusal}, "user.unreadable", "423"},
		"User401":           {spoiler{match: "/users/bo@", status: 401, body: refusal}, "user.unreadable", "401"},
		"UserPage403":       {spoiler{match: "/users/bo@", status: 403, body: html, kind: "text/html"}, "user.unreadable", "403"},
		"UserPage404":       {spoiler{match: "/users/bo@", status: 404, body: html, kind: "text/html"}, "user.unreadable", "404"},
		"UserHTML":          {spoiler{match: "/users/bo@", status: 200, body: html, kind: "text/html"}, "user.unreadable", "not what was requested"},
		"UserNull":          {spoiler{match: "/users/bo@", status: 200, body: "null"}, "user.unreadable", "not what was requested"},
		"UserEmpty":         {spoiler{match: "/users/bo@", status: 200, body: `{}`}, "user.unreadable", "names no user"},
		"UserArray":         {spoiler{match: "/users/bo@", status: 200, body: "[1]"}, "user.unreadable", "not what was requested"},
		"UserWrongType":     {spoiler{match: "/users/bo@", status: 200, body: `{"id":7,"accountEnabled":true}`}, "user.unreadable", "not what was requested"},
		"UserWithoutBody":   {spoiler{match: "/users/bo@"}, "user.unreadable", ""},
		"Licenses400":       {spoiler{match: "/users/" + bo + "/licenseDetails", status: 400, body: refusal}, "license.unreadable", "400"},
		"Licenses403":       {spoiler{match: "/users/" + bo + "/licenseDetails", status: 403, body: refusal}, "license.unreadable", "403"},
		"LicensesNoValue":   {spoiler{match: "/users/" + bo + "/licenseDetails", status: 200, body: `{}`}, "license.unreadable", "not what was requested"},
		"LicensesWrongType": {spoiler{match: "/users/" + bo + "/licenseDetails", status: 200, body: `{"value":[{"skuId":1}]}`}, "license.unreadable", "not what was requested"},
		"BlobPage403":       {spoiler{match: "GET /devstoreaccount1/disks/bo.vhd", status: 403, body: html, kind: "text/html"}, "blob.unreadable", "a web page"},
		"BlobPage404":       {spoiler{match: "GET /devstoreaccount1/disks/bo.vhd", status: 404, body: html, kind: "text/html"}, "blob.unreadable", "a web page"},
		"Blob400":           {spoiler{match: "/disks/bo.vhd", status: 400}, "blob.unreadable", "400"},
		"Blob409":           {spoiler{match: "GET /devstoreaccount1/disks/bo.vhd", status: 409}, "blob.unreadable", "409"},
		"Blob412":           {spoiler{match: "/disks/bo.vhd", status: 412}, "blob.unreadable", "412"},
		"Blob500":           {spoiler{match: "/disks/bo.vhd", status: 500}, "blob.unreadable", "500"},
		"Blob200":           {spoiler{match: "GET /devstoreaccount1/disks/bo.vhd", status: 200, body: html, kind: "text/html"}, "blob.unreadable", "another range"},
		"Group400":          {spoiler{match: "/groups/66666666-6666-4666-8666-666666666666?", status: 400, body: refusal}, "group.unreadable", "400"},
		"GroupNull":         {spoiler{match: "/groups/66666666-6666-4666-8666-666666666666?", status: 200, body: "null"}, "group.unreadable", "not what was requested"},
		"Members400":        {spoiler{match: "/groups/66666666-6666-4666-8666-666666666666/members", status: 400, body: refusal}, "group.unreadable", "400"},
		"MembersHTML":       {spoiler{match: "/groups/66666666-6666-4666-8666-666666666666/members", status: 200, body: html}, "group.unreadable", "not what was requested"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := spoiledStage(t, tc.spoiler, func(sc *scenario.Scenario) {
				sc.Groups = append(sc.Groups, scenario.Group{Name: "grp-q", ID: "66666666-6666-4666-8666-666666666666"})
				sc.Policies = append(sc.Policies, scenario.Policy{Name: "Q", Groups: []string{"grp-q"}})
			})
			res := st.check(fourRows("Q"))
			var bad []wave.Finding
			for _, f := range res.Findings {
				if f.Line == 3 && f.Severity == wave.Error {
					bad = append(bad, f)
				}
			}
			if len(bad) != 1 || bad[0].Code != tc.code || !strings.Contains(bad[0].Message, tc.word) || bad[0].Hint == "" {
				t.Errorf("line 3: %+v", bad)
			}
			if got := fmt.Sprint(res.Bad); got != "[false true false true]" {
				t.Errorf("bad rows %s; findings %q", got, brief(res.Findings))
			}
			if res.Whole() || res.Denied() {
				t.Errorf("the wave as a whole is at fault: %q", brief(res.Findings))
			}
		})
	}
}

// A policy whose assignments are nothing that can be read spoils the rows that name it.
func TestCheck_OneBadPolicy(t *testing.T) {
	t.Parallel()
	for name, assignments := range map[string]string{"Text": `"all"`, "Object": `{}`, "Numbers": `[1,2]`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const group = "77777777-7777-4777-8777-777777777777"
			body := `{"value":[{"id":"p","displayName":"P","assignments":[null,{"target":{"groupId":"` + group + `"}}]},null,
				{"id":"q","displayName":"Q","provisioningType":"dedicated","assignments":` + assignments + `}]}`
			st := spoiledStage(t, spoiler{match: "/provisioningPolicies", status: 200, body: body},
				func(sc *scenario.Scenario) { sc.Groups[0].ID = group })
			res := st.check(fourRows("Q"))
			if got := strings.Join(brief(res.Findings), ", "); !strings.Contains(got, "3 policy.unreadable") || fmt.Sprint(res.Bad) != "[false true false true]" {
				t.Errorf("found %s; bad %v", got, res.Bad)
			}
		})
	}
}

// A list of the tenant that cannot be read is said; all else is checked.
func TestCheck_OneBadList(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"/galleryImages", "/userSettings", "/cloudPCs", "/subscribedSkus", "/organization", "/servicePlans"} {
		for name, s := range map[string]spoiler{
			"500": {match: list, status: 500, body: "{}"}, "page": {match: list, status: 403, body: "<html>Blocked</html>", kind: "text/html"},
		} {
			t.Run(list[1:]+name, func(t *testing.T) {
				t.Parallel()
				res := spoiledStage(t, s).check(fourRows("P"))
				got := strings.Join(brief(res.Findings), ", ")
				if !strings.Contains(got, "0 cloud.unreadable") || !strings.Contains(got, "5 user.disabled") || strings.Contains(got, "permission.missing") || !res.Whole() || !res.Denied() {
					t.Errorf("found %s", got)
				}
			})
		}
	}
}

// An answer that is no listing says nothing of the blobs: it is told once, and they are asked about one by one.
func TestCheck_UnreadableListing(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"Empty": "", "Other": `<EnumerationResults/>`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := spoiledStage(t, spoiler{match: "comp=list", status: 200, body: body, kind: "application/xml"}).check(fourRows("P"))
			if got := strings.Join(brief(res.Findings), ", "); strings.Count(got, "blob.") != 1 || !strings.Contains(got, "0 blob.unreadable") || fmt.Sprint(res.Bad) != "[false false false true]" {
				t.Errorf("found %s; bad %v", got, res.Bad)
			}
		})
	}
}

// When all fail alike it is one thing, and the check ends with it.
func TestCheck_AllBadAlike(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoiler
		word string
	}{
		"Users":   {spoiler{match: "/users/", status: 400, body: `{"error":{"code":"Odd","message":"so it is"}}`}, "all 4 users"},
		"Blobs":   {spoiler{match: "/disks/", status: 409}, "all 4 disks"},
		"Nothing": {spoiler{match: "/disks", status: 200}, "all 4 disks"},
		"Tenant":  {spoiler{match: "/", status: 500, body: "{}"}, "all 8 lists of the tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := spoiledStage(t, tc.spoiler)
			file, findings := reading.Read("stage", []byte(fourRows("P")), wave.Options{})
			_, err := checkRows(t.Context(), st.graph, st.blobs, preflight.Input{File: file, Findings: findings, BlobRoot: blobRoot, Cloud: "sandbox", Slots: 20, Now: st.now})
			if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), tc.word) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// The first twenty decide: the others are not asked about.
func TestCheck_FirstTwentyBad(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	text := "user,blob,policy,license\n"
	for i := range 60 {
		name := fmt.Sprintf("p%02d", i)
		person(sc, name)
		text += fmt.Sprintf("%s@%s,disks/%s.vhd,P,%s\n", name, domain, name, sku)
	}
	st := newStage(t, sc)
	st.http = &http.Client{Transport: &spoiler{next: st.http.Transport, match: "/disks/", status: 409}}
	st.graph, st.blobs = clients(t, st.http, root, blobRoot)
	file, findings := reading.Read("stage", []byte(text), wave.Options{})
	_, err := checkRows(t.Context(), st.graph, st.blobs, preflight.Input{File: file, Findings: findings, BlobRoot: blobRoot, Cloud: "sandbox", Slots: 20, Now: st.now})
	if err == nil || !strings.Contains(err.Error(), "the first 20 of 60 disks") {
		t.Errorf("error %v", err)
	}
}

// nowhere is a transport without a way to one host.
type nowhere struct {
	next http.RoundTripper
	host string
}

// RoundTrip implements [http.RoundTripper].
func (n nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() == n.host {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: n.host, IsNotFound: true}}
	}
	return n.next.RoundTrip(r)
}

// A SAS URL to a host that does not exist is that row's; a storage account of our own that does not is said once.
func TestCheck_UnknownHost(t *testing.T) {
	t.Parallel()
	st := spoiledStage(t, spoiler{match: "nothing is called so"})
	st.http = &http.Client{Transport: nowhere{st.http.Transport, "waveaccount.blob.core.windows.net"}}
	st.graph, st.blobs = clients(t, st.http, root, blobRoot)
	text := strings.Replace(fourRows("P"), "disks/bo.vhd", elsewhere("https", "bo"), 1)
	res := st.check(text, func(in *preflight.Input) { in.Cloud = "global" })
	var said string
	for _, f := range res.Findings {
		if f.Line == 3 && f.Code == "blob.unreadable" {
			said = f.Message
		}
	}
	if !strings.Contains(said, "cannot reach waveaccount.blob.core.windows.net: no such host") || fmt.Sprint(res.Bad) != "[false true false true]" {
		t.Errorf("%q, bad %v, found %q", said, res.Bad, brief(res.Findings))
	}
}
