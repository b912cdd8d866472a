package signin_test

import (
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/cloud/signin"
)

func TestGranted(t *testing.T) {
	t.Parallel()
	token := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	for in, want := range map[string][]string{
		token(`{"roles":["CloudPC.ReadWrite.All","User.Read.All"]}`): {"CloudPC.ReadWrite.All", "User.Read.All"},
		token(`{"scp":"CloudPC.Read.All  openid"}`):                  {"CloudPC.Read.All", "openid"},
		token(`{"aud":"x"}`):     nil,
		token(`{"roles":"odd"}`): nil,
		"sandbox-token":          nil,
		"a.b.c":                  nil,
		"e30." + base64.URLEncoding.EncodeToString([]byte(`{"scp":"a"}`)) + ".": {"a"},
	} {
		if diff := cmp.Diff(want, signin.Granted(in)); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}
