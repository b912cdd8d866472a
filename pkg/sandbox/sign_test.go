package sandbox_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"wave365/pkg/sandbox"
)

// sign gives the blob's URL with a signature of six hours, read-only unless rights are given.
func sign(t *testing.T, root, blob string, now time.Time, rights ...string) string {
	t.Helper()
	return signFor(t, root, sandbox.Account, blob, now, rights...)
}

// signFor is [sign] for a blob of another account.
func signFor(t *testing.T, root, account, blob string, now time.Time, rights ...string) string {
	t.Helper()
	key, err := azblob.NewSharedKeyCredential(account, sandbox.AccountKey)
	if err != nil {
		t.Fatal(err)
	}
	container, name, _ := strings.Cut(blob, "/")
	q, err := sas.BlobSignatureValues{
		Protocol: sas.ProtocolHTTPSandHTTP, StartTime: now.Add(-5 * time.Minute).UTC(), ExpiryTime: now.Add(6 * time.Hour).UTC(),
		Permissions: strings.Join(append(rights, "r")[:1], ""), ContainerName: container, BlobName: name,
	}.SignWithSharedKey(key)
	if err != nil {
		t.Fatal(err)
	}
	u := url.URL{Path: "/" + account + "/" + blob, RawQuery: q.Encode()}
	return root + u.String()
}

// everyFile is the text of all files of a folder.
func everyFile(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}
