package doctor_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/preflight/doctor"
)

var (
	denied = fault.New(fault.Denied, "graph.denied", "refused", "")
	gone   = fault.New(fault.Unavailable, "cloud.unreachable", "cannot reach x: no such host", "check the network")
)

// TestLines: each rule's grades, what it says, and that whatever is not good says what to do.
func TestLines(t *testing.T) {
	t.Parallel()
	who := doctor.Identity{Method: "client-secret", App: "app-1", Tenant: "t-1"}
	listing := doctor.Identity{Granted: []string{"cloudpc.readwrite.all"}}
	need := doctor.Need{Permission: "CloudPC.ReadWrite.All", Purpose: "to import"}
	tried := func(err error) []doctor.Need {
		return []doctor.Need{{Permission: "CloudPC.Read.All", Purpose: "Cloud PCs", Tried: true, Err: err}}
	}
	one := func(l doctor.Line) []doctor.Line { return []doctor.Line{l} }
	for _, c := range []struct {
		name  string
		lines []doctor.Line
		want  doctor.Grade
		says  string
	}{
		{"host answers", one(doctor.Reach("graph", 80*time.Millisecond, nil)), doctor.Good, "after 80 ms"},
		{"host slow", one(doctor.Reach("graph", 3*time.Second, nil)), doctor.Warning, "after 3.0 s"},
		{"host gone", one(doctor.Reach("graph", 0, gone)), doctor.Bad, "no such host"},
		{"host gone without a word", one(doctor.Reach("graph", 0, errors.New("x"))), doctor.Bad, "x"},
		{"sign-in", doctor.SignIn(who, "t-1", true, "Contoso (t-1)", nil), doctor.Good, "an application by client-secret, app (app-1)"},
		{"another tenant", doctor.SignIn(who, "t-2", false, "Contoso (t-1)", nil), doctor.Bad, "--tenant names t-2, but this sign-in is in Contoso (t-1)"},
		{"no tenant named", doctor.SignIn(who, "", false, "Contoso (t-1)", nil), doctor.Warning, "no --tenant names it"},
		{"sign-in failed", doctor.SignIn(who, "", false, "", gone), doctor.Bad, "no such host"},
		{"proven by reading", doctor.Permissions(tried(nil), who), doctor.Good, "proven by reading Cloud PCs"},
		{"refused when reading", doctor.Permissions(tried(denied), listing), doctor.Bad, "refused when reading"},
		{"read failed otherwise", doctor.Permissions(tried(gone), who), doctor.Warning, "not proven"},
		{"listed", doctor.Permissions([]doctor.Need{need}, listing), doctor.Good, "listed in the token"},
		{"not listed", doctor.Permissions([]doctor.Need{{Permission: "X.All", Purpose: "to y"}}, listing), doctor.Bad, "not in the token"},
		{"listed by a larger one", doctor.Permissions([]doctor.Need{{Permission: "X.All", Also: []string{"CloudPC.ReadWrite.All"}}}, listing), doctor.Good, "listed"},
		{"not listed, and smaller than a wave", doctor.Permissions([]doctor.Need{{Permission: "Mail.Send", Optional: true}}, listing), doctor.Warning, "not in the token"},
		{"a token that tells nothing", doctor.Permissions([]doctor.Need{need}, who), doctor.Warning, "the token lists no permissions"},
		{"a sandbox", doctor.Permissions([]doctor.Need{need}, doctor.Identity{Rehearsal: true}), doctor.Good, "a sandbox"},
		{"clock", one(doctor.Clock(-20 * time.Second)), doctor.Good, "within 20 s"},
		{"clock off", one(doctor.Clock(-2 * time.Minute)), doctor.Warning, "2 min off"},
		{"clock far off", one(doctor.Clock(time.Hour)), doctor.Bad, "1 h 00 min off"},
		{"imports", one(doctor.Imports(799)), doctor.Good, "799 of about 1000"},
		{"imports nearly used up", one(doctor.Imports(800)), doctor.Warning, "800 of about 1000"},
		{"nothing left over", doctor.Leftovers(nil, nil), doctor.Good, "none"},
		{"left over", doctor.Leftovers([]doctor.Setting{{Name: "wave365 r1", Run: "r1"}}, nil), doctor.Warning, "wave365 r1 still builds from snapshots"},
		{"left over by nobody known", doctor.Leftovers([]doctor.Setting{{Name: "wave365 r9"}}, nil), doctor.Warning, "no run of this ledger made it"},
		{"no account", doctor.StorageLines(doctor.Storage{}), doctor.Warning, "no storage account given"},
		{"storage", doctor.StorageLines(doctor.Storage{Account: "a", Read: fault.New(fault.NotFound, "", "no container", "")}), doctor.Good, "can be read"},
		{"storage shut", doctor.StorageLines(doctor.Storage{Account: "a", Read: denied}), doctor.Bad, "refused"},
		{"no signing", doctor.StorageLines(doctor.Storage{Account: "a", Sign: denied}), doctor.Bad, "refused"},
		{"no ledger yet", doctor.LedgerLines(doctor.Ledger{Path: "l.db", Free: 50 << 30}), doctor.Good, "50.0 GiB free"},
		{"little room", doctor.LedgerLines(doctor.Ledger{Path: "l.db", Free: 500 << 20}), doctor.Warning, "0.5 GiB free"},
		{"no room", doctor.LedgerLines(doctor.Ledger{Path: "l.db", Free: 10 << 20}), doctor.Bad, "0.0 GiB free"},
		{"synced", doctor.LedgerLines(doctor.Ledger{Path: "l.db", Free: -1, Refused: "a folder that OneDrive synchronizes"}), doctor.Bad, "OneDrive"},
		{"damaged", doctor.LedgerLines(doctor.Ledger{Path: "l.db", Free: -1, Exists: true, Open: fault.New(fault.Internal, "ledger.damaged", "damaged", "copy it")}), doctor.Bad, "damaged"},
		{"ssh", one(doctor.TerminalLine(doctor.Terminal{IsTerminal: true, Remote: true, Columns: 80})), doctor.Warning, "a remote session"},
		{"ssh in tmux", one(doctor.TerminalLine(doctor.Terminal{IsTerminal: true, Remote: true, Kept: true, Columns: 80})), doctor.Good, "tmux"},
		{"narrow", one(doctor.TerminalLine(doctor.Terminal{IsTerminal: true, Columns: 50})), doctor.Warning, "50 columns"},
		{"no terminal", one(doctor.TerminalLine(doctor.Terminal{})), doctor.Good, "--yes"},
	} {
		said := ""
		for _, l := range c.lines {
			said += l.Name + ": " + l.Found + "\n"
			if l.Grade != doctor.Good && l.Remedy.Empty() {
				t.Errorf("%s: %q has no remedy", c.name, l.Found)
			}
		}
		if got := doctor.Worst(c.lines); got != c.want || !strings.Contains(said, c.says) {
			t.Errorf("%s: %s, want %s with %q:\n%s", c.name, got, c.want, c.says, said)
		}
	}
}
