// Package permission determines which application permissions allow which calls of Graph.
package permission

import "strings"

// AnyOf lists the permissions that allow a call; holding one of them is enough, and an empty list requires none.
type AnyOf []string

// What allows the calls that are known here.
var (
	ReadCloudPC   = AnyOf{"CloudPC.Read.All", "CloudPC.ReadWrite.All"}
	WriteCloudPC  = AnyOf{"CloudPC.ReadWrite.All"}
	ReadUser      = AnyOf{"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	ReadWholeUser = AnyOf{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	WriteUser     = AnyOf{"User.ReadWrite.All", "Directory.ReadWrite.All"}
	ReadLicense   = AnyOf{"LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", "User.Read.All", "User.ReadWrite.All", "Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	ReadSKU       = AnyOf{"LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", "Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	WriteLicense  = AnyOf{"LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}
	ReadGroup     = AnyOf{"GroupMember.ReadBasic.All", "GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	WriteMember   = AnyOf{"GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	WriteGroup    = AnyOf{"Group.ReadWrite.All", "Directory.ReadWrite.All"}
	CreateGroup   = AnyOf{"Group.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	SendMail      = AnyOf{"Mail.Send"}
)

// Set is the permissions of a sign-in, in lower case.
type Set map[string]bool

// Held returns the set; an empty list means all that the product can need. User.ReadWrite.All is not among them.
func Held(list []string) Set {
	if len(list) == 0 {
		list = []string{"CloudPC.ReadWrite.All", "User.Read.All", "LicenseAssignment.ReadWrite.All", "GroupMember.ReadWrite.All",
			"Group.Create", "Group.ReadWrite.All", "Mail.Send", "Organization.Read.All"}
	}
	p := Set{}
	for _, s := range list {
		p[strings.ToLower(s)] = true
	}
	return p
}

// Allow reports whether they allow a call.
func (p Set) Allow(anyOf AnyOf) bool {
	for _, s := range anyOf {
		if p[strings.ToLower(s)] {
			return true
		}
	}
	return len(anyOf) == 0
}
