package main

import (
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/spf13/cobra"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
)

// How an import names the blobs that it copies.
const (
	sourceSAS     = "sas"
	sourceAccount = "account"
)

// importSource holds the flags for how an import names its blobs. They are recorded with the run.
type importSource struct {
	// source is sourceSAS or sourceAccount; empty: sourceSAS.
	source string
	// account is the storage account's ARM id; only sourceAccount needs it.
	account string
}

func (s *importSource) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.source, "import-source", sourceSAS, "how imports name the disks: sas, by a read-only signature; or account, by the storage account's id, which the service must be able to read itself")
	f.StringVar(&s.account, "storage-account-id", "", "ARM id of the storage account, for --import-source account: /subscriptions/…/storageAccounts/NAME")
}

// accountID returns the ARM id by which imports name blobs, empty for signatures. blobRoot is the storage account's endpoint,
// which must be of the same account; a sandbox's account has no id of its own and accepts any.
func (s *importSource) accountID(blobRoot string, sandbox bool) (string, error) {
	bad := func(why, hint string) (string, error) {
		return "", usageError{fault.New(fault.Invalid, "usage", why, hint)}
	}
	switch s.source {
	case "", sourceSAS:
		return "", nil
	case sourceAccount:
	default:
		return bad("--import-source: unknown source "+s.source, "use sas or account")
	}
	const shape = "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Storage/storageAccounts/NAME"
	if s.account == "" {
		return bad("--import-source account needs the storage account's ARM id",
			"give --storage-account-id, or storage-account-id in the configuration file; `az storage account show --name NAME --query id` prints it")
	}
	id, err := arm.ParseResourceID(s.account)
	if err != nil || !strings.EqualFold(id.ResourceType.String(), "Microsoft.Storage/storageAccounts") || id.SubscriptionID == "" || id.ResourceGroupName == "" {
		return bad("--storage-account-id "+s.account+" is not the id of a storage account", "write it as "+shape)
	}
	if name := bloburl.AccountOf(blobRoot); !sandbox && !strings.EqualFold(id.Name, name) {
		return bad("--storage-account-id names the account "+id.Name+", but the disks are in "+name, "name the same account in both")
	}
	return id.String(), nil
}
