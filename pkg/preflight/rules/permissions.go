package rules

// Write is a permission that no read can prove, with those that include it.
type Write struct {
	// Permission is in Graph's spelling; Purpose completes "needed to …".
	Permission, Purpose string
	Also                []string
	// License: only a wave that assigns licenses needs it. Optional: no wave needs it by itself.
	License, Optional bool
}

// Writes are the permissions to change something that this tool has a use for.
func Writes() []Write {
	return []Write{
		{Permission: "CloudPC.ReadWrite.All", Purpose: "to import snapshots and to set up the user setting"},
		{Permission: "GroupMember.ReadWrite.All", Purpose: "to add users to the policy's group", Also: []string{"Group.ReadWrite.All", "Directory.ReadWrite.All"}},
		{Permission: "LicenseAssignment.ReadWrite.All", Purpose: "to assign licenses", Also: []string{"User.ReadWrite.All", "Directory.ReadWrite.All"}, License: true},
		{Permission: "Group.Create", Purpose: "for run --create-group; a person needs Group.ReadWrite.All", Also: []string{"Group.ReadWrite.All", "Directory.ReadWrite.All"}, Optional: true},
		{Permission: "Mail.Send", Purpose: "to send mail with notify", Optional: true},
	}
}
