package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"wave365/pkg/sandbox"
)

// withEvents is the story with what others do in it.
func withEvents(events string) string { return story + "events:\n" + events }

// What others do in the story happens at its time: not before, and once.
func TestOthersActInTheStory(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Config{Scenario: load(t, withEvents(`
  - {at: 10m, do: rename, user: anna, what: anna.meier}
  - {at: 20m, do: give-license, user: anna, what: CPC_E_2C_8GB_128GB}
  - {at: 30m, do: join, user: anna, what: pilots}
  - {at: 10m, do: give-import, user: ben}
  - {at: 20m, do: purge-import, user: ben}
  - {at: 30m, do: give-cloud-pc, user: ben, what: Pilot}
  - {at: 40m, do: take-license, user: cleo, what: CPC_E_2C_8GB_128GB}
  - {at: 40m, do: disable, user: cleo}
`))})
	c := inMemory(t, s)
	anna := c.user("anna")
	c.advance("9m")
	c.do(200, "GET", "/v1.0/users/anna@contoso.example", "")
	c.advance("2m")
	c.do(404, "GET", "/v1.0/users/anna@contoso.example", "")
	if got := c.user("anna.meier"); got != anna {
		t.Errorf("renamed, her id is %s, was %s", got, anna)
	}
	// A second import is refused: somebody else has one for him.
	c.do(400, "POST", virtualEndpoint+"/snapshots/importSnapshot", c.importBody(c.user("ben"), "disks/ben.vhd", c.clock()))
	c.advance("10m")
	if got := c.do(200, "GET", "/v1.0/users/"+anna+"/licenseDetails", "").body; !strings.Contains(got, "CPC_E_2C_8GB_128GB") {
		t.Errorf("licenses: %s", got)
	}
	if got := c.do(200, "GET", virtualEndpoint+"/auditEvents", "").body; strings.Count(got, `"activity":"purgeImportedSnapshot"`) != 1 ||
		!strings.Contains(got, `"userPrincipalName":"admin@contoso.example"`) {
		t.Errorf("audit log: %s", got)
	}
	c.advance("15m")
	pcs := read[list](t, c.do(200, "GET", virtualEndpoint+"/cloudPCs?$filter=userPrincipalName%20eq%20'ben@contoso.example'", "")).Value
	if len(pcs) != 1 || pcs[0].Status != "provisioned" {
		t.Errorf("ben's Cloud PC: %+v", pcs)
	}
	c.advance("10m")
	if got := c.do(200, "GET", "/v1.0/users/cleo@contoso.example?$select=accountEnabled,assignedLicenses", "").body; !strings.Contains(got, `"accountEnabled":false`) ||
		!strings.Contains(got, `"assignedLicenses":[]`) {
		t.Errorf("cleo: %s", got)
	}
}

// The same sent to a sandbox that runs, and still so after a restart.
func TestOthersActNow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sc := load(t, story)
	s, err := sandbox.New(sandbox.Config{Scenario: sc, StateDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	c := inMemory(t, s)
	c.do(204, "POST", "/sandbox/events", `[{"do":"give-cloud-pc","user":"ben"},{"at":"1h","do":"rename","user":"ben","what":"benno"}]`)
	if got := read[list](t, c.do(200, "GET", virtualEndpoint+"/cloudPCs", "")).Value; len(got) != 1 {
		t.Errorf("Cloud PCs: %+v", got)
	}
	for body, want := range map[string]string{`{"do":"explode","user":"ben"}`: "expected one of rename", `{"do":"disable","user":"zoe"}`: "zoe",
		`{"do":"join","user":"ben"}`: "what join is about", `{"do":"join","user":"ben","what":"nobodies"}`: "nobodies"} {
		if got := c.do(400, "POST", "/sandbox/events", body); !strings.Contains(got.body, want) {
			t.Errorf("%s: %s", body, got.body)
		}
	}
	c.advance("2h")
	cloudPCs := func(c client) string {
		_, value, _ := strings.Cut(c.do(200, "GET", virtualEndpoint+"/cloudPCs", "").body, `"value":`)
		return value
	}
	before := cloudPCs(c)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := inMemory(t, start(t, sandbox.Config{Scenario: sc, StateDir: dir}))
	again.user("benno")
	if after := cloudPCs(again); after != before {
		t.Errorf("before the restart\n%s\nafter it\n%s", before, after)
	}
}

// Fault rules with headers and a body of their own, for Graph and for blobs.
func TestFaultsWithAnAnswerOfTheirOwn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c client) {
		c.fault(`[{"match":"userSettings","kind":"status","status":401,"count":1,"headers":{"WWW-Authenticate":"Bearer error=\"insufficient_claims\", claims=\"e30=\""},` +
			`"body":"{\"error\":{\"code\":\"InvalidAuthenticationToken\"}}"},{"service":"blob","kind":"retry-after","status":503,"headers":{"Retry-After":"1.5"},"count":1}]`)
		got := c.do(401, "GET", virtualEndpoint+"/userSettings", "")
		if !strings.Contains(got.header.Get("WWW-Authenticate"), `claims="e30="`) || got.body != `{"error":{"code":"InvalidAuthenticationToken"}}` {
			t.Errorf("a claims challenge: %v %s", got.header, got.body)
		}
		c.do(200, "GET", virtualEndpoint+"/userSettings", "")
		signed := strings.TrimPrefix(sign(t, c.root, "disks/anna.vhd", c.clock()), c.root)
		if got := c.do(503, "HEAD", signed, ""); got.header.Get("Retry-After") != "1.5" {
			t.Errorf("a fractional Retry-After: %v", got.header)
		}
		c.do(200, "HEAD", signed, "")
	})
}

// A list whose next link leads back to itself, and one that leads away.
func TestNextLinksLeadAstray(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, c client) {
		c.fault(`[{"match":"/users","kind":"next-link","count":1},{"match":"/groups","kind":"next-link","link":"https://elsewhere.example/x"}]`)
		type page struct {
			Next string `json:"@odata.nextLink"`
		}
		path := "/v1.0/users?$top=2"
		if got := read[page](t, c.do(200, "GET", path, "")); got.Next != c.root+path {
			t.Errorf("next link %q of %s", got.Next, path)
		}
		if got := read[page](t, c.do(200, "GET", "/v1.0/groups", "")); got.Next != "https://elsewhere.example/x" {
			t.Errorf("next link %q", got.Next)
		}
	})
}

// A role that was lent for some time ends: everything at Graph is refused from then on, storage is not.
func TestRightsLapse(t *testing.T) {
	t.Parallel()
	c := inMemory(t, start(t, sandbox.Config{Scenario: load(t, story+"faults: [{kind: status, status: 403, service: graph, from: 1h}]\n")}))
	signed := strings.TrimPrefix(sign(t, c.root, "disks/anna.vhd", c.clock()), c.root)
	c.do(200, "GET", virtualEndpoint+"/cloudPCs", "")
	c.advance("1h")
	c.do(403, "GET", virtualEndpoint+"/cloudPCs", "")
	c.do(403, "GET", anna, "")
	c.do(200, "HEAD", signed, "")
	c.do(200, "GET", "/sandbox/clock", "")
}

// Things of one name can be told apart by their ids only.
func TestThingsOfOneName(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("licenses: [{sku: CPC_E_2C_8GB_128GB, seats: 5}]",
		"licenses: [{sku: CPC_E_2C_8GB_128GB, seats: 5, id: 11111111-0000-4000-8000-000000000001}, {sku: CPC_E_2C_8GB_128GB, seats: 5, warning: 2, suspended: 3, locked_out: 1}, {sku: CPC_E_4C_16GB_256GB, seats: 0, suspended: 4}]",
		"licenses: [CPC_E_2C_8GB_128GB]", "licenses: [11111111-0000-4000-8000-000000000001]",
		"groups: [{name: pilots}]", "groups: [{name: pilots, id: 22222222-0000-4000-8000-000000000001}, {name: Pilots }, {name: mail, mail_enabled: true}, {name: team, unified: true}]",
		"policies: [{name: Pilot, groups: [pilots]}]", "policies: [{name: Pilot, groups: [pilots]}, {name: Pilot}]").Replace(story)
	c := inMemory(t, start(t, sandbox.Config{Scenario: load(t, text)}))
	ids := map[string]bool{}
	for _, path := range []string{"/v1.0/groups?$select=id", virtualEndpoint + "/provisioningPolicies?$select=id"} {
		for _, g := range read[list](t, c.do(200, "GET", path, "")).Value {
			ids[g.ID] = true
		}
	}
	if len(ids) != 6 {
		t.Errorf("%d ids of four groups and two policies", len(ids))
	}
	skus := read[struct {
		Value []struct {
			SKUID, CapabilityStatus string
			PrepaidUnits            struct{ Enabled, Warning, Suspended, LockedOut int }
		}
	}](t, c.do(200, "GET", "/v1.0/subscribedSkus", "")).Value
	if got := fmt.Sprint(skus[1].PrepaidUnits, skus[2].PrepaidUnits) + skus[1].CapabilityStatus + skus[2].CapabilityStatus; got != "{5 2 3 1} {0 0 4 0}EnabledSuspended" || skus[0].SKUID == skus[1].SKUID {
		t.Errorf("seats by state: %s", got)
	}
	groups := c.do(200, "GET", "/v1.0/groups", "").body
	if strings.Count(groups, `"mailEnabled":true`) != 2 || strings.Count(groups, `"Unified"`) != 1 || strings.Count(groups, `"securityEnabled":false`) != 1 {
		t.Errorf("groups: %s", groups)
	}
	// A name that stands for two things says so where it is used.
	_, err := sandbox.ParseScenario("x.yaml", []byte(strings.Replace(text, "groups: [pilots]", "groups: [PILOTS]", 1)))
	if err == nil || !strings.Contains(err.Error(), "the id of one of the 2 groups that are called") {
		t.Errorf("an ambiguous name: %v", err)
	}
}
