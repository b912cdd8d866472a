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
		"HybridRegion":    {head + "domainJoinConfigurations:\n  - domainJoinType: hybridAzureADJoin\n    onPremisesConnectionId: c\n    regionName: x\n", "3 has no region"},
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
