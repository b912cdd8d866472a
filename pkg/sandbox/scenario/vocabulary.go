package scenario

// BlobKinds are the kinds of content that a blob without a file can have.
var BlobKinds = []string{"fixed", "dynamic", "differencing", "vhdx", "guest-state", "raw", "empty", "block-blob",
	"generation-1", "data-disk", "linux", "qcow2", "vmdk", "zip", "gzip", "iso"}

// BlobFaults are the ways to spoil a blob, the disks first, then the blobs.
var BlobFaults = []string{"no-gpt", "no-efi-partition", "bad-checksum", "size-mismatch", "truncated", "not-mib-aligned",
	"trailing-bytes", "two-footers", "unwritten", "encrypted", "leased", "copy-pending", "archived", "forbidden"}

// DevelopmentAccount exists in every scenario.
const DevelopmentAccount = "devstoreaccount1"

// EventKinds are what [Event] can do.
var EventKinds = []string{"rename", "disable", "delete-user", "give-license", "take-license", "join", "leave", "give-import", "purge-import",
	"give-cloud-pc", "end-cloud-pc", "reprovision", "write-blob"}

// FaultKinds are the kinds of [Fault], those that spoil an answer first, then those that the tenant itself acts on.
var FaultKinds = []string{"drop-reply", "reset", "status", "delay", "retry-after", "malformed", "next-link", "lag", "flip-flop", "reuse-id", "expire-import", "quota"}

// ImageErrors are the error codes with which creating a custom image fails (cloudPcDeviceImageErrorCode).
var ImageErrors = []string{"internalServerError", "sourceImageNotFound", "osVersionNotSupported", "sourceImageInvalid",
	"sourceImageNotGeneralized", "vmAlreadyAzureAdjoined", "paidSourceImageNotSupport", "sourceImageNotSupportCustomizeVMName",
	"sourceImageSizeExceedsLimitation"}
