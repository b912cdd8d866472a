package preflight_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/preflight"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/wave"
)

// A signature is measured against when its own row is expected to run, not against now: of five rows with the same
// end, those that start late are in trouble, and more slots or another order change which.
func TestCheck_expiryByPlace(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	names := []string{"ada", "bob", "cyd", "dan", "eve"}
	for _, n := range names {
		person(sc, n) // 64 GiB: reckoned with 32 min 48 s
	}
	s := newStage(t, sc)
	wave := func(life time.Duration, priority map[string]string) string {
		csv := "user,blob,policy,license,priority\n"
		for _, n := range names {
			csv += n + "@" + domain + "," + signed(t, "disks/"+n+".vhd", "r", s.now.Add(life)) + ",P," + sku + "," + priority[n] + "\n"
		}
		return csv
	}
	slots := func(n int) func(*preflight.Input) { return func(in *preflight.Input) { in.Slots = n } }
	for _, tc := range []struct {
		name     string
		life     time.Duration
		slots    int
		priority map[string]string
		want     []string
	}{
		{"long enough for all", 15 * time.Hour, 1, nil, nil},
		{"one after the other", 80 * time.Minute, 1, nil,
			[]string{"2 sas.expires-too-soon w", "3 sas.expires-too-soon w", "4 sas.expires-too-soon", "5 sas.expires-too-soon", "6 sas.expires-too-soon"}},
		{"priority moves a row forward", 80 * time.Minute, 1, map[string]string{"eve": "9"},
			[]string{"2 sas.expires-too-soon w", "3 sas.expires-too-soon", "4 sas.expires-too-soon", "5 sas.expires-too-soon", "6 sas.expires-too-soon w"}},
		{"all at once", 80 * time.Minute, 5, nil,
			[]string{"2 sas.expires-too-soon w", "3 sas.expires-too-soon w", "4 sas.expires-too-soon w", "5 sas.expires-too-soon w", "6 sas.expires-too-soon w"}},
		{"only the last ones are close", 13 * time.Hour, 1, nil, []string{"3 sas.expires-too-soon w", "4 sas.expires-too-soon w", "5 sas.expires-too-soon w", "6 sas.expires-too-soon w"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			res := s.check(wave(tc.life, tc.priority), slots(tc.slots))
			if diff := cmp.Diff(tc.want, brief(res.Findings)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, f := range res.Findings {
				if !strings.Contains(f.Message, "is expected from 20") {
					t.Errorf("%q does not say when the row is expected", f.Message)
				}
			}
		})
	}
}

// What a URL and its signature say about themselves, without asking anybody.
func TestCheck_signatures(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	long := elsewhere("https", "ada")
	for _, tc := range []struct {
		name, url string
		cloud     string
		want      []string
	}{
		{"the key ends before the signature", elsewhere("https", "ada", append(userDelegation(tenantID), "ske", at(-time.Minute))...), "global", []string{"2 sas.expired"}},
		{"bound to addresses", elsewhere("https", "ada", append(userDelegation(tenantID), "ske", at(-time.Minute), "sip", "10.0.0.1-10.0.0.9")...), "global", []string{"2 sas.expired", "2 sas.no-read w"}},
		{"another host", strings.Replace(long, "waveaccount.blob.core.windows.net", "files.example.com", 1), "global", []string{"2 blob.wrong-host"}},
		{"the export of a managed disk", strings.Replace(long, "waveaccount.blob.core.windows.net", "md-hdd-abc.z12.blob.storage.azure.net", 1), "global", []string{"2 blob.wrong-host"}},
		{"an old one", strings.Replace(long, "waveaccount.", "md-abc.", 1), "global", []string{"2 blob.wrong-host"}},
		{"a host that only looks like one", strings.Replace(long, "windows.net", "windows.net.example.com", 1), "global", []string{"2 blob.wrong-host"}},
		{"the host of another cloud", long, "usgov", []string{"0 cloud.limited w", "2 blob.wrong-host"}},
		{"any other host than the sandbox", long, "sandbox", []string{"2 blob.wrong-host"}},
		{"all at once", elsewhere("http", "ada", "sp", "l", "st", at(time.Hour)), "global",
			[]string{"2 sas.http", "2 sas.no-read", "2 sas.not-yet-valid"}},
		{"rights that change something, and http allowed", elsewhere("https", "ada", "sp", "dw", "spr", "https,http"), "global",
			[]string{"2 sas.http w", "2 sas.no-read", "2 sas.too-broad w"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sc := newScenario()
			sc.Users, sc.Blobs = []scenario.User{{UPN: "ada"}}, []scenario.Blob{{Path: "disks/ada.vhd", GiB: 64}}
			s := newStage(t, sc)
			res := s.check(head+ada+",\""+tc.url+"\",P,"+sku+"\n", func(in *preflight.Input) { in.Cloud = tc.cloud })
			if diff := cmp.Diff(tc.want, brief(res.Findings)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if f := res.Findings[len(res.Findings)-1]; strings.Contains(tc.url, "example.com") && !strings.Contains(f.Message, "which is not a host of Azure Storage") {
				t.Errorf("the host is said to be an account: %s", f.Message)
			}
			for kind, n := range s.sent.n {
				if kind != "graph" && kind != "sandbox" {
					t.Errorf("%d requests of kind %s went out", n, kind)
				}
			}
			for _, f := range res.Findings {
				if f.Severity == wave.Error && !res.Bad[0] && f.Line == 2 {
					t.Error("the row may run")
				}
			}
		})
	}
}
