package catalogue

import "wave365/pkg/fault"

// of makes an entry for what a run or a command says: whose move it is, what it is called, what it means, what to do.
func of(who, code, title, meaning, remedy string, commands ...string) Entry {
	e := Entry{Code: code, Who: who, Title: title, Meaning: meaning, Remedy: remedy}
	for _, name := range commands {
		e.Commands = append(e.Commands, fault.NewCommand(name))
	}
	return e
}

// aboutRows is what a run says of a row.
func aboutRows() []Entry {
	return []Entry{
		of(Operator, "wave.invalid", "the row has an error", "Validation found something that keeps the row from running, so it was skipped.",
			"look at the findings of its line, fix it in the wave file and resume with the edited file", "resume"),
		of(Operator, "check.failed", "a fact of validation could not be read again", "Right before the import everything is looked at once more, and a service did not answer. Nothing was sent for the row.",
			"retry when the service answers again", "retry"),
		of(Admin, "permission.lapsed", "a right that validation had is gone", "What could be read when the wave was validated is refused: a role that was given for some hours has ended, or a permission was withdrawn. The run stops and every row stays where it stands.",
			"activate the role again, or have the permission granted again, then resume", "resume"),
		of(Operator, "check.moved", "something is not as validation saw it", "The disk, the user's name or another fact changed since the wave was validated, so what would be imported is not what was checked.",
			"make sure that nothing changes it any more, validate again and run the row in a new wave"),
		of(Admin, "group.join-failed", "the user could not be added to the group", "The directory refused it, or could not say whether it was done. The row's policy does not reach the user.",
			"see what the service says in the report, remove the cause, then retry", "retry"),
		of(Admin, "group.left", "somebody took the user out of the group again", "The run had added the user, and the membership is gone. Without it nothing is provisioned.",
			"find out who or what removes members of the group (access reviews, scripts), then retry", "retry"),
		of(Storage, "import.sign-failed", "the disk could not be signed for the service", "The service reads the disk with a signature that the tool makes, and the storage account did not give one.",
			"check that the sign-in may make user delegation keys (Storage Blob Delegator), then retry", "retry"),
		of(Admin, "import.refused", "the service refused the import", "It was asked once and said no, so nothing was imported.",
			"see what the service says in the report, remove the cause, then retry", "retry"),
		of(Admin, "import.exists", "the service says that the user has an import already", "This ledger knows none that is alive: another run, another ledger or a colleague may have sent it.",
			"find out who sent it before anything is purged, then retry", "retry"),
		of(Operator, "import.unknown", "it is not known whether the import was sent", "The answer got lost and no import could be found. A second import could be refused or replace the first, so the row is held until somebody decides.",
			"look for the user's snapshot in the Intune audit log or ask Microsoft support with the client-request-id, then settle the row", "reconcile"),
		of(Operator, "import.unreadable", "the state of the import could not be read", "The service did not answer in a usable way for a long time. The import may go on there.",
			"retry: it looks at the import before anything is sent", "retry"),
		of(Admin, "import.failed", "the service could not import the disk", "It read the disk and gave up. Its own words stand in the report.",
			"fix the disk (fixed-format generation 2 VHD in a page blob, with its guest state file for Trusted Launch), then retry", "retry"),
		of(Operator, "import.expired", "the imported snapshot expired before it was used", "An import is kept for a limited time, and no Cloud PC was made from it in that time.",
			"retry to import again, and cut over soon after the import", "retry"),
		of(Admin, "import.gone", "the service no longer knows the import", "Its record disappeared before a Cloud PC was there: somebody may have purged it.",
			"find out who purges imports, then retry to import again", "retry"),
		of(Operator, "import.wrong-user", "the import belongs to somebody else", "The service names another user for it than the row does. Nothing more is done with it.",
			"look the import up in the tenant, then settle the row", "reconcile"),
		of(Admin, "import.purge-failed", "the rest of an earlier import could not be removed", "A new attempt begins with removing what an earlier one left, and the service refused that.",
			"see what the service says in the report, remove the cause, then retry", "retry"),
		of(Admin, "cutover.failed", "the cut-over was refused", "The license or the membership that starts provisioning could not be given. The disk is imported and waits.",
			"see what the service says in the report (free seats, permissions), then retry: only the cut-over is repeated", "retry"),
		of(Operator, "retry.cut-over", "there is a Cloud PC already from the earlier attempt", "The earlier import was followed by its cut-over, so importing again would put somebody's machine at risk.",
			"let the user and whoever runs Windows 365 decide about that Cloud PC; after that, retry", "retry"),
		of(Admin, "provision.not-started", "no Cloud PC appeared after the cut-over", "License and membership are given, and the service has not begun to build anything.",
			"check in Intune that the license is active and the policy reaches the user, then retry", "retry"),
		of(Admin, "provision.failed", "the service could not provision the Cloud PC", "The disk is imported; building the Cloud PC failed. The service's reason stands in the report, often the network connection or its addresses.",
			"fix the cause, press Retry for this Cloud PC in Intune, then retry; the imported snapshot is kept until it is used", "retry"),
		of(Admin, "provision.leaving", "the Cloud PC is being taken away", "Its license, group or policy was removed and the grace period has begun.",
			"put back what was removed within the grace period, then retry", "retry"),
		of(Admin, "provision.stuck", "provisioning takes far too long", "The service has shown the same state for hours.",
			"look at the Cloud PC in Intune, ask Microsoft support with its id; when it is provisioned, retry to prove it", "retry"),
		of(Admin, "provision.wrong-policy", "the user has a Cloud PC under another policy", "Another policy reaches the user through some group, and its Cloud PC is not from the snapshot.",
			"find out which group brings the other policy; ask the user before that Cloud PC goes, then retry", "retry"),
		of(Admin, "provision.older", "the user's Cloud PC is older than the import", "Another run, another ledger or a colleague made it, and the user may work on it. The import of this row is unused.",
			"ask the user and whoever runs Windows 365 about it, and do not end it before they have decided"),
		of(Operator, "provision.unreadable", "Cloud PCs could not be listed", "The service did not answer in a usable way for a long time. Provisioning may go on there.",
			"retry: it looks before it does anything", "retry"),
		of(Helpdesk, "proof.not-from-snapshot", "provisioned, but not from the snapshot", "The Cloud PC is there and the import is still unused: the user has an empty Cloud PC built from the image.",
			"tell the user, have it deprovisioned when nothing was stored on it, check that only a snapshot user setting reaches the group, then retry", "retry"),
		of(Helpdesk, "proof.unclear", "it cannot be told whether the Cloud PC is from the snapshot", "The Cloud PC is provisioned, and its import says neither used nor unused, or was gone too early.",
			"ask the user to sign in and look for their files, then settle the row", "reconcile"),
		of(Operator, "proof.unreadable", "the proof could not be read", "The Cloud PC is provisioned, and the service did not say whether its import was used.",
			"retry: it only reads", "retry"),
		Entry{Code: "cloudpc.warnings", Warning: true, Who: Admin, Title: "the Cloud PC was provisioned with warnings", Meaning: "It works and is from the snapshot; something beside it did not come about, such as a language pack.",
			Remedy: "look at it in the Intune admin center and clear the warning"},
		of(Operator, "row.deferred", "the row was put off to another evening", "It would not have finished before the time of --stop-by. Nothing was sent for it.",
			"retry it on another evening, or run the rows of failed.csv as a wave of their own", "retry"),
		of(Operator, "row.cancelled", "the row was cancelled", "An operator gave it up before its import was sent.", "retry takes the row up again", "retry"),
		of(Operator, "row.removed", "the row's line was removed from the wave file", "The edited file was taken over, so the row is no part of the wave any more.",
			"put the line back, then resume with the edited file, to have it in the wave again", "resume"),
		of(Operator, "row.none", "the run has no row of this user", "The name is not in the wave, or spelled otherwise there.", "name the user as the wave file does; status lists the rows", "status"),
		of(Operator, "row.held", "the row is held", "An import of it may exist, so it is neither retried nor cancelled.", "settle it first", "reconcile"),
		of(Operator, "row.skipped", "the row was skipped because of an error", "There is nothing to retry, as nothing was begun.", "fix its line in the wave file, then resume with the edited file", "resume"),
		of(Operator, "row.state", "the row is not in a state for this", "Only failed, cancelled and deferred rows get a new attempt.", "look where the row stands", "status"),
		of(Support, "internal.panic", "a bug in wave365", "A step broke off. The row is where it was recorded last, and a new attempt looks before it acts.",
			"report it together with the log file, then retry", "retry"),
		of(Operator, "effect.unknown", "it is not known whether a change was made", "The answer got lost and reading back told nothing. The change may exist.",
			"look in the tenant whether it is there, then run the command again: it looks before it writes"),
		of(Operator, "effect.lost", "no answer came, and the change was not made", "The call was lost on its way. Reading back shows the tenant as it was.",
			"run the command again when the network is back"),
	}
}

// aboutTheTenant is what commands say of the tenant's own things, beyond what validation finds.
func aboutTheTenant() []Entry {
	return []Entry{
		of(Admin, "setting.create-failed", "the snapshot user setting could not be made", "Without it Cloud PCs would be built from the image, so nothing was imported.",
			"see what the service says, check the permission CloudPC.ReadWrite.All, then resume", "resume"),
		of(Admin, "setting.assign-failed", "the snapshot user setting could not be assigned", "It does not reach the wave's groups, so nothing was imported.",
			"see what the service says, check the permission CloudPC.ReadWrite.All, then resume", "resume"),
		of(Operator, "setting.not-assigned", "the assignment of the user setting does not show", "The service took it and does not list it yet. Nothing was imported.", "resume later", "resume"),
		of(Admin, "setting.ambiguous", "two user settings have this name", "It cannot be told which one is meant.", "rename one of them, or name the setting by its id"),
		of(Operator, "setting.not-found", "the user setting is gone", "Somebody deleted it while the command ran.", "run the command again"),
		of(Operator, "setting.not-as-written", "the service did not keep the user setting as written", "It took the change and still shows the old value; its copies can differ for some minutes.", "run the command again in some minutes"),
		of(Admin, "policy.file", "the policy file cannot be used", "It could not be read, or says something that a policy cannot be.", "correct the line that the message names; policy export shows what a file looks like"),
		of(Operator, "policy.not-as-written", "the service does not show the policy as written", "It took the change and still shows other values; its copies can differ for some minutes.", "apply the file again in some minutes"),
		of(Admin, "image.file", "the image file cannot be used", "It could not be read, or holds something else than an image.", "an image file holds displayName, version and sourceImageResourceId"),
		of(Admin, "image.spec", "the image is not described as the service wants it", "The service would refuse it: it wants a name, a version as three numbers and the resource id of a managed image.", "correct what the message names"),
		of(Admin, "image.differs", "the image exists and was made from another source", "Name and version stand for one source only.", "give the new one another version, or delete the old one first"),
		of(Operator, "image.not-found", "the image is gone", "Somebody deleted it while the command ran.", "list the images to see which there are"),
		of(Operator, "image.pending", "the image is not ready yet", "The service is still copying it, which can take hours.", "look at it later"),
		of(Admin, "image.failed", "the service could not make the image", "Its source does not meet what Windows 365 demands of an image.", "remove the cause that the message names, delete the failed image and create it again"),
		of(Admin, "image.in-use", "policies use the image", "Deleting it would break later provisioning by those policies.", "give those policies another image first"),
		of(Operator, "user.ambiguous", "several people have this name", "It cannot be told which one is meant.", "name the person by user principal name or object id"),
		of(Operator, "close.not-final", "the run has rows that are not final", "Closing it would switch settings under rows that still need them.", "finish or cancel those rows first", "status"),
		of(Operator, "close.unsettled", "the run has held rows", "An import of theirs may exist and still be provisioned.", "settle the held rows first", "reconcile"),
		of(Operator, "undo.refused", "this cannot be taken back", "Taking it back could cost somebody a machine or their data.", "the message says why, and what is still possible", "status"),
		of(Operator, "purge.refused", "the import is not removed", "It is in use, running, or belongs to somebody else.", "the message says which; only unused imports are removed"),
		of(Operator, "deprovision.refused", "the Cloud PC is not deprovisioned", "It is not in its grace period, or not one of those that were named.", "the message says why; nothing was changed"),
		of(Operator, "tenant.other", "the sign-in is in another tenant than the one named", "Everything would be looked up and changed in the wrong tenant.", "sign in to the tenant named with --tenant, or name the other one"),
		of(Operator, "tenant.changed", "the run belongs to another tenant", "Going on would look for its people in a tenant that does not have them.", "sign in to the tenant that the run began in"),
	}
}
