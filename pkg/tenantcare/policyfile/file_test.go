package policyfile_test

import (
	"fmt"
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

func known() policyfile.Known {
	return policyfile.Known{
		Connections: []graph.OnPremisesConnection{{ID: "c1", DisplayName: "anc-zurich"}},
		Own:         []graph.DeviceImage{{ID: "own1", DisplayName: "Ours", Status: "ready"}, {ID: "own2", DisplayName: "Broken", Status: "failed"}},
		Gallery:     []graph.GalleryImage{{ID: "win11", DisplayName: "Windows 11", Status: "supported"}, {ID: "old", DisplayName: "Old", Status: "notSupported"}},
	}
}

// TestRoundTrip: every property is read, merged into nothing, exported, and read again without a difference.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	f, problems := policyfile.Parse([]byte(whole))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if p := f.Resolve(known(), graph.ProvisioningPolicy{}); len(p) > 0 {
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
	if p := again.Resolve(known(), made); len(p) > 0 {
		t.Fatal(p)
	}
	if d := again.Differs(made); len(d) > 0 {
		t.Errorf("exported, it differs in %v:\n%s", d, text)
	}
	if len(again.Groups) != 1 || again.Groups[0] != "finance" {
		t.Errorf("groups %v", again.Groups)
	}
}

// TestProblems: each rule is told with its line.
func TestProblems(t *testing.T) {
	t.Parallel()
	const head = "displayName: P\n"
	for name, tc := range map[string]struct{ yaml, want string }{
		"NotYAML":         {"a: [", "1 not YAML"},
		"Empty":           {"", "0 is empty"},
		"Two":             {head + "---\n" + head, "0 holds 2 documents"},
		"List":            {"- a\n", "1 not a list of properties"},
		"NoName":          {"description: x\n", "0 displayName is missing"},
		"Unknown":         {head + "desciption: x\n", "2 did you mean description?"},
		"Deprecated":      {head + "windowsSettings: {language: en-US}\n", "2 write windowsSetting"},
		"Twice":           {head + "description: a\n\ndescription: b\n", "4 "},
		"Member":          {head + "provisioningType: dedicatd\n", "2 did you mean dedicated?"},
		"Flag":            {head + "enableSingleSignOn: maybe\n", "2 true or false"},
		"TemplateTooLong": {head + "cloudPcNamingTemplate: \"CLOUD-%USERNAME:6%-%RAND:5%\"\n", "2 18 characters"},
		"TemplateToken":   {head + "cloudPcNamingTemplate: \"C-%NAME:4%\"\n", "2 neither"},
		"TemplateChars":   {head + "cloudPcNamingTemplate: \"C_%RAND:5%\"\n", "2 letters, digits and dashes"},
		"HybridRegion":    {head + "domainJoinConfigurations:\n  - domainJoinType: hybridAzureADJoin\n    onPremisesConnectionId: c\n    regionName: x\n", "3 takes no region"},
		"HybridBare":      {head + "domainJoinConfigurations: [{domainJoinType: hybridAzureADJoin}]\n", "2 needs onPremisesConnectionId"},
		"EntraBoth":       {head + "domainJoinConfigurations: [{domainJoinType: azureADJoin, onPremisesConnectionId: c, regionName: x}]\n", "2 not both"},
		"EntraNone":       {head + "domainJoinConfigurations: [{domainJoinType: azureADJoin}]\n", "2 needs a network connection or a region"},
		"JoinUnknown":     {head + "domainJoinConfigurations:\n  - domainJoinType: azureADJoin\n    region: x\n", "4 did you mean regionName?|regionGroup"},
		"Locale":          {head + "windowsSetting: {locale: german}\n", "2 language and country"},
		"Timeout":         {head + "autopilotConfiguration: {devicePreparationProfileId: p, applicationTimeoutInMinutes: 20}\n", "2 30 to 360"},
		"CloudApp":        {head + "userExperienceType: cloudApp\n", "2 sharedByEntraGroup"},
		"TwoImages":       {head + "image: a\nimageId: b\n", "2 both name an image"},
		"ControlCharMust": {"\x00", "1 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := policyfile.Parse([]byte(tc.yaml))
			line, text, _ := strings.Cut(tc.want, " ")
			for _, p := range problems {
				for alt := range strings.SplitSeq(text, "|") {
					if (line == "0" || line == itoa(p.Line)) && strings.Contains(p.Message+" "+p.Hint, alt) {
						return
					}
				}
			}
			t.Errorf("no problem like %q among %+v", tc.want, problems)
		})
	}
}

func itoa(n int) string { return fmt.Sprint(n) }

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
			problems = f.Resolve(known(), graph.ProvisioningPolicy{})
			switch {
			case tc.problem == "" && (len(problems) > 0 || f.Policy.ImageID != tc.image):
				t.Errorf("image %q, %+v", f.Policy.ImageID, problems)
			case tc.problem != "" && (len(problems) != 1 || !strings.Contains(problems[0].Message, tc.problem)):
				t.Errorf("%+v, want %q", problems, tc.problem)
			}
		})
	}
}

func TestMergeKeepsWhatTheFileDoesNotName(t *testing.T) {
	t.Parallel()
	f, _ := policyfile.Parse([]byte("displayName: P\nenableSingleSignOn: true\nprovisioningType: shared\n"))
	mode := "enabled"
	have := graph.ProvisioningPolicy{ID: "p", DisplayName: "P", Description: "kept", ProvisioningType: "dedicated", ImageID: "i", Extras: graph.PolicyExtras{SnapshotResetMode: &mode}}
	want, changes, problems := f.Merge(have)
	if want.Description != "kept" || want.ImageID != "i" || !want.EnableSSO || want.Extras.SnapshotResetMode != nil {
		t.Errorf("%+v", want)
	}
	if diff := cmp.Diff([]policyfile.Change{{Property: "enableSingleSignOn", Have: "false", Want: "true"}}, changes); diff != "" {
		t.Error(diff)
	}
	if len(problems) != 1 || problems[0].Line != 3 || want.ProvisioningType != "dedicated" {
		t.Errorf("problems %+v, type %s", problems, want.ProvisioningType)
	}
}

func TestMergeGroups(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		have, file, remove []string
		want               policyfile.Groups
	}{
		"New":          {nil, []string{"a"}, nil, policyfile.Groups{Want: []string{"a"}, Add: []string{"a"}}},
		"Stays":        {[]string{"a", "b"}, []string{"A"}, nil, policyfile.Groups{Want: []string{"a", "b"}, Stay: []string{"b"}}},
		"Removed":      {[]string{"a", "b"}, []string{"a"}, []string{"b"}, policyfile.Groups{Want: []string{"a"}, Remove: []string{"b"}}},
		"FileWins":     {[]string{"a"}, []string{"a"}, []string{"a"}, policyfile.Groups{Want: []string{"a"}}},
		"NothingAtAll": {nil, nil, nil, policyfile.Groups{}},
	} {
		if diff := cmp.Diff(tc.want, policyfile.MergeGroups(tc.have, tc.file, tc.remove)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"displayName":"x","domainJoinConfigurations":[{"domainJoinType":"azureADJoin"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, problems := policyfile.Parse(data)
		if file == nil && len(problems) == 0 {
			t.Error("no file, and nothing wrong with it")
		}
		for _, p := range problems {
			if p.Message == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
