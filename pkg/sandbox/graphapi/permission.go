package graphapi

import "strings"

// The permissions that allow a call; holding one of a list is enough.
var (
	readCloudPC   = []string{"CloudPC.Read.All", "CloudPC.ReadWrite.All"}
	writeCloudPC  = []string{"CloudPC.ReadWrite.All"}
	readUser      = []string{"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readWholeUser = []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	writeUser     = []string{"User.ReadWrite.All", "Directory.ReadWrite.All"}
	readLicense   = []string{"LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", "User.Read.All", "User.ReadWrite.All", "Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	readSKU       = []string{"LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", "Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	writeLicense  = []string{"LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}
	readGroup     = []string{"GroupMember.ReadBasic.All", "GroupMember.Read.All", "GroupMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	writeMember   = []string{"GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	writeGroup    = []string{"Group.ReadWrite.All", "Directory.ReadWrite.All"}
	createGroup   = []string{"Group.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	sendMail      = []string{"Mail.Send"}
)

// permissions are those held, in lower case.
type permissions map[string]bool

// grantedTo makes the set; an empty list means all that the product can need. User.ReadWrite.All is not among them.
func grantedTo(list []string) permissions {
	if len(list) == 0 {
		list = []string{"CloudPC.ReadWrite.All", "User.Read.All", "LicenseAssignment.ReadWrite.All", "GroupMember.ReadWrite.All",
			"Group.Create", "Group.ReadWrite.All", "Mail.Send", "Organization.Read.All"}
	}
	p := permissions{}
	for _, s := range list {
		p[strings.ToLower(s)] = true
	}
	return p
}

func (p permissions) allow(anyOf []string) bool {
	for _, s := range anyOf {
		if p[strings.ToLower(s)] {
			return true
		}
	}
	return len(anyOf) == 0
}
