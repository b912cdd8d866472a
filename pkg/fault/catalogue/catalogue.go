// Package catalogue explains every code that a command prints: what validation finds, what a run says of a row, and what
// commands say of themselves. One entry per code, written for the person whose move it is. It is data; it is not for
// deciding what is wrong.
package catalogue

import (
	"slices"
	"strings"
	"sync"

	"wave365/pkg/fault"
)

// Entry explains one code.
type Entry struct {
	Code string
	// Warning: the row may run all the same, or has its Cloud PC. Otherwise it is an error.
	Warning bool
	// Notice: nothing is wrong.
	Notice bool
	// Who has the next move: one of the roles below.
	Who string
	// Title names the problem, Meaning says what happens if it stays, Remedy what to do about it, Commands what to type for
	// that.
	Title, Meaning, Remedy string
	Commands               []fault.Command
}

// The roles. One person may have several.
const (
	Operator = "whoever runs the wave"
	Admin    = "the endpoint admin"
	Identity = "the identity admin"
	Storage  = "the storage admin"
	Licenses = "the license admin"
	Helpdesk = "the helpdesk"
	Support  = "whoever maintains wave365"
)

// Codes that stand in no family.
const (
	// Usage is a mistake in the command line or the configuration.
	Usage = "usage"
	// Nothing: there is nothing to do.
	Nothing = "nothing-to-do"
)

// Findings gives what validation finds, family by family, in the order in which people read them: the file, the people,
// the disks, the tenant.
func Findings() [][]Entry {
	return [][]Entry{
		by(Operator, aboutFile()), by(Identity, aboutUsers()), by(Licenses, aboutLicenses()), by(Storage, aboutBlobs()), by(Admin, aboutDisks()),
		by(Storage, aboutSignatures()), by(Admin, aboutTenant()),
	}
}

// All gives every entry there is, those of a family together: findings first, then what runs and commands say.
func All() []Entry { return slices.Clone(all()) }

var all = sync.OnceValue(func() []Entry {
	var out []Entry
	for _, list := range append(Findings(), aboutRows(), aboutTheTenant(), aboutCommands(), aboutMessages(), aboutServices(), aboutSandbox()) {
		out = append(out, list...)
	}
	place := map[string]int{}
	for _, e := range out {
		if _, known := place[e.Family()]; !known {
			place[e.Family()] = len(place)
		}
	}
	slices.SortStableFunc(out, func(a, b Entry) int { return place[a.Family()] - place[b.Family()] })
	return out
})

var index = sync.OnceValue(func() map[string]Entry {
	out := map[string]Entry{}
	for _, e := range all() {
		out[e.Code] = e
	}
	return out
})

// Find looks a code up; false when there is no such code.
func Find(code string) (Entry, bool) {
	e, ok := index()[code]
	return e, ok
}

// Family is the part of the code before its dot.
func (e Entry) Family() string {
	family, _, _ := strings.Cut(e.Code, ".")
	return family
}

// Advice is what to do about it.
func (e Entry) Advice() fault.Remedy { return fault.Remedy{Text: e.Remedy, Commands: e.Commands} }

// by names whose move the entries are that do not say it themselves.
func by(who string, entries []Entry) []Entry {
	for i := range entries {
		if entries[i].Who == "" {
			entries[i].Who = who
		}
	}
	return entries
}

func mistake(code, title, meaning, remedy string) Entry {
	return Entry{Code: code, Title: title, Meaning: meaning, Remedy: remedy}
}

// with adds commands that help.
func (e Entry) with(names ...string) Entry {
	for _, name := range names {
		e.Commands = append(e.Commands, fault.NewCommand(name))
	}
	return e
}

func caution(code, title, meaning, remedy string) Entry {
	return Entry{Code: code, Warning: true, Title: title, Meaning: meaning, Remedy: remedy}
}

func notice(code, title, meaning, remedy string) Entry {
	return Entry{Code: code, Notice: true, Title: title, Meaning: meaning, Remedy: remedy}
}

func aboutFile() []Entry {
	return []Entry{
		mistake("csv.syntax", "the line is not valid CSV",
			"A quote is not closed or not doubled, a row has more cells than the header, or two columns have the same meaning. What belongs where on that line cannot be told.",
			`open the file in a text editor at that line; put cells that hold the separator or a line break in quotes, and double each quote within them ("")`),
		mistake("csv.encoding", "the file has characters that are not in its encoding",
			"The file was saved in an old code page, or is not text at all. Names with accents would reach the tenant misspelled.",
			`save it again from Excel as "CSV UTF-8 (comma delimited)" or "Unicode Text", from LibreOffice with character set Unicode (UTF-8)`),
		mistake("csv.garbled-text", "letters have become other characters",
			"The file, or the tool's output that it was made from, was read in a wrong code page and saved. Names with accents would be looked for misspelled, and what a question mark or U+FFFD stands for is known to nobody.",
			"make the file again from its source and keep it UTF-8 all the way: in Windows PowerShell Export-Csv -Encoding UTF8 in place of >, in Excel Data > From Text/CSV with file origin 65001, then save as \"CSV UTF-8\""),
		mistake("csv.not-a-header", "the line is neither the header nor a row",
			"A title, a comment, a total or the header again stands in the table. Read as a row it would name a user that does not exist.",
			"delete the line, so that the header is the first line and each further line one user (for PowerShell: Export-Csv -NoTypeInformation)"),
		mistake("csv.missing-column", "a required column is missing",
			"Without user, blob and policy a row cannot be run.",
			"add the column, or name it in the first line; template prints a file with all of them").with("template"),
		mistake("csv.unknown-column", "the column has a name that is not known",
			"It may be a misspelled column whose values would be ignored.",
			"correct the name; for a column of your own start it with x_, or use --allow-unknown-columns"),
		mistake("csv.empty", "the wave has no rows",
			"There is nothing to validate or to run.",
			"add one row per user below the header; if you see rows in the spreadsheet, check that you saved the right sheet"),
		mistake("csv.too-large", "the file is larger than a wave can be",
			"A wave file has at most 64 MiB, 20,000 rows and 1 MiB in a cell. Mostly another file got its name, or a quote is missing.",
			"check that it is the right file; split a larger wave into several, a few thousand rows each"),
		mistake("csv.value-missing", "a required cell is empty",
			"The row cannot be run without it.",
			"fill in the cell, or delete the row"),
		mistake("csv.value-bad", "the cell holds something that cannot be meant",
			"The value has not the form its column needs, so the row cannot be run.",
			"user: name@domain or an object id; blob: container/path.vhd or a blob URL; priority: a whole number; notify: one mail address"),
	}
}

func aboutUsers() []Entry {
	return []Entry{
		mistake("user.duplicate", "the user is in the wave more than once",
			"A user takes one imported snapshot; the second import would be refused or replace nothing. Spelling does not matter, and a name and an object id can be the same user.",
			"keep one row per user and move a second machine into a later wave"),
		mistake("user.not-found", "the user does not exist in the tenant",
			"Neither a user principal name nor an object id of this tenant. It may be a mail address, or a user of another tenant.",
			"copy the user principal name from Entra ID > Users, and check which tenant you are signed in to"),
		mistake("user.unreadable", "the directory cannot give the user's record",
			"The service answered with an error for this one user, or with something that cannot be read. Whether the row may run is not known.",
			"validate again in some minutes; if it stays so, open the user in the Entra admin center and give the request id to the service's support, and run the others with --skip-invalid"),
		mistake("user.disabled", "the user's account is disabled",
			"A Cloud PC could be provisioned, but its user could not sign in.",
			"enable the account in Entra ID, or take the row out of the wave"),
		mistake("user.no-usage-location", "the user has no usage location",
			"Entra ID refuses to assign a license to a user without one.",
			"set Usage location in the user's properties in Entra ID (two-letter country)"),
		mistake("user.in-other-run", "another run works on this user",
			"Two runs on one user could import twice. It is told of rows that are open, held or failed in another run of this ledger, and of any whose import may exist although its answer was lost.",
			"use that run's own command: resume continues it, retry gives a failed row a new attempt, reconcile settles a held one").with("status"),
		notice("user.already-migrated", "an earlier run of this ledger migrated the user",
			"The user has the Cloud PC that was made from their disk. The row is left out of this run, so that a wave can be run again for what is left of it.",
			"nothing: the row is done"),
		mistake("user.has-cloud-pc", "the user has a Cloud PC already",
			"A snapshot serves a new Cloud PC only; no second one is provisioned for the same plan.",
			"ask the user and whoever runs Windows 365 in this tenant whether it is in use, and take the row out of the wave as long as it is there; once they have decided, validate again"),
		mistake("user.has-import", "an imported snapshot of this user is there already",
			"The service keeps one import per user and does not overwrite. It may come from an earlier run or from another tool.",
			"ask who sent it (another run, another ledger, a colleague); when it is not wanted, purge removes it as long as it is unused, and one that is still running must end first").with("purge"),
		mistake("user.already-targeted", "the user has the license and is in the policy's group already",
			"Nothing is left to start the provisioning with, and the service may build a Cloud PC from an image before the snapshot is there.",
			"ask who gave them: another ledger or a colleague may wait for the Cloud PC that they start. When nobody does, take the user out of the group, or the license away, before the wave; the run gives it back at the cut-over"),
		caution("user.policy-after-import", "the policy reaches the user after the import", "The user is licensed, so joining the group is the cut-over and comes last. The documented order wants the policy first, and a service that insists on it refuses the import (MissingProvisionPolicy); it is asked once.",
			"nothing when an earlier wave of this tenant ran so; else --trigger relicense keeps the documented order: the license is taken away, the group joined, the disk imported, and the license given back"),
	}
}

func aboutLicenses() []Entry {
	return []Entry{
		mistake("license.unreadable", "what the user is licensed for cannot be read",
			"The service answered with an error for this one user. A license that is there already could start provisioning too early.",
			"validate again in some minutes; if it stays so, give the request id to the service's support, and run the others with --skip-invalid"),
		mistake("license.missing", "the user has no Windows 365 license and the row names none",
			"Without a license nothing is provisioned.",
			"name the SKU part number in the license column, or assign a license in the Microsoft 365 admin center"),
		mistake("license.ambiguous", "it cannot be told which plan the Cloud PC would get",
			"The user holds several Windows 365 plans, or the license names no single disk size. The tool does not guess.",
			"name the SKU in the license column, by its id if the part number is not enough, and remove plans that are not needed"),
		mistake("license.not-enterprise", "the license is not Windows 365 Enterprise",
			"Snapshots can be imported for Enterprise Cloud PCs only, not for Business, Frontline (Flex), Reserve or shared ones.",
			"name an Enterprise SKU of the tenant, such as CPC_E_2C_8GB_128GB; `Get-MgSubscribedSku` lists what it owns"),
		mistake("license.disk-too-small", "the disk is larger than the license's disk",
			"The Cloud PC's disk must be at least as large as the snapshot's virtual size, however little of it is used.",
			"choose a license with a larger disk, or shrink the partition and the disk at the source and take a new snapshot"),
		mistake("license.no-seats", "there are fewer free seats than rows that need one",
			"The last rows of the wave could not be licensed at their cut-over.",
			"buy or free seats in the Microsoft 365 admin center, or make the wave smaller"),
		mistake("license.unknown-sku", "the tenant has no such SKU",
			"The license cell is neither the part number nor the id of a subscription of this tenant.",
			"write a part number that the tenant owns, such as CPC_E_2C_8GB_128GB; `Get-MgSubscribedSku` lists them"),
		mistake("license.not-usable", "the subscription of the license is not in order",
			"It is suspended, locked out or deleted: no seat of it can be assigned, and those that are give no Cloud PC. More seats of it help nothing.",
			"renew or reactivate the subscription in the Microsoft 365 admin center (Billing > Your products), or name another license"),
		caution("license.in-grace", "the subscription of the license has expired",
			"Its seats can still be assigned during the grace period (30 days for most), and the Cloud PCs end with it.",
			"renew the subscription in the Microsoft 365 admin center (Billing > Your products)"),
		caution("license.from-group", "the user's license comes from a group",
			"It cannot be given or taken for this user alone, so it may start the provisioning outside the wave's order.",
			"leave the license column empty for these users, and let the policy's group be what starts the provisioning"),
	}
}

func aboutBlobs() []Entry {
	return []Entry{
		mistake("blob.duplicate", "several users have the same blob",
			"Two users would get the same machine, with one identity.",
			"give each user the disk of their own VM"),
		mistake("blob.not-found", "the blob does not exist",
			"There is nothing to import. Names of blobs are case-sensitive.",
			"copy the path from Storage browser in the Azure portal, and check the storage account in the configuration"),
		mistake("blob.unreadable", "the blob cannot be read now",
			"The storage account answered with an error for this one blob, or its host cannot be reached. Whether the disk is sound is not known.",
			"look at the blob in the Azure portal (encryption, lease, a copy into it), then validate again; run the others with --skip-invalid"),
		mistake("blob.forbidden", "the blob may not be read",
			"The sign-in or the SAS has no right to it, or the account's network rules keep this computer out.",
			"assign Storage Blob Data Reader (and Storage Blob Delegator for signing) on the account, or allow this network; for a SAS, make a new one"),
		mistake("blob.not-page-blob", "the blob is not a page blob",
			"The service imports page blobs only. What Windows 365 itself exports, and most uploads, are block blobs.",
			"copy it again as a page blob: azcopy copy SOURCE TARGET --blob-type PageBlob"),
		mistake("blob.empty", "the blob has no content",
			"There is no disk in it; the copy was created but never started.",
			"copy the disk again from the snapshot"),
		mistake("blob.copy-pending", "the copy into this blob has not ended",
			"An import would take a disk whose end is not there yet.",
			"wait until the copy status is success; if it has failed or was aborted, copy again"),
		caution("blob.leased", "somebody holds a lease on the blob",
			"Reading works, but a lease often means that a copy or another tool is still at work on it.",
			"find out who holds it, or break the lease in the Azure portal when nobody does"),
		mistake("blob.wrong-host", "the URL is not in a storage account of this cloud",
			"The service takes blobs of Azure storage accounts only. The URL of a snapshot export (md-….blob.storage.azure.net) is not one.",
			"copy the export into a container of your own storage account and name that blob"),
		mistake("blob.archived", "the blob is in the archive tier",
			"It cannot be read before it is brought back, which takes hours.",
			"change its tier to Hot and wait until that is done, or copy the disk again as a page blob"),
	}
}

func aboutDisks() []Entry {
	const (
		fixed  = "convert it to a fixed VHD and upload it again as a page blob: Convert-VHD -VHDType Fixed, or qemu-img convert -O vpc -o subformat=fixed,force_size=on"
		copied = "copy the disk again from the snapshot and wait until the copy has succeeded"
	)
	return []Entry{
		mistake("vhd.not-vhd", "the blob is not a VHD",
			"It does not end with the footer of a fixed VHD, so the import would fail with a wrong file format.",
			fixed),
		mistake("vhd.vhdx", "the disk is a VHDX",
			"The service imports fixed VHD files only.",
			fixed),
		mistake("vhd.dynamic", "the disk is a dynamic VHD",
			"The service imports fixed VHD files only.",
			fixed),
		mistake("vhd.differencing", "the disk is a differencing VHD",
			"It holds only the differences to a parent disk.",
			"merge it into its parent (Merge-VHD), then "+fixed),
		mistake("vhd.bad-checksum", "the VHD footer is damaged",
			"The last 512 bytes do not agree with their own checksum; the rest of the copy may be damaged as well.",
			copied),
		mistake("vhd.size-mismatch", "the VHD footer and the blob's length do not agree",
			"The blob must be 512 bytes longer than the disk its footer describes. The file was cut, padded or resized.",
			"copy the disk again from the snapshot, without resizing the blob"),
		mistake("vhd.not-mib-aligned", "the disk is not a whole number of MiB",
			"Azure takes disks of whole MiB only.",
			"resize the disk to the next whole MiB before uploading it (Resize-VHD, or qemu-img resize -f raw) and upload it again"),
		mistake("vhd.two-footers", "the VHD was converted again as if it were raw",
			"The disk ends in the footer of the VHD that it was, and another one follows: it is larger than it should be and mostly not of whole MiB.",
			"upload the VHD from before the second conversion, or convert once from the source"),
		mistake("vhd.trailing-bytes", "something follows the VHD footer",
			"The footer must be the last 512 bytes. Some upload tools fill a file up with zeros.",
			"cut the file behind its footer and upload it again as a page blob; do not convert it, which would make the disk larger than its license"),
		mistake("vhd.unwritten", "the disk is empty but for its footer",
			"Zeros stand where the partition table should be: the upload broke off, or an empty disk was made to copy into.",
			copied),
		mistake("vhd.generation-1", "the disk is of a generation 1 VM",
			"It is partitioned with an MBR. A Cloud PC starts generation 2 disks only: GPT, with an EFI system partition.",
			"convert the disk to GPT (mbr2gpt /convert /allowFullOS), move the VM to generation 2, check that it starts, and take the snapshot again"),
		mistake("vhd.not-windows", "the disk holds another system than Windows",
			"All its partitions are of types that Linux, macOS or BSD use, and none is of the type that Windows is installed on.",
			"check that this is the disk of the user's Windows VM, and put its path into blob; a Cloud PC runs Windows only"),
		caution("vhd.saved-state", "the machine was saved, not shut down, when its disk was written",
			"What was in its memory is not on the disk; Windows starts as after a power failure, or asks for its saved session.",
			"shut the VM down (Stop-VM, or Stop in the portal), wait until it is off, and take the snapshot again"),
		caution("vhd.encrypted", "the disk is encrypted",
			"The key is in the TPM of the VM that it comes from. The Cloud PC has another one: it asks for the recovery key, or does not start.",
			"suspend or turn off BitLocker on the VM (manage-bde -off C:), wait until it is decrypted, and take the snapshot again"),
		caution("vhd.no-efi-partition", "the disk has no EFI system partition",
			"A generation 2 machine starts from that partition. This may be a data disk.",
			"check that the snapshot is the OS disk of a generation 2 VM"),
		mistake("vhd.truncated", "the disk is cut off",
			"Its partition table reaches beyond the end of the blob: the copy is not complete.",
			copied),
		mistake("vhd.is-guest-state", "the blob is a guest state file, not a disk",
			"The export of a Trusted Launch VM gives two files; this is the small one.",
			"put the disk's blob into blob and this one into guest_state_blob"),
		mistake("guest.not-guest-state", "the guest state blob is not a guest state",
			"A Trusted Launch disk needs its own guest state file (VMGS, about 4 MiB); another file makes the import fail.",
			"name the guest state file that was exported with the snapshot (…-gueststate.vhd or .vmgs, about 4 MiB)"),
		mistake("guest.same-as-disk", "disk and guest state are the same blob",
			"They are two files; one of the two cells is wrong.",
			"correct the cell, or leave guest_state_blob empty when the source was no Trusted Launch VM"),
		caution("guest.missing", "a guest state file lies beside the disk, but the row names none",
			"A Trusted Launch disk imported without its guest state fails, or starts without what its TPM held.",
			"name the file in guest_state_blob, or leave it empty if the source was no Trusted Launch VM"),
	}
}

func aboutSignatures() []Entry {
	const again = "make a new read-only SAS, or name the blob without one: the tool then signs by itself"
	return []Entry{
		mistake("sas.malformed", "the SAS cannot be read", "A part that every SAS has is missing or not readable, so the service would refuse it.", again),
		mistake("sas.expired", "the SAS has expired", "The blob can no longer be read with it.", again),
		mistake("sas.expires-too-soon", "the SAS ends before this row's import would",
			"The service copies in the background and needs the SAS until it has ended, in the order in which this wave runs.",
			again+"; 48 hours are usual"),
		mistake("sas.not-yet-valid", "the SAS is not valid yet", "Its start lies in the future; clocks that differ are enough for that.",
			"make a new one that starts 15 minutes in the past, or without a start"),
		mistake("sas.no-read", "the SAS does not allow reading", "The service must read the blob (sp must hold r).", again),
		caution("sas.too-broad", "the SAS allows more than reading this blob", "Whoever gets hold of it can do more than the import needs.", again),
		mistake("sas.http", "the SAS or URL allows http", "The disk would travel unencrypted; the service reads over https.", "make a new SAS with https only, and start the URL with https://"),
		mistake("sas.cross-tenant", "the SAS was signed in another tenant", "The service does not import from storage of another tenant.",
			"copy the disk into a storage account of the tenant that has the Cloud PCs"),
	}
}

func aboutTenant() []Entry {
	return []Entry{
		mistake("policy.not-found", "there is no such provisioning policy", "The cell is neither the display name nor the id of a policy of this tenant.",
			"copy the name from Intune > Windows 365 > Provisioning policies"),
		mistake("policy.unreadable", "the policy's record cannot be read",
			"The service gave it in a form that is not the documented one, so whom it reaches is not known.",
			"open the policy in Intune > Windows 365 and save it again, or name another; give the service's support the request id when it stays so"),
		mistake("policy.ambiguous", "several provisioning policies could make the user's Cloud PC",
			"Either several policies have the name in the cell, or another policy reaches the user as well, through a group that the user is in. Of several policies the one that was assigned first counts, and the service does not tell which one that is.",
			"where several have this name, write the policy's id; where another one reaches the user too, take the user out of that policy's group, or the group out of that policy, before the wave"),
		mistake("policy.not-assigned", "the policy is assigned to no group", "A policy reaches a user through a group; without one nothing is provisioned.",
			"assign the policy to the wave's group in Intune > Windows 365 > Provisioning policies"),
		mistake("policy.several-groups", "the policy is assigned to several groups and the row names none", "The user must join one of them; which one is not for the tool to guess.",
			"name the group in the group column"),
		mistake("policy.shared-type", "the policy is for shared Cloud PCs", "Snapshots can be imported for dedicated Enterprise Cloud PCs only.", "choose a policy of the type dedicated (Enterprise)"),
		caution("policy.image-unsupported", "the policy's image is no longer supported", "Migrated Cloud PCs do not use it, but a later reprovisioning would fail.", "choose a newer image in the policy"),
		mistake("setting.not-snapshot", "the users' setting does not provision from a snapshot", "With it the service would build the Cloud PC from an image and leave the import unused.",
			"let the run create and assign the wave's snapshot setting, or correct the one that is assigned"),
		mistake("setting.conflict", "several user settings reach the user", "They come with the row's group, or with other groups that the user is in. Which of them wins is not documented; the Cloud PC may come from an image.",
			"take the group out of all but one setting for the time of the wave; where another group brings a setting, take the user out of it, or that group out of the setting"),
		caution("setting.shared-with-others", "the snapshot setting also reaches groups that are not in the wave", "Users there who are provisioned meanwhile fall under it as well.",
			"use a setting of the wave's own"),
		mistake("group.not-found", "there is no such group", "The cell is neither the display name nor the id of a group, or not of one that the policy is assigned to.", "copy the name from Entra ID > Groups"),
		mistake("group.unreadable", "the group or its members cannot be read", "The service answered with an error for this one group, so whether users can be added to it, and who is in it, is not known.", "validate again in some minutes; if it stays so, assign the policy to another group"),
		mistake("group.ambiguous", "several groups have the name in the cell", "The policy is assigned to more than one group of this name; which one the user joins is not for the tool to guess.",
			"write the group's object id in the group column, as Entra ID > Groups shows it"),
		mistake("group.mail-enabled", "the group is a mail-enabled one", "Members of distribution lists and mail-enabled security groups are changed in Exchange only.",
			"assign the policy to a security group without mail, or to a Microsoft 365 group"),
		mistake("group.dynamic", "the group's members follow a rule", "The tool cannot add users to it, so it cannot start their provisioning.", "assign the policy to a group with assigned membership"),
		mistake("group.synced", "the group comes from the local directory", "Its members can be changed there only.", "assign the policy to a group made in Entra ID"),
		mistake("group.role-assignable", "roles can be assigned to the group", "Changing its members takes a privileged role, and would hand that role to the wave's users.", "assign the policy to an ordinary security group"),
		caution("group.outsiders", "the group has members who are not in the wave", "The snapshot setting and the policy reach them, too.", "use a group that holds the wave's users and nobody else"),
		mistake("network.unhealthy", "the policy's network connection has failed its checks", "Provisioning on it would fail.",
			"open Intune > Windows 365 > Azure network connection, fix what is red and run the checks again"),
		caution("network.stale", "the network connection's checks are older than six hours", "What they say may no longer hold.", "run the checks again before the wave: Intune > Windows 365 > Azure network connection > Retry"),
		caution("network.few-addresses", "the subnet has few free addresses", "Each try takes a fresh address and gives it back only after hours; three per Cloud PC are a safe reserve.", "enlarge the subnet or make the wave smaller"),
		notice("network.not-the-source", "which network each policy uses", "What a machine reached from the subnet that it came from (file servers, domain controllers, printers), it may not reach from another. The disk does not say where it was.",
			"put the first waves into the subnet that the VMs came from, or check what they need with one user (--canary 1)"),
		caution("import.over-daily-limit", "the wave has more imports than a day is said to allow", "Above some 1,000 imports a day the service answers every further one with 429, refused ones counted. The run then tries one import in a quarter of an hour and continues with everything else, so the wave takes more than a day.",
			"split the wave over several days, or plan for that"),
		mistake("permission.missing", "a permission is missing", "Some step of the run would be refused.", "have the permission named in the message granted and consented to by the role it names, then sign in again"),
		mistake("permission.not-possible", "this sign-in can never hold the permission", "The token belongs to an app of Microsoft's own, such as the Azure CLI's. Such apps have no Cloud PC permissions, and no administrator can add them.",
			"sign in with an app registration of your own: --sign-in client-secret, client-certificate or managed-identity, az login --service-principal, or --sign-in device-code or browser with --client-id of a public client app"),
		mistake("cloud.unsupported", "this cloud has no snapshot import", "The service does not offer it there.", "run the wave in the commercial cloud"),
		mistake("cloud.unreadable", "a list of the tenant could not be read", "The service answered with an error. What hangs on that list was not checked, so the wave does not run.", "validate again in some minutes; the request id helps the service's support"),
		caution("cloud.limited", "snapshot import is not promised in this cloud", "The interface is listed there, but the migration is documented for the commercial cloud only.", "try one user first (--canary 1)"),
	}
}
