package wave_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/wave"
)

// The codes are a promise to scripts: none may go or change its grade unnoticed. "w" is a warning.
const promised = `
csv.syntax csv.encoding csv.garbled-text csv.not-a-header csv.missing-column csv.unknown-column csv.empty csv.value-missing csv.value-bad
user.duplicate user.not-found user.unreadable user.disabled user.no-usage-location user.in-other-run user.has-cloud-pc user.has-import user.already-targeted
license.unreadable license.missing license.ambiguous license.not-enterprise license.disk-too-small license.no-seats license.unknown-sku license.not-usable license.in-grace:w license.from-group:w
blob.duplicate blob.not-found blob.unreadable blob.forbidden blob.not-page-blob blob.empty blob.copy-pending blob.leased:w blob.wrong-host blob.archived
vhd.not-vhd vhd.vhdx vhd.dynamic vhd.differencing vhd.bad-checksum vhd.size-mismatch vhd.not-mib-aligned vhd.two-footers vhd.trailing-bytes vhd.unwritten vhd.generation-1 vhd.encrypted:w vhd.no-efi-partition:w
vhd.truncated vhd.is-guest-state
guest.not-guest-state guest.same-as-disk guest.missing:w
sas.malformed sas.expired sas.expires-too-soon sas.not-yet-valid sas.no-read sas.too-broad:w sas.http sas.cross-tenant
policy.not-found policy.unreadable policy.ambiguous policy.not-assigned policy.several-groups policy.shared-type policy.image-unsupported:w
setting.not-snapshot setting.conflict setting.shared-with-others:w
group.not-found group.unreadable group.ambiguous group.mail-enabled group.dynamic group.synced group.role-assignable group.outsiders:w
network.unhealthy network.stale:w network.few-addresses:w
permission.missing permission.not-possible cloud.unsupported cloud.unreadable cloud.limited:w`

func TestExplain(t *testing.T) {
	t.Parallel()
	var got []string
	for _, code := range wave.Codes() {
		e, ok := wave.Explain(code)
		if !ok || e.Code != code || len(e.Title) < 10 || len(e.Meaning) < 25 || len(e.Remedy) < 20 {
			t.Errorf("%s says too little: %+v", code, e)
		}
		if strings.HasSuffix(e.Title, ".") || strings.HasSuffix(e.Remedy, ".") || !strings.HasSuffix(e.Meaning, ".") {
			t.Errorf("%s: full stops: %+v", code, e)
		}
		switch e.Severity {
		case wave.Warning:
			code += ":w"
		case wave.Error:
		default:
			t.Errorf("%s has severity %q", code, e.Severity)
		}
		got = append(got, code)
	}
	if diff := cmp.Diff(strings.Fields(promised), got); diff != "" {
		t.Errorf("(-promised +got):\n%s", diff)
	}
	if _, ok := wave.Explain("csv.nonsense"); ok {
		t.Error("an unknown code is explained")
	}
}

func TestNewFinding(t *testing.T) {
	t.Parallel()
	got := wave.NewFinding("blob.leased", 7, "blob", "a@contoso.com", "https://x/v/a?sig=abc", "https://x/v/a?sig=abc is leased")
	e, _ := wave.Explain("blob.leased")
	want := wave.Finding{Severity: wave.Warning, Code: "blob.leased", Line: 7, Column: "blob", User: "a@contoso.com",
		Value: "https://x/v/a", Message: "https://x/v/a", Hint: e.Remedy}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f := wave.NewFinding("no.such-code", 0, "", "", "", "m"); f.Severity != wave.Error || f.Hint != "" {
		t.Errorf("%+v", f)
	}
}
