package graph_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

func TestPaging(t *testing.T) {
	t.Parallel()
	link := func(n string) string { return root + "/beta/deviceManagement/virtualEndpoint/cloudPCs?$skiptoken=" + n }
	page := func(value, next string) string { return `{"value":[` + value + `],"@odata.nextLink":"` + next + `"}` }
	tests := map[string]struct {
		script []exchange
		n      int
		code   string
	}{
		"AnEmptyPageIsNotTheLast": {[]exchange{{want: "GET VE/cloudPCs", reply: page("", link("a"))}, {want: "GET VE/cloudPCs?$skiptoken=a", reply: page(`{"id":"1"}`, link("b"))}, {want: "GET VE/cloudPCs?$skiptoken=b", reply: `{"value":[{"id":"2"}]}`}}, 2, ""},
		"Repeats":                 {[]exchange{{want: "GET VE/cloudPCs", reply: page("", link("a"))}, {want: "GET VE/cloudPCs?$skiptoken=a", reply: page("", link("a"))}}, 0, graph.CodePaging},
		"LeavesTheHost":           {[]exchange{{want: "GET VE/cloudPCs", reply: page("", "https://evil.example.test/next")}}, 0, graph.CodeForeignLink},
		"LeavesTheScheme":         {[]exchange{{want: "GET VE/cloudPCs", reply: page("", strings.Replace(link("a"), "https", "http", 1))}}, 0, graph.CodeForeignLink},
		"LooksLikeTheHost":        {[]exchange{{want: "GET VE/cloudPCs", reply: page("", root+"@evil.example.test/")}}, 0, graph.CodeForeignLink},
		"NotJSON":                 {[]exchange{{want: "GET VE/cloudPCs", reply: "<html>"}}, 0, graph.CodeMalformed},
		"WrongElement":            {[]exchange{{want: "GET VE/cloudPCs", reply: `{"value":["x"]}`}}, 0, graph.CodeMalformed},
		"SecondPageFails":         {[]exchange{{want: "GET VE/cloudPCs", reply: page(`{"id":"1"}`, link("a"))}, {want: "GET VE/cloudPCs?$skiptoken=a", status: 403}}, 0, graph.CodeDenied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, tp := play(t, tt.script...)
			pcs, err := c.CloudPCs(t.Context(), "")
			if len(pcs) != tt.n || fault.CodeOf(err) != tt.code {
				t.Errorf("%d Cloud PCs, %v", len(pcs), err)
			}
			for _, r := range tp.came {
				if r.header.Get("client-request-id") != tp.came[0].header.Get("client-request-id") {
					t.Error("one list is one operation")
				}
			}
		})
	}
	tp := &endless{}
	c := newClient(t, tp, graph.Options{PageGuard: 7})
	if _, err := c.CloudPCs(t.Context(), ""); fault.CodeOf(err) != graph.CodePaging || tp.n != 7 {
		t.Errorf("%v after %d pages", err, tp.n)
	}
}

func TestUserAddresses(t *testing.T) {
	t.Parallel()
	for in, path := range map[string]string{
		userID:                          "/users/" + userID,
		"ada@contoso.example":           "/users/ada@contoso.example",
		"o'hara@contoso.example":        "/users/o%27hara@contoso.example",
		"b_x.test#EXT#@contoso.example": "/users/b_x.test%23EXT%23@contoso.example",
		"a/b?c@contoso.example":         "/users/a%2Fb%3Fc@contoso.example",
		"$o'hara@contoso.example":       "/users('$o%27%27hara@contoso.example')",
		"späť@contoso.example":          "/users/sp%C3%A4%C5%A5@contoso.example",
	} {
		c, _ := play(t, exchange{want: "GET /v1.0" + path + userQuery, reply: `{"id":"` + userID + `","usageLocation":null}`})
		if u, err := c.User(t.Context(), in); err != nil || u.ID != userID {
			t.Errorf("%s: %+v, %v", in, u, err)
		}
	}
}

func TestAssignLicense(t *testing.T) {
	t.Parallel()
	const post = "POST /v1.0/users/" + userID + "/assignLicense"
	const body = `{"addLicenses":[{"skuId":"` + skuID + `","disabledPlans":[]}],"removeLicenses":[]}`
	const get = "GET /v1.0/users/" + userID + userQuery
	notThere := errorBody("Request_BadRequest", "License assignment cannot be done for user with invalid usage location.")
	held := `{"id":"` + userID + `","assignedLicenses":[{"skuId":"` + strings.ToUpper(skuID) + `"}]}`
	tests := map[string]struct {
		script []exchange
		code   string
		kind   fault.Kind
	}{
		"OK":            {[]exchange{{want: post, body: body, reply: `{"id":"x"}`}}, "", ""},
		"Held":          {[]exchange{{want: post, status: 400, reply: errorBody("Request_BadRequest", "User license is already assigned.")}, {want: get, reply: held}}, "", ""},
		"NoSeats":       {[]exchange{{want: post, status: 400, reply: errorBody("Request_BadRequest", "Subscription does not have any available licenses.")}, {want: get, reply: `{"id":"x"}`}}, graph.CodeRefused, fault.Invalid},
		"CannotLook":    {[]exchange{{want: post, status: 400, reply: errorBody("Request_BadRequest", "x")}, {want: get, status: 403}}, graph.CodeRefused, fault.Invalid},
		"LooksLater":    {[]exchange{{want: post, status: 400, reply: errorBody("Request_BadRequest", "x")}, {want: get, status: 500}}, graph.CodeUnavailable, fault.Unavailable},
		"UsageLocation": {[]exchange{{want: post, status: 400, reply: notThere}, {want: get, reply: `{"id":"x","usageLocation":null}`}}, graph.CodeUsageLocation, fault.Invalid},
		"Replicating":   {[]exchange{{want: post, status: 400, reply: notThere}, {want: get, reply: `{"id":"x","usageLocation":"CH"}`}}, graph.CodeUsageLocation, fault.Conflict},
		"LocationBlind": {[]exchange{{want: post, status: 400, reply: notThere}, {want: get, status: 403}}, graph.CodeUsageLocation, fault.Invalid},
		"Denied":        {[]exchange{{want: post, status: 403, reply: errorBody("Authorization_RequestDenied", "x")}}, graph.CodeDenied, fault.Denied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := play(t, tt.script...)
			if err := c.AssignLicense(t.Context(), userID, skuID); fault.CodeOf(err) != tt.code || fault.KindOf(err) != tt.kind {
				t.Errorf("got %v (%s), want %s, %s", err, fault.KindOf(err), tt.code, tt.kind)
			}
		})
	}
}

func TestRemoveLicense(t *testing.T) {
	t.Parallel()
	const post = "POST /v1.0/users/" + userID + "/assignLicense"
	const body = `{"addLicenses":[],"removeLicenses":["` + skuID + `"]}`
	const get = "GET /v1.0/users/" + userID + userQuery
	refusal := errorBody("Request_BadRequest", "User does not have a corresponding license.")
	held := `{"id":"` + userID + `","assignedLicenses":[{"skuId":"` + strings.ToUpper(skuID) + `"}]}`
	for name, tt := range map[string]struct {
		script []exchange
		code   string
		kind   fault.Kind
	}{
		"OK":         {[]exchange{{want: post, body: body, reply: `{"id":"x"}`}}, "", ""},
		"NotHeld":    {[]exchange{{want: post, status: 400, reply: refusal}, {want: get, reply: `{"id":"x"}`}}, "", ""},
		"Held":       {[]exchange{{want: post, status: 400, reply: refusal}, {want: get, reply: held}}, graph.CodeRefused, fault.Invalid},
		"CannotLook": {[]exchange{{want: post, status: 400, reply: refusal}, {want: get, status: 403}}, graph.CodeRefused, fault.Invalid},
		// An earlier try may have taken it: not a refusal.
		"LooksLater": {[]exchange{{want: post, status: 400, reply: refusal}, {want: get, status: 500}}, graph.CodeUnavailable, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := play(t, tt.script...)
			if err := c.RemoveLicense(t.Context(), userID, skuID); fault.CodeOf(err) != tt.code || fault.KindOf(err) != tt.kind {
				t.Errorf("got %v (%s), want %s, %s", err, fault.KindOf(err), tt.code, tt.kind)
			}
		})
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	c, _ := play(t,
		exchange{want: "GET /v1.0/subscribedSkus", reply: `{"value":[{"skuId":"s","skuPartNumber":"CPC_E","capabilityStatus":"enabled","consumedUnits":3,"prepaidUnits":{"enabled":10,"warning":1},"servicePlans":[{"servicePlanId":"p","servicePlanName":"n"}]}]}`},
		exchange{want: "GET VE/onPremisesConnections?$select=id%2CdisplayName%2CconnectionType%2CvirtualNetworkId%2CvirtualNetworkLocation%2CsubnetId%2ChealthCheckStatus%2ChealthCheckPaused%2CinUse%2CinUseByCloudPc%2ChealthCheckStatusDetail%2CsubnetPrivateIpDetail",
			reply: `{"value":[{"id":"n","connectionType":"hybridAzureAdJoin","healthCheckStatus":"Passed","subnetPrivateIpDetail":{"subnetAvailableIpCount":0},"healthCheckStatusDetail":{"endDateTime":"2026-08-05T01:02:03Z","healthChecks":[{"displayName":"d","status":"Warning","errorType":"e","additionalDetails":"old"}]}},{"id":"m"}]}`},
		exchange{want: "GET VE/auditEvents?$filter=correlationId%20eq%20%27x%27", reply: `{"value":[{"id":"a","correlationId":"x","activityDateTime":"2026-08-05T01:02:03Z","actor":{"applicationId":"app"},"activityResult":"Success","resources":[{"resourceId":"r"}]}]}`},
		exchange{want: "POST VE/deviceImages", status: 201, reply: `{}`},
		exchange{want: "GET /v1.0/organization?$select=id%2CdisplayName%2CverifiedDomains", reply: `{"value":[]}`},
		exchange{want: "POST /v1.0/users/ops@contoso.example/sendMail", status: 202, body: `{"message":{"subject":"s","body":{"contentType":"text","content":"t"},"toRecipients":[{"emailAddress":{"address":"a@b"}}]},"saveToSentItems":false}`},
		exchange{want: "POST VE/userSettings", status: 201, reply: `{"displayName":"n"}`},
	)
	ctx := t.Context()
	skus, err := c.SubscribedSKUs(ctx)
	if d := cmp.Diff([]graph.SKU{{ID: "s", PartNumber: "CPC_E", Status: "Enabled", Enabled: 10, Warning: 1, Consumed: 3, Plans: []graph.LicensePlan{{ID: "p", Name: "n"}}}}, skus); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	nets, err := c.OnPremisesConnections(ctx)
	want := []graph.OnPremisesConnection{
		{ID: "n", HealthCheckStatus: "passed", CheckedAt: time.Date(2026, 8, 5, 1, 2, 3, 0, time.UTC)},
		{ID: "m", FreeAddresses: -1}}
	if d := cmp.Diff(want, nets); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	if as, err := c.AuditEvents(ctx, "correlationId eq 'x'"); err != nil || as[0].CorrelationID != "x" || as[0].Actor != "app" || as[0].Result != "success" || len(as[0].Resources) != 1 {
		t.Errorf("%+v, %v", as, err)
	}
	if _, err := c.CreateDeviceImage(ctx, graph.DeviceImage{DisplayName: "a", Version: "1", SourceImageResourceID: "r"}); !fault.Is(err, fault.OutcomeUnknown) {
		t.Error(err)
	}
	if _, err := c.Organization(ctx); fault.KindOf(err) != fault.Unavailable {
		t.Error(err)
	}
	if err := c.SendMail(ctx, "ops@contoso.example", graph.Mail{To: []string{"a@b"}, Subject: "s", Text: "t"}); err != nil {
		t.Error(err)
	}
	if _, err := c.CreateUserSetting(ctx, graph.UserSetting{DisplayName: "n"}); !fault.Is(err, fault.OutcomeUnknown) || fault.As(err).Remote.ClientRequestID == "" {
		t.Error(err)
	}
}
