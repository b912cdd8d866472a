// Package blobtest is for tests: a real Azurite, and the account that it shares with the sandbox. No product code may import it.
package blobtest

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

// The account that Azurite and the sandbox share, with its published key.
const (
	Account = "devstoreaccount1"
	Key     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// AzureClient is the ordinary Azure client of the account at root, with its published key.
func AzureClient(t testing.TB, root string) *service.Client {
	t.Helper()
	cred, err := service.NewSharedKeyCredential(Account, Key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := service.NewClientWithSharedKeyCredential(root, cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
