package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "wave365"

// room is one row of the layout: a folder under pkg/ with everything below it.
type room struct {
	name string
	// not names what the room must not know even though the order of rows would allow it.
	not []ban
	// but names what is allowed all the same, although a ban covers it.
	but []string
}

// ban is an import path, with everything below it, and why it is not to be imported.
type ban struct{ path, why string }

// rooms lists the layout from the bottom up: a room imports only itself and rooms above it in this list.
func rooms() []room {
	const (
		wire     = "it is a thin client of one service; it knows neither waves nor what comes next"
		values   = "what was read is handed in, so that a file on disk, a blob and a test are all the same to it"
		pure     = "times, rows and answers are handed in, so that the whole journey can be tested as values"
		account  = "a report is written from what was recorded and handed in; it never asks again, so it says the same every time"
		view     = "a view draws what it is told; if it could look things up it would soon decide things"
		driver   = "it gets through any wave of any steps, which is how its tests run whole nights in memory; what it needs it declares as an interface"
		history  = "the ledger records what happened; what to do next is decided elsewhere"
		imposter = "a sandbox built with our own clients would share their mistakes and hide them"
		chain    = "it links any entries to one another; what they mean is their writer's"
		reckoned = "sizes and times are handed in, so that one model answers before, during and after the same way"
		told     = "how a run stands is said from values that were read, so that terminal, page and file say the same"
		session  = "a worker without a terminal drives runs too; what a person sees, types or interrupts ends in cmd"
		messages = "who succeeded is read from the summary; a message only says it"
		jobs     = "one job is one run; what is done for its rows is the run's"
	)
	pkg := func(why string, names ...string) (list []ban) {
		for _, n := range names {
			list = append(list, ban{module + "/pkg/" + n, why})
		}
		return list
	}
	std := func(why string, paths ...string) (list []ban) {
		for _, p := range paths {
			list = append(list, ban{p, why})
		}
		return list
	}
	return []room{
		{name: "fault", not: std("errors are values; they do no I/O", "os", "net", "log", "log/slog")},
		{name: "wave", not: std(values, "os", "net", "io/ioutil")},
		{name: "vhd", not: append(std(values, "os", "net", "io/ioutil"), pkg("a disk knows nothing of the file that names it", "wave")...)},
		{name: "migration", not: append(std(pure, "os", "net"), pkg(pure, "wave", "vhd")...)},
		{name: "audit", not: append(std(chain, "os", "net"), pkg(chain, "wave", "vhd", "migration")...)},
		{name: "estimate", not: append(std(reckoned, "os", "net"), pkg(reckoned, "wave", "vhd")...)},
		{name: "cloud", not: pkg("the pipeline carries any request; it does not know what for", "wave", "vhd", "migration")},
		{name: "graph", not: pkg(wire, "wave", "vhd", "migration")},
		{name: "blob", not: pkg(wire, "wave", "vhd", "migration", "graph")},
		{name: "pilot", not: append(std("it reads a recording; it asks nobody", "os", "net"), pkg("it reads a recording; it asks nobody", "wave", "vhd", "migration", "graph", "blob")...)},
		{name: "preflight"},
		{name: "playbook", not: append(std("one row or one batch at a time; the runner says how many at once", "golang.org/x/sync", "golang.org/x/time"),
			pkg("checks are made before the run; a step looks for itself", "preflight")...),
			but: []string{module + "/pkg/preflight/rules"}}, // what validation and the run must agree on, as pure rules
		{name: "tenantcare", not: pkg("it cares for the tenant between the waves; the rows of a wave are the playbook's", "preflight", "playbook"),
			but: []string{module + "/pkg/preflight/plans", module + "/pkg/preflight/rules"}}, // pure rules, each in one place
		{name: "ledger", not: pkg(history, "vhd", "cloud", "graph", "blob", "preflight", "playbook"),
			but: []string{module + "/pkg/cloud/signin", module + "/pkg/cloud/clouds"}}, // a database of Azure takes a token in place of a password
		{name: "runner", not: pkg(driver, "wave", "vhd", "graph", "blob", "preflight", "playbook", "tenantcare", "ledger")},
		{name: "summary", not: append(std(told, "os", "net", "html/template"), pkg(told, "vhd", "cloud", "graph", "blob", "preflight", "playbook", "tenantcare", "ledger", "runner")...),
			but: []string{module + "/pkg/cloud/redact"}},
		{name: "report", not: pkg(account, "vhd", "cloud", "graph", "blob", "preflight", "playbook", "tenantcare", "ledger", "runner"),
			but: []string{module + "/pkg/cloud/redact"}}, // the last look for secrets before a file is written
		{name: "progress", not: pkg(view, "wave", "vhd", "cloud", "graph", "blob", "preflight", "playbook", "tenantcare", "ledger", "runner", "report")},
		{name: "notify", not: pkg(messages, "wave", "vhd", "blob", "preflight", "playbook", "tenantcare", "ledger", "runner", "report", "progress")},
		{name: "run", not: append(std(session, "os/signal", "os/exec", "flag", "golang.org/x/term"), pkg(session, "report", "progress", "notify")...)},
		{name: "fleet", not: pkg(jobs, "wave", "vhd", "graph", "blob", "preflight", "playbook", "tenantcare", "runner", "report", "progress"),
			but: []string{module + "/pkg/wave/yamltext"}}, // how a file is read safely
		{name: "sandbox", not: pkg(imposter, "wave", "cloud", "graph", "blob", "preflight", "playbook", "ledger", "runner", "summary", "report", "progress", "run"),
			but: []string{module + "/pkg/wave/yamltext"}}, // how a file is read safely is no mistake of a client
	}
}

// fence keeps a library or a part of the standard library inside the rooms that exist for it.
type fence struct {
	paths []string
	// inside names rooms; "cmd" is the command.
	inside []string
	why    string
	// but names single packages that may all the same.
	but []string
}

func fences() []fence {
	return []fence{
		{[]string{"github.com/spf13"}, []string{"cmd"}, "flags and commands end in cmd; packages take values", nil},
		{[]string{"net/http"}, []string{"cloud", "graph", "blob", "sandbox"}, "HTTP statuses become faults in the clients; no one else looks at them",
			[]string{module + "/pkg/progress/live", // it serves a page to browsers on this machine and is no client of anything
				module + "/pkg/fleet/monitor",    // it serves numbers
				module + "/pkg/notify/webhook"}}, // it posts to an address that is none of the services'; what it answers becomes a fault there
		{[]string{"database/sql", "modernc.org/sqlite", "github.com/pressly/goose"}, []string{"ledger"}, "only the ledger knows that it is SQLite", nil},
		{[]string{"github.com/jackc/pgx"}, []string{"ledger", "fleet"}, "only the ledger and the queue of its jobs know that there may be PostgreSQL", nil},
		{[]string{"github.com/Azure/azure-sdk-for-go/sdk/azidentity"}, []string{"cloud"}, "sign-in happens in one place", nil},
		{[]string{"github.com/Azure/azure-sdk-for-go/sdk/storage"}, []string{"blob"}, "only the blob client knows the storage SDK", nil},
		{[]string{"github.com/wneessen/go-mail"}, []string{"notify"}, "only the mail channel knows the mail library", nil},
		{[]string{"github.com/valyala/quicktemplate"}, []string{"report"}, "only the report's page is made of templates that are compiled", nil},
		{[]string{"text/template", "html/template"}, nil, "they reach methods by name, for which the linker keeps every method of the program: 3.6 MB",
			[]string{module + "/pkg/notify/template"}}, // it reads their syntax, and runs it itself
		{[]string{"os/signal"}, []string{"cmd"}, "signals are turned into cancelled contexts in cmd", nil},
		{[]string{"testing", "net/http/httptest"}, nil, "test code must not be linked into the program", nil},
	}
}

// TestWalls checks the layout: who may import whom, and why not.
func TestWalls(t *testing.T) {
	t.Parallel()
	for _, goos := range []string{"linux", "windows", "darwin"} {
		t.Run(goos, func(t *testing.T) {
			t.Parallel()
			pkgs := list(t, goos)
			if len(pkgs) < 5 {
				t.Fatalf("go list found %d packages; the walls were not checked", len(pkgs))
			}
			for _, p := range pkgs {
				for _, complaint := range p.complaints() {
					t.Errorf("%s: %s", p.ImportPath, complaint)
				}
			}
		})
	}
}

// TestWalls_complain checks the checker: what must not pass does not, and what may does.
func TestWalls_complain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want string }{
		{"pkg/graph", "wave365/pkg/runner", "stands below"},
		{"pkg/graph/odata", "wave365/pkg/report", "stands below"},
		{"pkg/runner", "wave365/pkg/graph/odata", "gets through any wave"},
		{"pkg/playbook", "golang.org/x/sync/errgroup", "how many at once"},
		{"pkg/report", "wave365/pkg/sandbox/scenario", "only cmd and tests"},
		{"pkg/report", "github.com/spf13/cobra", "flags and commands"},
		{"pkg/progress", "net/http", "HTTP statuses"},
		{"pkg/progress/live", "net/http", ""},
		{"pkg/progress/live", "wave365/pkg/report", "a view draws"},
		{"cmd/wave365", "net/http/httputil", "HTTP statuses"},
		{"pkg/sandbox/blobapi", "wave365/pkg/blob", "share their mistakes"},
		{"pkg/report", "database/sql", "SQLite"},
		{"cmd/wave365", "modernc.org/sqlite", "SQLite"},
		{"pkg/vhd", "os", "handed in"},
		{"pkg/migration", "os/exec", "handed in"},
		{"pkg/wave", "net", "handed in"},
		{"pkg/fault", "log/slog", "no I/O"},
		{"pkg/runner", "testing/synctest", "test code"},
		{"pkg/runner", "wave365/pkg/ledger/ledgertest", "exists for tests"},
		{"pkg/fault", "wave365/cmd/wave365", "nothing imports the command"},
		{"pkg/surprise", "fmt", "not a room"},
		{"reports/friday", "fmt", "not a room"},
		{"pkg/run", "os/signal", "without a terminal"},
		{"pkg/run", "wave365/pkg/progress", "without a terminal"},
		{"pkg/run", "wave365/pkg/playbook", ""},
		{"pkg/summary", "wave365/pkg/ledger", "from values that were read"},
		{"pkg/summary", "wave365/pkg/report", "stands below"},
		{"pkg/notify", "wave365/pkg/summary", ""},
		{"pkg/tenantcare", "wave365/pkg/playbook", "the playbook's"},
		{"pkg/fleet", "wave365/pkg/run", ""},
		{"pkg/audit", "wave365/pkg/migration", "what they mean"},
		{"cmd/wave365", "wave365/pkg/sandbox", ""},
		{"cmd/wave365", "github.com/spf13/cobra", ""},
		{"pkg/report", "wave365/pkg/cloud", "never asks again"},
		{"pkg/report", "wave365/pkg/cloud/redact", ""},
		{"pkg/summary", "html/template", "how a run stands"},
		{"pkg/summary", "wave365/pkg/ledger", "how a run stands"},
		{"pkg/progress", "wave365/pkg/summary", ""},
		{"pkg/summary", "wave365/pkg/report", "stands below"},
		{"pkg/wave", "net/url", ""},
		{"pkg/graph/odata", "wave365/pkg/graph", ""},
		{"pkg/graph/odata", "net/http", ""},
		{"pkg/ledger/ledgertest", "testing", ""},
		{"pkg/playbook", "wave365/pkg/blob", ""},
	} {
		got := listed{ImportPath: module + "/" + c.from, Imports: []string{c.to}}.complaints()
		if all := strings.Join(got, "; "); (all == "") != (c.want == "") || !strings.Contains(all, c.want) {
			t.Errorf("%s importing %s: got %q, want a complaint with %q", c.from, c.to, all, c.want)
		}
	}
}

// TestClocks checks that the rooms that must not read the clock do not, that no one sleeps where a context should be
// listened to, and that tests sleep in a synctest bubble only.
func TestClocks(t *testing.T) {
	t.Parallel()
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}
	why := map[string]string{
		"fault":     "errors are values",
		"vhd":       "a disk's bytes say the same at any time",
		"migration": "a journey gets its times as arguments, so that it can be replayed",
		"audit":     "an entry's time is handed in",
		"estimate":  "the same question asked twice has the same answer",
		"summary":   "what is said of a run is true for the moment it was read for",
		"report":    "a report written twice from the same facts must be the same",
	}
	for _, p := range list(t, "linux") {
		for _, f := range p.GoFiles {
			used, _ := timeCalls(t, filepath.Join(p.Dir, f))
			for _, name := range used {
				if reason, ok := why[roomOf(p.ImportPath)]; ok && slices.Contains(clock, name) {
					t.Errorf("%s/%s uses time.%s, but %s", p.ImportPath, f, name, reason)
				} else if name == "Sleep" && !strings.HasSuffix(p.ImportPath, "test") {
					t.Errorf("%s/%s uses time.Sleep, but a wait must end when its context does", p.ImportPath, f)
				}
			}
		}
		for _, f := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			if used, bubble := timeCalls(t, filepath.Join(p.Dir, f)); slices.Contains(used, "Sleep") && !bubble {
				t.Errorf("%s/%s sleeps in real time, which is slow on a good day and fails on a bad one; use testing/synctest", p.ImportPath, f)
			}
		}
	}
}

// timeCalls lists what a file uses of package time, and says whether it imports testing/synctest.
func timeCalls(t *testing.T, path string) (used []string, bubble bool) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return nil, false
	}
	for _, i := range file.Imports {
		bubble = bubble || i.Path.Value == `"testing/synctest"`
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
				used = append(used, s.Sel.Name)
			}
		}
		return true
	})
	return used, bubble
}

// listed is what go list says about a package.
type listed struct {
	ImportPath, Dir                    string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports                            []string
}

func list(t *testing.T, goos string) []listed {
	t.Helper()
	// Without -deps go list reads our own files only: quick, and no network.
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles,Imports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0", "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// complaints says what is wrong with a package's imports. Test files may import what they like.
func (p listed) complaints() (list []string) {
	say := func(format string, a ...any) { list = append(list, fmt.Sprintf(format, a...)) }
	layout := rooms()
	rank := func(name string) int { return slices.IndexFunc(layout, func(r room) bool { return r.name == name }) }
	name := roomOf(p.ImportPath)
	mine := rank(name)
	if mine < 0 && name != "cmd" {
		say("%s is not a room of the layout; give it a row in rooms() that says what it may not know", p.ImportPath)
		return list
	}
	for _, path := range p.Imports {
		if theirs := roomOf(path); theirs != "" && theirs != name {
			switch {
			case theirs == "cmd":
				say("imports %s, but nothing imports the command", path)
			case name != "cmd" && theirs == "sandbox":
				say("imports %s, but the program must not depend on the tenant it rehearses with; only cmd and tests start it", path)
			case name != "cmd" && rank(theirs) > mine:
				say("imports %s, but pkg/%s stands below pkg/%s in the layout and may only be imported from there on", path, theirs, name)
			}
		}
		if strings.HasPrefix(path, module+"/") && strings.HasSuffix(path, "test") && !strings.HasSuffix(p.ImportPath, "test") {
			say("imports %s, but that exists for tests", path)
		}
		if mine >= 0 && !strings.HasSuffix(p.ImportPath, "test") { // a stage for tests holds what stands on both sides of a wall
			for _, b := range layout[mine].not {
				if within(path, b.path) && !slices.Contains(layout[mine].but, path) {
					say("imports %s, but %s", path, b.why)
				}
			}
		}
		for _, f := range fences() {
			if strings.HasSuffix(p.ImportPath, "test") && slices.Contains(f.paths, "testing") {
				continue
			}
			if slices.ContainsFunc(f.paths, func(fp string) bool { return within(path, fp) }) && !slices.Contains(f.inside, name) && !slices.Contains(f.but, p.ImportPath) {
				say("imports %s, but %s", path, f.why)
			}
		}
	}
	return list
}

// roomOf names the room that a package belongs to; "" when it is not ours.
func roomOf(path string) string {
	rest, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return ""
	}
	if rest == "cmd/wave365" || strings.HasPrefix(rest, "cmd/wave365/") {
		return "cmd"
	}
	if inside, ok := strings.CutPrefix(rest, "pkg/"); ok {
		name, _, _ := strings.Cut(inside, "/")
		return name
	}
	return rest
}

// within reports whether path is root or below it. net/url and net/netip are no part of net here: they only read text.
func within(path, root string) bool {
	if root == "net" && (path == "net/url" || path == "net/netip") {
		return false
	}
	return path == root || strings.HasPrefix(path, root+"/")
}
