package policyfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"wave365/pkg/graph"
)

// nameLength is how long a Cloud PC's name may be.
const nameLength = 15

var (
	token     = regexp.MustCompile(`(?i)%(USERNAME|RAND):(\d+)%`)
	nameChars = regexp.MustCompile(`^[A-Za-z0-9-]*$`)
	locale    = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z]{4})?-[A-Z]{2}$`)
)

// templateProblem returns what is wrong with a naming template; "" when nothing is. The resulting name may have 15
// characters; %USERNAME:x% stands for x characters of the user's name, %RAND:x% for x random ones.
func templateProblem(template string) string {
	length := 0
	rest := token.ReplaceAllStringFunc(template, func(t string) string {
		n, err := strconv.Atoi(token.FindStringSubmatch(t)[2])
		if err != nil || n > nameLength {
			n = nameLength + 1
		}
		length += n
		return ""
	})
	length += len([]rune(rest))
	switch {
	case strings.Contains(rest, "%"):
		return "the naming template " + template + " has a token that is neither %USERNAME:x% nor %RAND:x%"
	case !nameChars.MatchString(rest):
		return "the naming template " + template + " may hold letters, digits and dashes only"
	case length > nameLength:
		return fmt.Sprintf("the naming template %s makes names of %d characters, and %d are allowed", template, length, nameLength)
	}
	return ""
}

// rules checks what the file alone shows.
func (r *reader) rules() {
	f, p := r.file, r.file.Policy
	if p.DisplayName == "" {
		r.bad(f.Line("displayName"), "displayName", "displayName is missing", "give the policy a name, by which it is found again")
	}
	if t := templateProblem(p.NamingTemplate); t != "" {
		r.bad(f.Line("cloudPcNamingTemplate"), "cloudPcNamingTemplate", t, "such as CPC-%USERNAME:4%-%RAND:5%")
	}
	if f.Gives("windowsSetting") && !locale.MatchString(p.Locale) {
		r.bad(f.Line("windowsSetting"), "windowsSetting", "invalid locale "+p.Locale, "write language and country, such as de-CH")
	}
	if f.Image != "" && f.Gives("imageId") {
		r.bad(f.Line("image"), "image", "image and imageId both name an image", "keep one of them; image takes an id or a display name")
	}
	if p.UserExperienceType == "cloudApp" && p.ProvisioningType != "sharedByEntraGroup" {
		r.bad(f.Line("userExperienceType"), "userExperienceType", "userExperienceType cloudApp needs provisioningType sharedByEntraGroup", "")
	}
	if t := p.ProvisioningType; t != "" && t != graph.ProvisioningDedicated {
		f.Notes = append(f.Notes, fmt.Sprintf("line %d: a policy of type %s cannot be used for a migration, which needs dedicated", f.Line("provisioningType"), t))
	}
	if f.Gives("domainJoinConfigurations") && len(p.DomainJoin) == 0 {
		r.bad(f.Line("domainJoinConfigurations"), "domainJoinConfigurations", "domainJoinConfigurations names no way to join", "")
	}
}

// joinRules checks one way to join: a hybrid join needs a connection and no region; an Entra join needs exactly one of the
// two.
func (r *reader) joinRules(line int, j graph.DomainJoin) {
	const name = "domainJoinConfigurations"
	region := j.RegionName != "" || j.RegionGroup != ""
	switch {
	case j.Type == "":
		r.bad(line, name, "domainJoinType is missing", "write azureADJoin or hybridAzureADJoin")
	case j.Type == graph.JoinHybrid && region:
		r.bad(line, name, "a hybrid join has no region: it runs in the network of its connection", "leave regionName and regionGroup out")
	case j.Type == graph.JoinHybrid && j.ConnectionID == "":
		r.bad(line, name, "a hybrid join needs onPremisesConnectionId", "name an Azure network connection by its name or id")
	case j.Type == graph.JoinEntra && j.ConnectionID != "" && region:
		r.bad(line, name, "an Entra join takes a network connection or a region, and not both", "keep onPremisesConnectionId, or regionName")
	case j.Type == graph.JoinEntra && j.ConnectionID == "" && !region:
		r.bad(line, name, "an Entra join needs a network connection or a region", "give onPremisesConnectionId, or regionName")
	case strings.EqualFold(j.RegionName, "automatic") && j.RegionGroup == "":
		r.bad(line, name, "regionName automatic needs a regionGroup", "such as regionGroup: europeUnion")
	}
}
