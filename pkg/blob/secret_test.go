package blob_test

import (
	"strings"
	"testing"
)

const (
	azure = "https://contoso.blob.core.windows.net"
	local = "http://127.0.0.1:10000/devstoreaccount1"
	query = "sv=2024-11-04&sr=b&sp=r&st=2026-11-20T00:00:00Z&se=2026-11-25T00%3A00%3A00Z&spr=https&sig=S3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tA%3D"
)

func noSecret(t testing.TB, text string) {
	t.Helper()
	for _, secret := range []string{"S3cr3tS3cr3t", "sig=", query} {
		if strings.Contains(text, secret) {
			t.Errorf("%q shows in:\n%s", secret, text)
		}
	}
}
