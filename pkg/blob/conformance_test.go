package blob_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"wave365/pkg/blob/blobtest"
	"wave365/pkg/sandbox/blobapi"
)

func TestConformanceSandbox(t *testing.T) {
	t.Parallel()
	blobtest.Exercise(t, blobtest.Server{Root: sandbox(t, blobapi.NewStore("", ""))})
}

func TestConformanceAzurite(t *testing.T) {
	t.Parallel()
	blobtest.Exercise(t, blobtest.Server{Root: blobtest.StartAzurite(t)})
}

// sandbox serves the store and gives the account's endpoint.
func sandbox(t testing.TB, store *blobapi.Store) (root string) {
	t.Helper()
	srv := httptest.NewServer(store.Handler(time.Now))
	t.Cleanup(srv.Close)
	return srv.URL + "/" + store.Account()
}
