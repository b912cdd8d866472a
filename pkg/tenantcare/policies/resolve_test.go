package policies

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/graph"
	"wave365/pkg/tenantcare/policyfile"
)

const whole = `displayName: W365 Finance
description: Finance, Zurich
provisioningType: dedicated
userExperienceType: cloudPc
cloudPcNamingTemplate: "CPC-%USERNAME:4%-%RAND:5%"
image: win11
enableSingleSignOn: true
localAdminEnabled: false
domainJoinConfigurations:
  - domainJoinType: hybridAzureADJoin
    onPremisesConnectionId: ANC-Zurich
  - domainJoinType: azureADJoin
    regionName: switzerlandnorth
windowsSetting: {locale: de-CH}
autopatch: {autopatchGroupId: ap1}
autopilotConfiguration:
  devicePreparationProfileId: prof1
  applicationTimeoutInMinutes: 45
  onFailureDeviceAccessDenied: true
microsoftManagedDesktop: {managedType: starterManaged, profile: p}
snapshotResetMode: disabled
groups: [finance]
`

func tenant() known {
	return known{
		connections: []graph.OnPremisesConnection{{ID: "c1", DisplayName: "anc-zurich"}},
		own:         []graph.DeviceImage{{ID: "own1", DisplayName: "Ours", Status: "ready"}, {ID: "own2", DisplayName: "Broken", Status: "failed"}},
		gallery:     []graph.GalleryImage{{ID: "win11", DisplayName: "Windows 11", Status: "supported"}, {ID: "old", DisplayName: "Old", Status: "notSupported"}},
	}
}

// TestRoundTrip: every property is read, merged into nothing, exported, and read again without a difference.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	f, problems := policyfile.Parse([]byte(whole))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if p := resolve(f, tenant(), graph.ProvisioningPolicy{}); len(p) > 0 {
		t.Fatal(p)
	}
	made, changes, problems := f.Merge(graph.ProvisioningPolicy{})
	if len(problems) > 0 || len(changes) != 15 {
		t.Errorf("%d changes %v, problems %v", len(changes), changes, problems)
	}
	if made.DomainJoin[0].ConnectionID != "c1" || made.ImageType != graph.ImageGallery || made.ImageDisplayName != "Windows 11" || made.Locale != "de-CH" {
		t.Errorf("%+v", made)
	}
	made.ID, made.GroupIDs = "p1", []string{"g1"}
	if d := f.Differs(made); len(d) > 0 {
		t.Errorf("it differs from itself: %v", d)
	}
	text, err := policyfile.Export(made, func(id string) string { return map[string]string{"c1": "anc-zurich", "g1": "finance"}[id] })
	if err != nil {
		t.Fatal(err)
	}
	again, problems := policyfile.Parse(text)
	if len(problems) > 0 {
		t.Fatalf("%v in\n%s", problems, text)
	}
	if p := resolve(again, tenant(), made); len(p) > 0 {
		t.Fatal(p)
	}
	if d := again.Differs(made); len(d) > 0 {
		t.Errorf("exported, it differs in %v:\n%s", d, text)
	}
	if len(again.Groups) != 1 || again.Groups[0] != "finance" {
		t.Errorf("groups %v", again.Groups)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	const join = "displayName: P\ndomainJoinConfigurations: [{domainJoinType: azureADJoin, regionName: x}]\n"
	for name, tc := range map[string]struct{ yaml, image, problem string }{
		"Chosen":        {join, "win11", ""},
		"ByName":        {join + "image: ours\n", "own1", ""},
		"ByID":          {join + "imageId: win11\n", "win11", ""},
		"NotThere":      {join + "image: nope\n", "", "no image nope"},
		"NotSupported":  {join + "image: old\n", "", "is notSupported"},
		"Failed":        {join + "image: Broken\n", "", "is failed"},
		"WrongType":     {join + "image: ours\nimageType: gallery\n", "", "of type custom"},
		"NoConnection":  {"displayName: P\ndomainJoinConfigurations: [{domainJoinType: azureADJoin, onPremisesConnectionId: zug}]\n", "", "no network connection zug"},
		"SeedsNameKept": {join + "imageId: win11\nimageDisplayName: Windows-10 19h1-evd\n", "win11", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, problems := policyfile.Parse([]byte(tc.yaml))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			problems = resolve(f, tenant(), graph.ProvisioningPolicy{})
			switch {
			case tc.problem == "" && (len(problems) > 0 || f.Policy.ImageID != tc.image):
				t.Errorf("image %q, %+v", f.Policy.ImageID, problems)
			case tc.problem != "" && (len(problems) != 1 || !strings.Contains(problems[0].Message, tc.problem)):
				t.Errorf("%+v, want %q", problems, tc.problem)
			}
		})
	}
}

func TestMergeGroups(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		have, file, remove []string
		want               Assignment
	}{
		"New":          {nil, []string{"a"}, nil, Assignment{Want: []string{"a"}, Add: []string{"a"}}},
		"Stays":        {[]string{"a", "b"}, []string{"A"}, nil, Assignment{Want: []string{"a", "b"}, Stay: []string{"b"}}},
		"Removed":      {[]string{"a", "b"}, []string{"a"}, []string{"b"}, Assignment{Want: []string{"a"}, Remove: []string{"b"}}},
		"FileWins":     {[]string{"a"}, []string{"a"}, []string{"a"}, Assignment{Want: []string{"a"}}},
		"NothingAtAll": {nil, nil, nil, Assignment{}},
	} {
		if diff := cmp.Diff(tc.want, mergeGroups(tc.have, tc.file, tc.remove)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
