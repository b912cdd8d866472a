package graph

import (
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph/odata"
)

// permission is what a call needs, in Graph's spelling.
type permission string

// The permissions to request. Where the documentation names a weaker one for a call that changes something, the
// stronger is named.
const (
	cloudPCRead   permission = "CloudPC.Read.All"
	cloudPCWrite  permission = "CloudPC.ReadWrite.All"
	userRead      permission = "User.Read.All"
	licenseRead   permission = "LicenseAssignment.Read.All"
	licenseWrite  permission = "LicenseAssignment.ReadWrite.All"
	memberRead    permission = "GroupMember.Read.All"
	memberWrite   permission = "GroupMember.ReadWrite.All"
	groupCreate   permission = "Group.Create"
	groupWrite    permission = "Group.ReadWrite.All"
	organizations permission = "Organization.Read.All"
	mailSend      permission = "Mail.Send"
)

// grant describes who can give the permission, and what else a refusal may mean.
func (p permission) grant() string {
	if p == "" {
		return "ask an administrator what the sign-in lacks"
	}
	h := "this call needs " + string(p) + ": a Privileged Role Administrator or Global Administrator grants it to the app registration"
	if strings.HasPrefix(string(p), "CloudPC.") {
		h += "; a signed-in user also needs the Windows 365 Administrator or Intune Administrator role"
	}
	return h
}

const hintOutcomeUnknown = "do not repeat it: it may have had its effect; look at the service first, by the client-request-id"

// remedies are for codes that are known, in lower case. A code that is not here passes untouched, with the remedy of
// its kind.
var remedies = map[string]string{
	"missingprovisionpolicy":         "the service wants the user to be reached by a provisioning policy before the import: run these rows with --trigger relicense, which takes their license away, adds them to the policy's group, imports the disk and gives the license back",
	"invalidvhd":                     "the service takes a fixed VHD of an OS disk, 10 MB to 2 TB, in a page blob: convert the disk (qemu-img convert -O vpc -o subformat=fixed,force_size), upload it as a page blob and validate again",
	"invalidsasurl":                  "the service cannot read the disk by its link, which then is so for every row of the wave: check that the storage account is open to it (firewall, private endpoint), that the blob is a page blob, and that the link is of an Azure storage host",
	"invalidstorageinformation":      "the service cannot use the source files: check that they are page blobs, that the guest state file of a Trusted Launch source is named, and that the signature or the storage account is reachable from the tenant",
	"requiredfieldsnotprovided":      "the service wants the whole object: send every writable property",
	"request_resourcenotfound":       "the object does not exist in this tenant, or not yet everywhere: check the id and try again in a minute",
	"resourcenotfound":               "the object does not exist in this tenant: check the id",
	"authorization_requestdenied":    "",
	"authorization_identitynotfound": "the app registration has no service principal in this tenant: consent to it there first",
	"invalidauthenticationtoken":     "sign in again; check that the token is for this cloud and this tenant",
	"unauthenticated":                "sign in again; check that the token is for this cloud and this tenant",
	"toomanyrequests":                "the service asks to slow down: lower the rate or wait",
	"request_unsupportedquery":       "the service does not support this query: this is a bug in this program",
	"countviolation":                 "no free units of this license: free some or buy more",
	"mutuallyexclusiveviolation":     "the user holds a license that excludes this one: remove one of them",
	"dependencyviolation":            "the license needs another one that the user does not hold",
	"mailboxnotenabledforrestapi":    "the sender has no mailbox in Exchange Online: choose another sender",
	"erroraccessdenied":              "the app may not send as this mailbox: check the application access policy in Exchange Online",
	"erroritemnotfound":              "the sender's mailbox was not found: check the sender",
}

// remedy describes what to do next.
func remedy(e odata.Error, kind fault.Kind, code string, needs permission) string {
	switch code {
	case CodeConditionalAccess:
		return "a conditional access policy refused the sign-in, a permission is not what is missing: sign in as the policy asks, or have it exclude this app"
	case CodeUsageLocation:
		return "set the user's usage location in Entra ID; after setting it the service may need some minutes to know"
	case CodeMalformed:
		return "a web page was returned instead of the service's answer, as from a proxy, a firewall or a network's sign-in page: have the service's host allowed, then try again"
	case CodeOutcomeUnknown:
		return hintOutcomeUnknown
	case CodeQuota:
		return "an allowance of the service is used up: wait until it is renewed, or ask for a larger one"
	case CodeRedirect:
		return "the service answered with a redirect, which is not followed: check the root and any proxy"
	}
	for _, c := range append([]string{e.Code}, e.Codes...) {
		if r := remedies[strings.ToLower(c)]; r != "" {
			return r
		}
	}
	switch kind {
	case fault.Denied:
		if code == CodeSignIn {
			return "sign in again; check that the token is for this cloud and this tenant"
		}
		return needs.grant()
	case fault.NotFound:
		return "check the id and the tenant; a new object may take a minute to be seen"
	case fault.Conflict:
		return "read the object's state and decide again"
	case fault.Throttled:
		return "the service asks to slow down: lower the rate or wait"
	case fault.Unavailable:
		return "try again later; the request id helps the service's support"
	default:
		return "the service refused the request itself: repeating it changes nothing; give its support the request id"
	}
}

func containsFold(s, sub string) bool { return strings.Contains(strings.ToLower(s), sub) }

// shorten keeps what of a body is worth showing.
func shorten(b []byte) string {
	const most = 4096
	if len(b) > most {
		b = b[:most]
	}
	return strings.ToValidUTF8(string(b), "")
}
