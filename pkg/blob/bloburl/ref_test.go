package bloburl_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
)

const (
	azure = "https://contoso.blob.core.windows.net"
	local = "http://127.0.0.1:10000/devstoreaccount1"
	sig   = "S3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tA="
	query = "sv=2024-11-04&sr=b&sp=r&st=2026-11-20T00:00:00Z&se=2026-11-25T00%3A00%3A00Z&spr=https&sig=S3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tA%3D"
)

func TestParseRef(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text, root string
		want             bloburl.Ref
		url              string
		signed           bool
	}{
		{"Path", "vhds/alice.vhd", azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "alice.vhd"}, azure + "/vhds/alice.vhd", false},
		{"PathIsLiteral", "vhds/50%25 off.vhd", azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "50%25 off.vhd"}, azure + "/vhds/50%2525%20off.vhd", false},
		{"LeadingSlash", "/vhds/w1/alice.vhd", azure + "/", bloburl.Ref{Root: azure, Container: "vhds", Name: "w1/alice.vhd"}, azure + "/vhds/w1/alice.vhd", false},
		{"Backslashes", `vhds\w1\alice.vhd`, azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "w1/alice.vhd"}, azure + "/vhds/w1/alice.vhd", false},
		{"PathWithSAS", "vhds/alice.vhd?" + query, azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "alice.vhd"}, azure + "/vhds/alice.vhd", true},
		{"URL", azure + "/vhds/a%20b/%C3%BC.vhd", azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "a b/ü.vhd"}, azure + "/vhds/a%20b/%C3%BC.vhd", false},
		{"EncodedSlash", azure + "/vhds/a%2Fb.vhd", azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "a/b.vhd"}, azure + "/vhds/a/b.vhd", false},
		{"HostWithoutCase", "HTTPS://Contoso.Blob.Core.Windows.net/vhds/A.vhd", azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "A.vhd"}, azure + "/vhds/A.vhd", false},
		{"DefaultPort", "https://contoso.blob.core.windows.net:443/vhds/a.vhd", azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "a.vhd"}, azure + "/vhds/a.vhd", false},
		{"DefaultPortOfAnotherAccount", "https://Other.blob.core.windows.net:443/vhds/a.vhd", azure, bloburl.Ref{Root: "https://other.blob.core.windows.net", Container: "vhds", Name: "a.vhd"}, "https://other.blob.core.windows.net/vhds/a.vhd", false},
		{"DefaultPortWithSAS", "https://contoso.blob.core.windows.net:443/vhds/a.vhd?" + query, azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "a.vhd"}, azure + "/vhds/a.vhd", true},
		{"EmptyPort", "https://contoso.blob.core.windows.net:/vhds/a.vhd?" + query, azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "a.vhd"}, azure + "/vhds/a.vhd", true},
		{"HTTPWithoutSASTakesTheRootsScheme", "http://contoso.blob.core.windows.net/vhds/a.vhd", azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "a.vhd"}, azure + "/vhds/a.vhd", false},
		{"SASURL", azure + "/vhds/a.vhd?" + query, azure, bloburl.Ref{Root: azure, Container: "vhds", Name: "a.vhd"}, azure + "/vhds/a.vhd", true},
		{"OtherAccount", "https://other.blob.core.windows.net/vhds/a.vhd", azure, bloburl.Ref{Root: "https://other.blob.core.windows.net", Container: "vhds", Name: "a.vhd"}, "https://other.blob.core.windows.net/vhds/a.vhd", false},
		{"Loopback", local + "/vhds/a.vhd", azure, bloburl.Ref{Root: local, Container: "vhds", Name: "a.vhd"}, local + "/vhds/a.vhd", false},
		{"Localhost", "http://localhost:10000/devstoreaccount1/vhds/a.vhd", local, bloburl.Ref{Root: "http://localhost:10000/devstoreaccount1", Container: "vhds", Name: "a.vhd"}, "http://localhost:10000/devstoreaccount1/vhds/a.vhd", false},
		{"PathStyleByRoot", "https://azurite.test/acct/vhds/a.vhd", "https://azurite.test/acct", bloburl.Ref{Root: "https://azurite.test/acct", Container: "vhds", Name: "a.vhd"}, "https://azurite.test/acct/vhds/a.vhd", false},
		{"RootContainer", azure + "/$root/a.vhd", azure, bloburl.Ref{Root: azure, Container: "$root", Name: "a.vhd"}, azure + "/$root/a.vhd", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, err := bloburl.Parse(tc.text, tc.root)
			if err != nil {
				t.Fatal(err)
			}
			if r.Root != tc.want.Root || r.Container != tc.want.Container || r.Name != tc.want.Name {
				t.Errorf("ref = %q %q %q", r.Root, r.Container, r.Name)
			}
			if r.URL() != tc.url {
				t.Errorf("URL = %s, want %s", r.URL(), tc.url)
			}
			if (r.SAS() != nil) != tc.signed {
				t.Errorf("SAS = %v", r.SAS())
			}
			if want := tc.url + "?" + query; tc.signed && r.SignedURL() != want {
				t.Error("the signature is not used as it came")
			}
			if !tc.signed && r.SignedURL() != tc.url {
				t.Errorf("SignedURL = %s", r.SignedURL())
			}
		})
	}
}

func TestParseRefRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"Empty": "", "OnlyContainer": "vhds", "NoName": "vhds/", "ContainerURL": azure + "/vhds", "ShortContainer": "ab/x.vhd",
		"CapitalContainer": "VHDs/x.vhd", "DoubleHyphen": "a--b/x.vhd", "Scheme": "ftp://host.test/vhds/x.vhd", "Hostless": "https:///vhds/x.vhd",
		"UserInfo": "https://user:hunter2@contoso.blob.core.windows.net/vhds/x.vhd", "Fragment": azure + "/vhds/x#1.vhd",
		"BadPercent": azure + "/vhds/x%zz.vhd", "Dots": "vhds/../other/x.vhd", "EncodedDots": azure + "/vhds/%2E%2E/x.vhd", "Control": "vhds/x\x01.vhd",
		"NoAccountInPath": "http://127.0.0.1:10000", "LongName": "vhds/" + strings.Repeat("x", 1025), "BrokenText": "vhds/\xff.vhd",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := bloburl.Parse(text, azure)
			f := fault.As(err)
			if f == nil || f.Kind != fault.Invalid || f.Code != "csv.value-bad" || f.Hint == "" {
				t.Errorf("fault = %+v", f)
			}
			if r != (bloburl.Ref{}) {
				t.Errorf("ref = %v beside an error", r)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password shows in %v", err)
			}
		})
	}
	if _, err := bloburl.Parse("vhds/a.vhd", ""); fault.CodeOf(err) != "csv.value-bad" {
		t.Errorf("a path without an account: %v", err)
	}
	if _, err := bloburl.Parse("vhds/a.vhd?what=this", azure); fault.CodeOf(err) != "sas.malformed" {
		t.Errorf("a query that is no SAS: %v", err)
	}
}

func TestRefInAccount(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text, root string
		in         bool
		account    string
		insecure   bool
	}{
		{azure + "/vhds/a.vhd", azure, true, "contoso", false},
		{"http://contoso.blob.core.windows.net/vhds/a.vhd?" + query, azure, true, "contoso", true},
		{"https://contoso2.blob.core.windows.net/vhds/a.vhd", azure, false, "contoso2", false},
		{"https://md-hdd-1.z4.blob.storage.azure.net/abcd/abcd?" + query, azure, false, "md-hdd-1", false},
		{local + "/vhds/a.vhd", local, true, "devstoreaccount1", false},
		{"http://127.0.0.1:10000/otheraccount/vhds/a.vhd", local, false, "otheraccount", false},
		{"http://127.0.0.1:10001/devstoreaccount1/vhds/a.vhd", local, false, "devstoreaccount1", false},
	} {
		r, err := bloburl.Parse(tc.text, tc.root)
		if err != nil {
			t.Fatal(err)
		}
		if r.In(tc.root) != tc.in || r.Account() != tc.account || r.Insecure() != tc.insecure {
			t.Errorf("%v: in %v, account %q, insecure %v", r, r.In(tc.root), r.Account(), r.Insecure())
		}
	}
	if (bloburl.Ref{}).URL() != "" || bloburl.AccountOf("http://127.0.0.1:1") != "" {
		t.Error("nothing has a URL or an account")
	}
}

func TestPrintingARefShowsNoSignature(t *testing.T) {
	t.Parallel()
	r, err := bloburl.Parse(azure+"/vhds/a.vhd?"+query, azure)
	if err != nil {
		t.Fatal(err)
	}
	noSecret(t, shown(t, r))
}

// shown is everything that printing shows of a reference, alone and inside others.
func shown(t testing.TB, r bloburl.Ref) string {
	t.Helper()
	type hidden struct{ r bloburl.Ref }
	asJSON, err := json.Marshal(map[string]any{"ref": r, "sas": r.SAS()})
	if err != nil {
		t.Fatal(err)
	}
	var s bloburl.SAS
	if r.SAS() != nil {
		s = *r.SAS()
	}
	return fmt.Sprintf("%v %+v %#v %s %q\n", r, r, r, r, r) +
		fmt.Sprintf("%v %+v %#v\n", hidden{r}, hidden{r}, &hidden{r}) +
		fmt.Sprintf("%v %+v %#v %v %+v\n", []bloburl.Ref{r}, map[string]any{"r": r}, []*bloburl.Ref{&r}, r.SAS(), struct{ S *bloburl.SAS }{r.SAS()}) +
		fmt.Sprintf("%v %+v %#v %v %+v %#v\n", s, s, s, struct{ s bloburl.SAS }{s}, struct{ s bloburl.SAS }{s}, struct{ s bloburl.SAS }{s}) +
		r.URL() + string(asJSON)
}

func noSecret(t testing.TB, text string) {
	t.Helper()
	for _, secret := range []string{"S3cr3tS3cr3t", "sig=", query} {
		if strings.Contains(text, secret) {
			t.Errorf("%q shows in:\n%s", secret, text)
		}
	}
}
