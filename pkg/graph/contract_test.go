package graph_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wave365/pkg/graph"
)

// schema is generated from the service's own generated client: what types, properties and enum members there are.
//
//go:embed testdata/graph-enums.json
var schemaJSON []byte

type schema struct {
	Enums         map[string][]string `json:"enums"`
	Resources     map[string][]string `json:"resources"`
	RequestBodies map[string][]string `json:"requestBodies"`
}

// anything answers every request with the same, and remembers it.
type anything struct {
	mu    sync.Mutex
	reply string
	came  []request
}

func (a *anything) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.came = append(a.came, request{time.Now(), r.Method, r.URL.RequestURI(), r.Header.Clone(), body})
	if strings.HasSuffix(r.URL.Path, "/$batch") {
		var b struct {
			Requests []struct{ ID string }
		}
		_ = json.Unmarshal(body, &b)
		var out []string
		for _, q := range b.Requests {
			out = append(out, fmt.Sprintf(`{"id":%q,"status":200,"headers":{},"body":%s}`, q.ID, a.reply))
		}
		return respond(200, `{"responses":[`+strings.Join(out, ",")+`]}`)
	}
	return respond(200, a.reply)
}

func guid(i int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", i) }

// everyCall gives a function that makes every call the client has, and the transport that saw them.
func everyCall(t *testing.T) (func(*testing.T), *anything) {
	t.Helper()
	tp := &anything{reply: `{"id":"x","snapshotId":"` + snapID + `","value":[{"id":"x","snapshotId":"` + snapID + `"}]}`}
	c := newClient(t, tp, graph.Options{})
	recovery := func(kind, fields string) json.RawMessage {
		return json.RawMessage(`{"crossRegionDisasterRecoveryEnabled":true,"disasterRecoveryType":"premium","userInitiatedDisasterRecoveryAllowed":true,"maintainCrossRegionRestorePointEnabled":false,
			"disasterRecoveryNetworkSetting":{"@odata.type":"#microsoft.graph.cloudPcDisasterRecovery` + kind + `",` + fields + `}}`)
	}
	hosted := graph.UserSetting{ID: "s1", DisplayName: "n", ProvisioningSourceType: "snapshot", RestorePoint: &graph.RestorePointSetting{FrequencyType: "sixteenHours"},
		DisasterRecovery: recovery("MicrosoftHostedNetworkSetting", `"regionGroup":"usEast","regionName":"eastus"`)}
	azure := hosted
	azure.DisasterRecovery, azure.ProvisioningSourceType = recovery("AzureConnectionSetting", `"onPremisesConnectionId":"n"`), ""
	hybrid := policy()
	hybrid.DomainJoin = []graph.DomainJoin{{Type: "hybridAzureADJoin", ConnectionID: "n"}}
	hybrid.ImageType, hybrid.NamingTemplate, hybrid.ProvisioningType = "custom", "%USERNAME:5%-%RAND:5%", "dedicated"
	ids := []string{guid(1), guid(2)}
	return func(t *testing.T) {
		t.Helper()
		ctx := t.Context()
		calls := map[string]func() error{
			"ImportSnapshot/sas": func() error {
				_, err := c.ImportSnapshot(ctx, userID, append(disk, graph.SourceFile{SASURL: sasURL, GuestState: true}))
				return err
			},
			"ImportSnapshot/account": func() error { _, err := c.ImportSnapshot(ctx, userID, stored); return err },
			"ImportResult":           func() error { _, err := c.ImportResult(ctx, snapID); return err },
			"ImportResults":          func() error { _, err := c.ImportResults(ctx, ids); return err },
			"ListImports":            func() error { _, err := c.ListImports(ctx); return err },
			"PurgeImport":            func() error { return c.PurgeImport(ctx, snapID) },
			"UserSettings":           func() error { _, err := c.UserSettings(ctx); return err },
			"UserSetting":            func() error { _, err := c.UserSetting(ctx, "s1"); return err },
			"CreateUserSetting":      func() error { _, err := c.CreateUserSetting(ctx, hosted); return err },
			"CreateUserSetting/az":   func() error { _, err := c.CreateUserSetting(ctx, azure); return err },
			"UpdateUserSetting":      func() error { _, err := c.UpdateUserSetting(ctx, hosted); return err },
			"AssignUserSetting":      func() error { return c.AssignUserSetting(ctx, "s1", []string{groupID}) },
			"Policies":               func() error { _, err := c.ProvisioningPolicies(ctx); return err },
			"Policy":                 func() error { _, err := c.ProvisioningPolicy(ctx, "p1"); return err },
			"CreatePolicy":           func() error { _, err := c.CreateProvisioningPolicy(ctx, policy()); return err },
			"CreatePolicy/hybrid":    func() error { _, err := c.CreateProvisioningPolicy(ctx, hybrid); return err },
			"UpdatePolicy":           func() error { _, err := c.UpdateProvisioningPolicy(ctx, policy()); return err },
			"AssignPolicy":           func() error { return c.AssignProvisioningPolicy(ctx, "p1", []string{groupID}) },
			"ServicePlans":           func() error { _, err := c.ServicePlans(ctx); return err },
			"CloudPCs":               func() error { _, err := c.CloudPCs(ctx, "status eq 'failed'"); return err },
			"CloudPC":                func() error { _, err := c.CloudPC(ctx, "pc"); return err },
			"EndGracePeriod":         func() error { return c.EndGracePeriod(ctx, "pc") },
			"GalleryImages":          func() error { _, err := c.GalleryImages(ctx); return err },
			"DeviceImages":           func() error { _, err := c.DeviceImages(ctx); return err },
			"CreateDeviceImage": func() error {
				_, err := c.CreateDeviceImage(ctx, graph.DeviceImage{DisplayName: "i", Version: "1", SourceImageResourceID: "/subscriptions/s"})
				return err
			},
			"DeleteDeviceImage": func() error { return c.DeleteDeviceImage(ctx, "i") },
			"Connections":       func() error { _, err := c.OnPremisesConnections(ctx); return err },
			"AuditEvents":       func() error { _, err := c.AuditEvents(ctx, "activityResult eq 'success'"); return err },
			"User":              func() error { _, err := c.User(ctx, "ada@contoso.example"); return err },
			"Users":             func() error { _, err := c.Users(ctx, ids); return err },
			"Organization":      func() error { _, err := c.Organization(ctx); return err },
			"LicenseDetails":    func() error { _, err := c.LicenseDetails(ctx, userID); return err },
			"LicenseDetailsOf":  func() error { _, err := c.LicenseDetailsOf(ctx, ids); return err },
			"SubscribedSKUs":    func() error { _, err := c.SubscribedSKUs(ctx); return err },
			"AssignLicense":     func() error { return c.AssignLicense(ctx, userID, skuID) },
			"Group":             func() error { _, err := c.Group(ctx, groupID); return err },
			"Groups":            func() error { _, err := c.Groups(ctx, ids); return err },
			"GroupMembers":      func() error { _, err := c.GroupMembers(ctx, groupID); return err },
			"IsMember":          func() error { _, err := c.IsMember(ctx, groupID, userID); return err },
			"AddMember":         func() error { return c.AddMember(ctx, groupID, userID) },
			"AddMembers":        func() error { return c.AddMembers(ctx, groupID, ids) },
			"RemoveMember":      func() error { return c.RemoveMember(ctx, groupID, userID) },
			"SendMail": func() error {
				return c.SendMail(ctx, "ops@contoso.example", graph.Mail{To: []string{"a@b"}, Subject: "s", HTML: "<p>h</p>"})
			},
			"SendMail/text": func() error {
				return c.SendMail(ctx, "ops@contoso.example", graph.Mail{To: []string{"a@b"}, Subject: "s", Text: "h"})
			},
		}
		for name, call := range calls {
			if err := call(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}, tp
}

// bodyTypes say what type a body is; a type that begins with a slash is a list of parameters in requestBodies.
var bodyTypes = []struct {
	route *regexp.Regexp
	typ   string
}{
	{regexp.MustCompile(`^POST .*/snapshots/importSnapshot$`), "POST /deviceManagement/virtualEndpoint/snapshots/importSnapshot"},
	{regexp.MustCompile(`^POST .*/snapshots/purgeImportedSnapshot$`), "POST /deviceManagement/virtualEndpoint/snapshots/purgeImportedSnapshot"},
	{regexp.MustCompile(`^POST .*/userSettings/[^/]+/assign$`), "POST /deviceManagement/virtualEndpoint/userSettings/{cloudPcUserSetting-id}/assign"},
	{regexp.MustCompile(`^POST .*/provisioningPolicies/[^/]+/assign$`), "POST /deviceManagement/virtualEndpoint/provisioningPolicies/{cloudPcProvisioningPolicy-id}/assign"},
	{regexp.MustCompile(`^POST /v1.0/users/[^/]+/assignLicense$`), "POST /users/{user-id}/assignLicense"},
	{regexp.MustCompile(`^POST /v1.0/users/[^/]+/sendMail$`), "POST /users/{user-id}/sendMail"},
	{regexp.MustCompile(`^(POST|PATCH) .*/virtualEndpoint/userSettings(/[^/]+)?$`), "cloudPcUserSetting"},
	{regexp.MustCompile(`^(POST|PATCH) .*/virtualEndpoint/provisioningPolicies(/[^/]+)?$`), "cloudPcProvisioningPolicy"},
	{regexp.MustCompile(`^POST .*/virtualEndpoint/deviceImages$`), "cloudPcDeviceImage"},
	{regexp.MustCompile(`^PATCH /v1.0/groups/[^/]+$`), "group"},
	{regexp.MustCompile(`^POST /v1.0/groups/[^/]+/members/\$ref$`), "directoryObject"},
}

// nested are the types of properties that hold objects; those with an @odata.type say it themselves.
var nested = map[string]string{
	"sourceFiles": "cloudPcSnapshotImportActionDetail", "storageBlobInfo": "cloudPcStorageBlobDetail", "restorePointSetting": "cloudPcRestorePointSetting",
	"crossRegionDisasterRecoverySetting": "cloudPcCrossRegionDisasterRecoverySetting", "disasterRecoveryNetworkSetting": "cloudPcDisasterRecoveryNetworkSetting",
	"assignments": "cloudPcUserSettingAssignment", "target": "cloudPcManagementAssignmentTarget", "domainJoinConfigurations": "cloudPcDomainJoinConfiguration",
	"windowsSetting": "cloudPcWindowsSetting", "addLicenses": "assignedLicense", "message": "message", "body": "itemBody", "toRecipients": "recipient", "emailAddress": "emailAddress",
}

var enumOf = map[string]string{
	"sourceType": "cloudPcSnapshotImportSourceType", "fileType": "cloudPcSnapshotImportFileType", "provisioningSourceType": "cloudPcProvisioningSourceType",
	"frequencyType": "cloudPcRestorePointFrequencyType", "disasterRecoveryType": "cloudPcDisasterRecoveryType", "domainJoinType": "cloudPcDomainJoinType",
	"provisioningType": "cloudPcProvisioningType", "imageType": "cloudPcProvisioningPolicyImageType", "contentType": "bodyType", "regionGroup": "cloudPcRegionGroup",
}

// neverWritten are properties that the schema has and that are deprecated, read only or without effect.
var neverWritten = []string{"frequencyInHours", "selfServiceEnabled", "notificationSetting", "windowsSettings", "statusDetails", "crossRegionDisasterRecoveryEnabled",
	"returnType", "id", "createdDateTime", "lastModifiedDateTime", "geographicLocationType", "gracePeriodInHours"}

// TestContract checks every request that the client can make against the schema: bodies, selected fields.
func TestContract(t *testing.T) {
	t.Parallel()
	var sch schema
	if err := json.Unmarshal(schemaJSON, &sch); err != nil {
		t.Fatal(err)
	}
	calls, tp := everyCall(t)
	calls(t)
	bodies := 0
	for _, r := range tp.came {
		checkSelect(t, sch, r)
		if len(r.body) == 0 || strings.HasSuffix(r.uri, "/$batch") {
			continue
		}
		line := r.method + " " + r.uri
		i := slices.IndexFunc(bodyTypes, func(b struct {
			route *regexp.Regexp
			typ   string
		}) bool {
			return b.route.MatchString(line)
		})
		if i < 0 {
			t.Errorf("%s: no type is known for its body", line)
			continue
		}
		bodies++
		checkBody(t, sch, line, bodyTypes[i].typ, parsed(t, r.body))
	}
	if bodies < 17 {
		t.Errorf("only %d bodies were checked", bodies)
	}
}

func checkBody(t *testing.T, sch schema, line, typ string, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			checkBody(t, sch, line, typ, e)
		}
	case map[string]any:
		if own, ok := v["@odata.type"].(string); ok {
			name, found := strings.CutPrefix(own, "#microsoft.graph.")
			if !found {
				t.Errorf("%s: @odata.type %q", line, own)
			}
			typ = name
		}
		known, ok := sch.Resources[typ]
		if !ok {
			known, ok = sch.RequestBodies[typ]
		}
		if !ok {
			t.Errorf("%s: the schema has no type %q", line, typ)
			return
		}
		for k, e := range v {
			base, _, annotated := strings.Cut(k, "@odata.")
			switch {
			case annotated && (base == "" || slices.Contains(known, base)):
				continue
			case !slices.ContainsFunc(known, func(n string) bool { return strings.EqualFold(n, k) }):
				t.Errorf("%s: %s has no property %q", line, typ, k)
			case slices.Contains(neverWritten, k):
				t.Errorf("%s: %q must not be written", line, k)
			}
			if s, ok := e.(string); ok && enumOf[k] != "" && !slices.Contains(sch.Enums[enumOf[k]], s) {
				t.Errorf("%s: %s has no member %q", line, enumOf[k], s)
			}
			if child := nested[k]; child != "" {
				checkBody(t, sch, line, child, e)
			}
		}
	}
}

// selectTypes are the types whose fields a path selects.
var selectTypes = map[string]string{"users": "user", "groups": "group", "members": "user", "onPremisesConnections": "cloudPcOnPremisesConnection",
	"userSettings": "cloudPcUserSetting", "provisioningPolicies": "cloudPcProvisioningPolicy"}

func checkSelect(t *testing.T, sch schema, r request) {
	t.Helper()
	u, err := url.Parse(r.uri)
	if err != nil {
		t.Error(err)
		return
	}
	q := u.Query()
	for _, field := range strings.Split(q.Get("$select")+","+q.Get("$expand"), ",") {
		if field == "" || strings.Contains(u.Path, "/organization") {
			continue
		}
		var typ string
		for _, seg := range strings.Split(u.Path, "/") {
			if s := selectTypes[seg]; s != "" {
				typ = s
			}
		}
		if !slices.Contains(sch.Resources[typ], field) {
			t.Errorf("%s: %q has no property %q", r.uri, typ, field)
		}
	}
}

// TestContractKnowsTheNamedTraps fails when the schema changes under a trap.
func TestContractKnowsTheNamedTraps(t *testing.T) {
	t.Parallel()
	var sch schema
	if err := json.Unmarshal(schemaJSON, &sch); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(sch.Resources["cloudPcStorageBlobDetail"], "blobName") {
		t.Error("the schema has blobName now: the fallback is no trap any more")
	}
	if !slices.Contains(sch.Resources["cloudPcRestorePointSetting"], "frequencyInHours") {
		t.Error("the schema has dropped frequencyInHours: stop reading it")
	}
	if !slices.Contains(sch.Resources["cloudPcSnapshotImportActionResult"], "snapshotId") {
		t.Error("the schema has no snapshotId")
	}
}
