package graphapi_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/sandbox/graphapi"
	"wave365/pkg/sandbox/scenario"
)

func TestErrorShape(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	a := b.want(404, "GET", "/v1.0/users/nobody", nil, "client-request-id", "my-id")
	if a.str("error", "code") != "Request_ResourceNotFound" || a.str("error", "innerError", "client-request-id") != "my-id" {
		t.Errorf("body: %s", a.raw)
	}
	if id := a.head.Get("request-id"); id == "" || id != a.str("error", "innerError", "request-id") || id != b.trace.RequestID {
		t.Errorf("request-id: header %q, body %s, trace %q", id, a.raw, b.trace.RequestID)
	}
	if a.head.Get("client-request-id") != "my-id" {
		t.Error("client-request-id is not echoed")
	}
}

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	for _, c := range [][2]string{{"GET", ve + "nothing"}, {"PUT", "/v1.0/users/x"}, {"POST", ve + "bulkActions"}, {"GET", "/beta"}, {"POST", ve + "provisioningPolicies/x/apply"}} {
		a := b.want(501, c[0], c[1], nil)
		if m := a.str("error", "message"); !strings.Contains(m, c[0]) || !strings.Contains(m, c[1]) {
			t.Errorf("%v: message %q", c, m)
		}
		if b.trace.Outcome != "unknown" {
			t.Errorf("%v: outcome %q", c, b.trace.Outcome)
		}
	}
	b.want(400, "GET", "/v9/users", nil)
}

func TestNoToken(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	for _, token := range []string{"", "Basic x", "Bearer "} {
		if a := b.want(401, "GET", "/v1.0/users", nil, "Authorization", token); a.str("error", "code") != "InvalidAuthenticationToken" {
			t.Errorf("%q: %s", token, a.raw)
		}
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	body := `{"assignedUserId":"x"}`
	for _, c := range []struct {
		name, method, path, body string
		held                     []string
		strict                   bool
		want                     int
	}{
		{name: "default", method: "GET", path: ve + "cloudPCs", want: 200},
		{name: "default is no user writer", method: "DELETE", path: "/v1.0/groups/" + groupID + "/members/x", want: 403},
		{name: "cloud pc read", method: "GET", path: ve + "cloudPCs", held: []string{"User.Read.All"}, want: 403},
		{name: "import with read", method: "POST", path: ve + "snapshots/importSnapshot", body: body, held: []string{"CloudPC.Read.All"}, want: 400},
		{name: "import with read, strict", method: "POST", path: ve + "snapshots/importSnapshot", body: body, held: []string{"CloudPC.Read.All"}, strict: true, want: 403},
		{name: "setting with read", method: "POST", path: ve + "userSettings", body: "{}", held: []string{"CloudPC.Read.All"}, want: 403},
		{name: "license details", method: "GET", path: "/v1.0/users/ada@contoso.example/licenseDetails", held: []string{"LicenseAssignment.Read.All"}, want: 200},
		{name: "skus with user read", method: "GET", path: "/v1.0/subscribedSkus", held: []string{"User.Read.All"}, want: 403},
		{name: "assign license with read", method: "POST", path: "/v1.0/users/x/assignLicense", body: "{}", held: []string{"LicenseAssignment.Read.All"}, want: 403},
		{name: "basic user", method: "GET", path: "/v1.0/users/ada@contoso.example", held: []string{"User.ReadBasic.All"}, want: 200},
		{name: "basic user, more", method: "GET", path: "/v1.0/users/ada@contoso.example?$select=accountEnabled", held: []string{"User.ReadBasic.All"}, want: 403},
		{name: "member write with read", method: "POST", path: "/v1.0/groups/" + groupID + "/members/$ref", body: "{}", held: []string{"GroupMember.Read.All"}, want: 403},
		{name: "mail", method: "POST", path: "/v1.0/users/x/sendMail", body: "{}", held: []string{"User.Read.All"}, want: 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := friday()
			s.Permissions, s.Knobs.StrictPermissions = c.held, c.strict
			b := setup(t, s)
			var in any
			if c.body != "" {
				in = c.body
			}
			b.want(c.want, c.method, c.path, in)
		})
	}
}

func TestMembersWithoutUserRead(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Groups[0].Members = []string{"ada"}
	s.Permissions = []string{"GroupMember.ReadBasic.All"}
	b := setup(t, s)
	m := b.want(200, "GET", "/v1.0/groups/"+groupID+"/members", nil).list()[0]
	if m["id"] == nil || m["userPrincipalName"] != nil || m["@odata.type"] != "#microsoft.graph.user" {
		t.Errorf("got %v", m)
	}
}

func TestThrottling(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Knobs.RequestsPer20s, s.Knobs.WritesPer20s = 3, 1
	b := setup(t, s)
	b.want(201, "POST", ve+"userSettings", `{"displayName":"a"}`)
	a := b.want(429, "POST", ve+"userSettings", `{"displayName":"b"}`)
	if a.head.Get("Retry-After") != "20" || a.str("error", "code") != "TooManyRequests" || a.str("error", "innerError", "code") != "429" {
		t.Errorf("429: %v %s", a.head, a.raw)
	}
	if n := len(b.want(200, "GET", ve+"userSettings", nil).list()); n != 1 {
		t.Errorf("%d settings: a throttled write had its effect", n)
	}
	b.want(200, "GET", ve+"userSettings", nil)
	b.want(429, "GET", ve+"userSettings", nil)
	b.want(200, "GET", "/v1.0/users", nil)
	b.advance(20 * time.Second)
	b.want(200, "GET", ve+"userSettings", nil)
}

func TestThrottlingWithoutRetryAfter(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Knobs.RequestsPer20s, s.Knobs.NoRetryAfter = 1, true
	b := setup(t, s)
	b.want(200, "GET", ve+"cloudPCs", nil)
	if a := b.want(429, "GET", ve+"cloudPCs", nil); a.head.Get("Retry-After") != "" {
		t.Error("Retry-After is there")
	}
}

func TestDirectoryUnits(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	for path, want := range map[string]string{
		"/v1.0/users": "2", "/v1.0/users?$select=id": "1", "/v1.0/users?$select=id&$top=5": "1", "/v1.0/subscribedSkus": "3",
	} {
		if got := b.want(200, "GET", path, nil).head.Get("x-ms-resource-unit"); got != want {
			t.Errorf("%s: %s units, want %s", path, got, want)
		}
	}
	var a answer
	for range 1200 {
		if a = b.call("GET", "/v1.0/subscribedSkus", nil); a.code != 200 {
			break
		}
	}
	if a.code != 429 || a.head.Get("x-ms-throttle-information") != "ResourceUnitLimitExceeded" || a.head.Get("x-ms-throttle-limit-percentage") == "" {
		t.Errorf("never throttled: %d %v", a.code, a.head)
	}
}

func TestOtherSpellings(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	id := b.userID("ada")
	for _, path := range []string{
		"/V1.0/Users/" + id, "/v1.0/users/ADA@contoso.example", "/v1.0/users('" + id + "')", "/v1.0/users('ada%40contoso.example')",
		"/v1.0/users/ada%40contoso.example/", "/beta/devicemanagement/VIRTUALENDPOINT/cloudpcs",
		ve + "servicePlans()", "/v1.0/groups/" + groupID + "/members/microsoft.graph.user", "/v1.0/groups/" + groupID + "/members/graph.user",
	} {
		b.want(200, "GET", path, nil)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte(`{"displayName":"zipped"}`))
	_ = w.Close()
	b.want(201, "POST", ve+"userSettings", z.Bytes(), "Content-Encoding", "gzip")
	b.want(202, "POST", "/v1.0/users/"+id+"/microsoft.graph.sendMail", `{"Message":{"Subject":"Hi","Body":{"ContentType":"HTML","Content":"x"},"ToRecipients":[{"EmailAddress":{"Address":"a@b"}}]},"SaveToSentItems":false}`)
	b.want(202, "POST", "/v1.0/users/"+id+"/sendMail", `{"message":{"subject":"Hi","body":{"contentType":"Text","content":"x"},"toRecipients":[{"emailAddress":{"address":"a@b"}}]}}`)
	if m := b.tenant.State().Mails; len(m) != 2 || m[0].Subject != "Hi" || m[0].To[0] != "a@b" || m[0].ContentType != "html" {
		t.Errorf("mails: %+v", m)
	}
	im := b.startImport("ada", "ada")
	b.want(200, "GET", ve+"snapshots/microsoft.graph.retrieveSnapshotImportResult(snapshotId=%27"+im+"%27)", nil)
	b.want(415, "POST", ve+"userSettings", "a=b", "Content-Type", "application/x-www-form-urlencoded")
	b.want(400, "POST", ve+"userSettings", "{")
	b.want(400, "POST", ve+"userSettings", `{"displayName":"x","colour":"red"}`)
	b.want(400, "POST", ve+"userSettings", `{"displayName":"x","provisioningSourceType":"tape"}`)
}

func TestPaging(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Users = nil
	for i := range 120 {
		s.Users = append(s.Users, scenario.User{UPN: fmt.Sprintf("u%03d", i), Department: fmt.Sprint(i % 2)})
	}
	b := setup(t, s)
	for name, c := range map[string]struct {
		query string
		pages []int
	}{
		"default":     {"", []int{50, 50, 20}},
		"top":         {"?$top=100", []int{100, 20}},
		"exact":       {"?$top=60", []int{60, 60}},
		"filter":      {"?$filter=department eq '1'&$top=25", []int{25, 25, 10}},
		"count":       {"?$count=true", []int{50, 50, 20}},
		"one by name": {"?$filter=userPrincipalName eq 'U007@contoso.example'", []int{1}},
		"nobody":      {"?$filter=userPrincipalName eq 'x'", []int{0}},
		"either":      {"?$filter=displayName eq 'u001' or displayName eq 'u119'", []int{2}},
	} {
		t.Run(name, func(t *testing.T) {
			path, seen := "/beta/users"+c.query, map[string]bool{}
			var pages []int
			for path != "" {
				a := b.want(200, "GET", path, nil)
				pages = append(pages, len(a.list()))
				for _, u := range a.list() {
					if id := u["id"].(string); seen[id] {
						t.Fatalf("%s twice", id)
					} else {
						seen[id] = true
					}
				}
				if strings.Contains(c.query, "$count") && a.m["@odata.count"] != 120.0 {
					t.Errorf("count: %v", a.m["@odata.count"])
				}
				path = strings.TrimPrefix(a.str("@odata.nextLink"), "http://example.com")
			}
			if diff := cmp.Diff(c.pages, pages); diff != "" {
				t.Error(diff)
			}
		})
	}
	b.want(400, "GET", "/v1.0/users?$skiptoken=nonsense", nil)
	for _, query := range []string{"$filter=displayName eq", "$filter=startswith(displayName,'u')", "$search=\"displayName:u\"", "$orderby=displayName", "$skip=1"} {
		if b.want(501, "GET", "/v1.0/users?"+query, nil); b.trace.Outcome != "unknown" {
			t.Errorf("%s: outcome %q", query, b.trace.Outcome)
		}
	}
}

// TestPageSize: the knob is the size of a page nobody chose; whoever chooses gets at most 999.
func TestPageSize(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Users = nil
	for i := range 1010 {
		s.Users = append(s.Users, scenario.User{UPN: fmt.Sprintf("u%04d", i)})
	}
	for knob, c := range map[int]struct{ bare, top7, top5000 int }{0: {50, 7, 999}, 3: {3, 7, 999}, 2000: {1010, 7, 999}} {
		s.Knobs.PageSize = knob
		b := setup(t, s)
		for query, want := range map[string]int{"": c.bare, "?$top=7": c.top7, "?$top=5000": c.top5000} {
			a := b.want(200, "GET", "/v1.0/users"+query, nil)
			if n := len(a.list()); n != want || (a.str("@odata.nextLink") == "") != (want == 1010) {
				t.Errorf("page_size %d, %q: %d users, next %q", knob, query, n, a.str("@odata.nextLink"))
			}
		}
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	a := b.want(200, "GET", "/v1.0/users/ada@contoso.example", nil)
	if _, has := a.m["accountEnabled"]; has {
		t.Error("v1.0 tells accountEnabled unasked")
	}
	a = b.want(200, "GET", "/v1.0/users/ada@contoso.example?$select=id,accountEnabled", nil)
	if len(a.m) != 3 || a.m["accountEnabled"] != true || a.str("@odata.context") != "http://example.com/v1.0/$metadata#users/$entity" {
		t.Errorf("selected: %s", a.raw)
	}
	if p := b.want(200, "GET", ve+"provisioningPolicies", nil).list()[0]; p["assignments"] != nil {
		t.Error("assignments came unasked")
	}
	p := b.want(200, "GET", ve+"provisioningPolicies/"+policyID+"?$expand=assignments", nil)
	as, _ := p.m["assignments"].([]any)
	if len(as) != 1 || as[0].(map[string]any)["id"] != policyID+"_"+groupID {
		t.Errorf("assignments: %v", as)
	}
}

func TestV1(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Users[0].Licenses, s.CloudPCs = []string{"CPC_E_2C_8GB_128GB"}, []scenario.CloudPC{{User: "ada", Policy: "Finance"}}
	b := setup(t, s)
	const v1 = "/v1.0/deviceManagement/virtualEndpoint/"
	if pc := b.want(200, "GET", v1+"cloudPCs", nil).list()[0]; pc["status"] != nil || pc["userPrincipalName"] == nil {
		t.Errorf("v1.0 Cloud PC: %v", pc)
	}
	for _, path := range []string{"snapshots/listSnapshotImportResults"} {
		if a := b.want(404, "GET", v1+path, nil); !strings.Contains(a.str("error", "message"), "segment") {
			t.Errorf("%s: %s", path, a.raw)
		}
	}
}

// Members after the sentinel show as unknownFutureValue to those who do not ask for them.
func TestTrapT13EnumCollapse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prefer, keep bool
		status       string
		region       string
	}{
		"asked": {true, false, "preparing", "switzerland"}, "not asked": {false, false, "unknownFutureValue", "unknownFutureValue"},
		"knob": {false, true, "preparing", "switzerland"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := friday()
			s.Knobs.KeepUnknownEnums = c.keep
			b := setup(t, s)
			b.license("ada")
			b.join("ada")
			b.advance(45 * time.Second)
			b.prefer = c.prefer
			if got := b.pcs("")[0]["status"]; got != c.status {
				t.Errorf("status %v", got)
			}
			p := b.want(200, "GET", ve+"provisioningPolicies/"+policyID, nil)
			join := p.m["domainJoinConfigurations"].([]any)[0].(map[string]any)
			if join["regionGroup"] != c.region {
				t.Errorf("region group %v", join["regionGroup"])
			}
		})
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	ada, bob := b.userID("ada"), b.userID("bob")
	ref := func(ids ...string) map[string]any {
		var out []string
		for _, id := range ids {
			out = append(out, "http://example.com/v1.0/directoryObjects/"+id)
		}
		return map[string]any{"members@odata.bind": out}
	}
	b.want(204, "PATCH", "/v1.0/groups/"+groupID, ref(ada))
	a := b.want(400, "PATCH", "/v1.0/groups/"+groupID, ref(bob, ada))
	if !strings.Contains(a.str("error", "message"), "already exist") || a.str("error", "code") != "Request_BadRequest" {
		t.Errorf("duplicate: %s", a.raw)
	}
	if n := len(b.want(200, "GET", "/v1.0/groups/"+groupID+"/members", nil).list()); n != 1 {
		t.Errorf("%d members: half of a refused call was done", n)
	}
	b.want(400, "PATCH", "/v1.0/groups/"+groupID, ref(make([]string, 21)...))
	b.want(404, "POST", "/v1.0/groups/"+groupID+"/members/$ref", `{"@odata.id":"x/00000000-0000-0000-0000-000000000000"}`)
	if n := len(b.want(200, "GET", "/v1.0/groups/"+groupID+"/members?$filter=id eq '"+ada+"'", nil).list()); n != 1 {
		t.Errorf("filtered to ada: %d", n)
	}
	b.want(204, "DELETE", "/v1.0/groups/"+groupID+"/members/"+ada+"/$ref", nil)
	if b.trace.Effect != "group member removed" || b.trace.User != ada {
		t.Errorf("trace: %+v", b.trace)
	}
	b.want(404, "DELETE", "/v1.0/groups/"+groupID+"/members/"+ada+"/$ref", nil)
	dyn := b.want(200, "GET", "/v1.0/groups?$filter=displayName eq 'Dyn'", nil).list()[0]
	b.want(400, "POST", "/v1.0/groups/"+dyn["id"].(string)+"/members/$ref", map[string]string{"@odata.id": "x/" + ada})
	g := b.want(201, "POST", "/v1.0/groups", `{"displayName":"New","mailEnabled":false,"mailNickname":"new","securityEnabled":true}`)
	b.want(200, "GET", "/v1.0/groups/"+g.str("id"), nil)
}

// Without /$ref the person goes, not the membership.
func TestTrapT24DeleteWithoutRef(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Permissions = []string{"User.ReadWrite.All", "GroupMember.ReadWrite.All"}
	s.Groups[0].Members = []string{"ada"}
	b := setup(t, s)
	ada := b.userID("ada")
	b.want(204, "DELETE", "/v1.0/groups/"+groupID+"/members/"+ada, nil)
	b.want(404, "GET", "/v1.0/users/"+ada, nil)
	if b.trace.Effect != "" {
		t.Errorf("a read has an effect: %+v", b.trace)
	}
}

func TestAuditAndPermissionsProbes(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	id := b.want(201, "POST", ve+"userSettings", `{"displayName":"a"}`, "client-request-id", "op-1").str("id")
	b.want(400, "PATCH", ve+"userSettings/"+id, `{"provisioningSourceType":"image"}`, "client-request-id", "op-2")
	es := b.want(200, "GET", ve+"auditEvents", nil).list()
	if len(es) != 2 || es[0]["correlationId"] != "op-1" || es[0]["activityOperationType"] != "create" || es[1]["activityResult"] != "clientError" {
		t.Errorf("audit: %v", es)
	}
	one := b.want(200, "GET", ve+"auditEvents?$filter=correlationId eq 'op-2'", nil).list()
	if len(one) != 1 {
		t.Errorf("by correlation: %v", one)
	}
	if org := b.want(200, "GET", "/v1.0/organization", nil).list(); len(org) != 1 || org[0]["id"] != "11111111-2222-3333-4444-555555555555" {
		t.Errorf("organization: %v", org)
	}
}

// Inner requests go through the outer handler, so that faults reach them; a broken one is a 504 inside.
func TestBatchThroughSelf(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	var seen []string
	var h http.Handler
	self := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.URL.Path)
		h.ServeHTTP(w, r)
	})
	h = graphapi.New(graphapi.Config{Tenant: b.tenant, Now: b.clock, Self: func() http.Handler { return self }})
	b.h = self
	a := b.want(200, "POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET","url":"/users"},{"id":"2","method":"GET","url":"/groups"}]}`)
	if diff := cmp.Diff([]string{"POST /v1.0/$batch", "GET /v1.0/users", "GET /v1.0/groups"}, seen); diff != "" {
		t.Error(diff)
	}
	if rs := a.m["responses"].([]any); rs[1].(map[string]any)["status"] != 200.0 {
		t.Errorf("responses: %s", a.raw)
	}
}

func TestDefaultsOfConfig(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	h := graphapi.New(graphapi.Config{Tenant: b.tenant})
	r := httptest.NewRequest(http.MethodGet, "/v1.0/users?$top=1", nil)
	r.Header.Set("Authorization", "Bearer x")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"@odata.nextLink":"http://example.com/v1.0/users?$skiptoken=`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
