package catalogue_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault/catalogue"
	"wave365/pkg/fault/catalogue/entry"
	"wave365/pkg/fault/catalogue/findings"
)

// The codes of validation are a promise to scripts: none may go or change its grade unnoticed. "w" is a warning.
const promised = `
csv.syntax csv.encoding csv.garbled-text csv.not-a-header csv.missing-column csv.unknown-column csv.empty csv.too-large csv.value-missing csv.value-bad
user.duplicate user.not-found user.unreadable user.disabled user.no-usage-location user.in-other-run user.already-migrated:i user.has-cloud-pc user.has-import user.already-targeted user.policy-after-import:w
license.unreadable license.missing license.ambiguous license.not-enterprise license.disk-too-small license.no-seats license.unknown-sku license.not-usable license.in-grace:w license.from-group:w
blob.duplicate blob.not-found blob.unreadable blob.forbidden blob.not-page-blob blob.empty blob.copy-pending blob.leased:w blob.wrong-host blob.archived
vhd.not-vhd vhd.vhdx vhd.dynamic vhd.differencing vhd.bad-checksum vhd.size-mismatch vhd.not-mib-aligned vhd.two-footers vhd.trailing-bytes vhd.unwritten vhd.generation-1 vhd.not-windows vhd.saved-state:w vhd.encrypted:w vhd.no-efi-partition:w
vhd.truncated vhd.is-guest-state
guest.not-guest-state guest.same-as-disk guest.missing:w
sas.malformed sas.expired sas.expires-too-soon sas.not-yet-valid sas.no-read sas.too-broad:w sas.http sas.cross-tenant
policy.not-found policy.unreadable policy.ambiguous policy.not-assigned policy.several-groups policy.shared-type policy.image-unsupported:w
setting.not-snapshot setting.conflict setting.shared-with-others:w
group.not-found group.unreadable group.ambiguous group.mail-enabled group.dynamic group.synced group.role-assignable group.outsiders:w
network.unhealthy network.stale:w network.few-addresses:w network.not-the-source:i
import.over-daily-limit:w
permission.missing permission.not-possible cloud.unsupported cloud.unreadable cloud.limited:w`

// code is the form of every code in a family.
var code = regexp.MustCompile(`^[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*$`)

func TestFindings_promised(t *testing.T) {
	t.Parallel()
	var got []string
	for _, family := range findings.All() {
		for _, e := range family {
			c := e.Code
			if e.Notice {
				c += ":i"
			}
			if e.Warning {
				c += ":w"
			}
			got = append(got, c)
		}
	}
	if diff := cmp.Diff(strings.Fields(promised), got); diff != "" {
		t.Errorf("(-promised +got):\n%s", diff)
	}
}

// Each family stands together, each code once, and each entry says something of its own.
func TestAll(t *testing.T) {
	t.Parallel()
	roles := []string{entry.Operator, entry.Admin, entry.Identity, entry.Storage, entry.Licenses, entry.Helpdesk, entry.Support}
	seen, closed, last := map[string]bool{}, map[string]bool{}, ""
	for _, e := range catalogue.All() {
		if !code.MatchString(e.Code) && e.Code != catalogue.Usage && e.Code != catalogue.Nothing || seen[e.Code] {
			t.Errorf("code %q is malformed or there twice", e.Code)
		}
		seen[e.Code] = true
		if e.Family() != last {
			if closed[e.Family()] {
				t.Errorf("%s stands apart from its family", e.Code)
			}
			closed[e.Family()], last = true, e.Family()
		}
		if len(e.Title) < 10 || len(e.Meaning) < 20 || len(e.Remedy) < 10 || !slices.Contains(roles, e.Who) {
			t.Errorf("%s says too little: %+v", e.Code, e)
		}
		if strings.HasSuffix(e.Title, ".") || strings.HasSuffix(e.Remedy, ".") || !strings.HasSuffix(e.Meaning, ".") {
			t.Errorf("%s: full stops: %+v", e.Code, e)
		}
		for _, text := range []string{e.Title, e.Meaning, e.Remedy} {
			if strings.TrimSpace(text) != text || strings.Contains(text, "`wave365") {
				t.Errorf("%s: %q", e.Code, text)
			}
		}
		if found, ok := catalogue.Find(e.Code); !ok || found.Title != e.Title {
			t.Errorf("%s is not found", e.Code)
		}
	}
	if _, ok := catalogue.Find("csv.nonsense"); ok {
		t.Error("an unknown code is explained")
	}
}

// TestAll_isEverything walks the source: no command prints a code that nobody explains, and no entry explains what nobody
// prints.
func TestAll_isEverything(t *testing.T) {
	t.Parallel()
	used := map[string]string{}
	for _, dir := range []string{"pkg", "cmd"} {
		err := filepath.WalkDir(filepath.Join("..", "..", "..", dir), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "catalogue" || d.Name() == "testdata" || strings.HasSuffix(d.Name(), "test")):
				return fs.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, c := range codesIn(file) {
				used[c] = path
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(used) < 200 {
		t.Fatalf("only %d codes were found in the sources: the test looks in the wrong place", len(used))
	}
	for c, path := range used {
		if _, ok := catalogue.Find(c); !ok && c != "vhd.not-gpt" { // a kind of disk that the sandbox can make
			t.Errorf("%s has the code %q, and the catalogue does not explain it: add an entry", path, c)
		}
	}
	for _, e := range catalogue.All() {
		if used[e.Code] == "" && e.Code != catalogue.Usage && e.Code != catalogue.Nothing {
			t.Errorf("the catalogue explains %s, and nothing prints it", e.Code)
		}
	}
}

// codesIn lists the codes of a file: what stands where a code stands, and whatever looks like one of a family there is.
func codesIn(file *ast.File) []string {
	var out []string
	families := map[string]bool{}
	for _, e := range catalogue.All() {
		families[e.Family()] = true
	}
	effects := map[ast.Node]bool{} // names of calls look the same
	literal := func(e ast.Expr) string {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			s, _ := strconv.Unquote(l.Value)
			return s
		}
		return ""
	}
	files := []string{"db", "csv", "html", "json", "jsonl", "yaml", "log", "css", "js", "vhd", "gohtml", "qtpl"}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if strings.HasSuffix(typeName(n.Type), "Effect") {
				for _, v := range n.Values {
					effects[v] = true
				}
			}
		case *ast.SwitchStmt:
			if typeName(n.Tag) != "Effect" {
				return true
			}
			for _, c := range n.Body.List {
				for _, v := range c.(*ast.CaseClause).List {
					effects[v] = true
				}
			}
		case *ast.CallExpr:
			f, ok := n.Fun.(*ast.SelectorExpr)
			if x, isFault := ast.Expr(nil), false; ok {
				x = f.X
				if id, ok := x.(*ast.Ident); ok {
					isFault = id.Name == "fault"
				}
				if isFault && (f.Sel.Name == "New" || f.Sel.Name == "Wrap") && len(n.Args) > 1 {
					if s := literal(n.Args[1]); s != "" && s == strings.ToLower(s) {
						out = append(out, s)
					}
				}
			}
		case *ast.KeyValueExpr:
			if id, ok := n.Key.(*ast.Ident); ok && id.Name == "Code" && code.MatchString(literal(n.Value)) {
				out = append(out, literal(n.Value))
			}
		case *ast.BasicLit:
			s := literal(n)
			family, rest, _ := strings.Cut(s, ".")
			if !effects[n] && code.MatchString(s) && families[family] && !slices.Contains(files, rest) {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// What the service does with a second import of a user is not documented, and an import is never said to be overwritten.
func TestFind_secondImport(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"import.unknown", "ledger.intent-open"} {
		e, ok := catalogue.Find(code)
		if said := e.Title + e.Meaning + e.Remedy; !ok || strings.Contains(said, "replace") || !strings.Contains(said, "keeps one import for each user") {
			t.Errorf("%s: %s", code, said)
		}
	}
}
