package page_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"wave365/pkg/migration"
	"wave365/pkg/report/page"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
	"wave365/pkg/summary/compare"
)

func render(t *testing.T, a summary.Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Write(&b, a); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parse(t *testing.T, text string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(root.Descendants())
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func content(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func accounts() map[string]summary.Record {
	rehearsal := reporttest.Sample()
	rehearsal.Run.Sandbox, rehearsal.Run.Cloud = "waves/friday.tenant.yaml", "sandbox"
	return map[string]summary.Record{
		"sample": reporttest.Sample(), "running": reporttest.Running(), "rehearsal": rehearsal,
		"hostile": reporttest.Hostile(), "large": reporttest.Large(450), "huge": reporttest.Large(2100),
		"empty": {At: reporttest.Start(), Run: reporttest.Sample().Run},
	}
}

// TestWrite_closed: whatever the texts are, the page has only our elements, no handler, no external address, and a
// content security policy that admits exactly our style and our script.
func TestWrite_closed(t *testing.T) {
	t.Parallel()
	known := strings.Fields("html head meta title style body a svg defs symbol circle path rect text line use title header " +
		"div p span nav ul ol li main section h1 h2 h3 h4 small b strong i em bdi wbr dl dt dd time code button label input table " +
		"br caption aside thead tbody tr th td details summary article script")
	pages := map[string]string{}
	for name, a := range accounts() {
		pages[name] = render(t, a)
	}
	for name, c := range map[string]compare.Comparison{
		"compared": compare.Runs(reporttest.Running(), reporttest.Sample()), "hostile compared": compare.Runs(reporttest.Hostile(), reporttest.Sample()),
	} {
		var b bytes.Buffer
		if err := page.WriteComparison(&b, c); err != nil {
			t.Fatal(err)
		}
		pages[name] = b.String()
	}
	for name, text := range pages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var policy, style, script string
			ids := map[string]bool{}
			for _, n := range parse(t, text) {
				if n.Type == html.CommentNode {
					t.Errorf("a comment: %.60s", n.Data)
				}
				if n.Type != html.ElementNode {
					continue
				}
				if !slices.Contains(known, n.Data) {
					t.Errorf("an element <%s>", n.Data)
				}
				for _, at := range n.Attr {
					if strings.HasPrefix(at.Key, "on") || at.Key == "src" || at.Key == "style" || at.Key == "srcset" {
						t.Errorf("<%s %s=%.40q>", n.Data, at.Key, at.Val)
					}
					if at.Key == "href" && !strings.HasPrefix(at.Val, "#") {
						t.Errorf("<%s> leads outside: %.60q", n.Data, at.Val)
					}
				}
				if id := attr(n, "id"); id != "" {
					if ids[id] {
						t.Errorf("two elements are called %s", id)
					}
					ids[id] = true
				}
				switch {
				case n.Data == "meta" && attr(n, "http-equiv") == "Content-Security-Policy":
					policy = attr(n, "content")
				case n.Data == "style":
					style += content(n)
				case n.Data == "script":
					script += content(n)
				}
			}
			if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") {
				t.Errorf("the content policy is %q", policy)
			}
			for what, text := range map[string]string{"style-src": style, "script-src": script} {
				if text == "" && what == "script-src" {
					continue
				}
				sum := sha256.Sum256([]byte(text))
				if want := what + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
					t.Errorf("the policy lacks %s", want)
				}
			}
		})
	}
}

// TestWrite_complete: with scripts off, everything important is there.
func TestWrite_complete(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	text := render(t, a)
	nodes := parse(t, text)
	var rows, captions, tables int
	for _, n := range nodes {
		switch {
		case n.Data == "tbody" && strings.HasPrefix(attr(n, "id"), "row-"):
			rows++
		case n.Data == "table":
			tables++
		case n.Data == "caption":
			captions++
		case n.Data == "th" && attr(n, "scope") == "":
			t.Errorf("a header cell without a scope: %s", content(n))
		case n.Data == "svg" && attr(n, "aria-hidden") != "true" && attr(n, "role") != "img" && n.Parent.Data != "svg":
			t.Error("a drawing that is neither hidden from readers nor named")
		}
	}
	if rows != len(a.Rows) || tables != captions {
		t.Errorf("%d of %d rows; %d tables, %d captions", rows, len(a.Rows), tables, captions)
	}
	whole := content(nodes[1])
	for _, r := range a.Rows {
		for _, want := range []string{r.Target.DisplayName, r.Facts.SnapshotID, r.Facts.CloudPCName, r.Facts.CloudPCID} {
			if !strings.Contains(whole, want) {
				t.Errorf("row %d: %q is not on the page", r.Index, want)
			}
		}
	}
	for _, in := range a.Intents {
		if !strings.Contains(whole, in.ClientRequestID) || !strings.Contains(whole, in.Outcome.RequestID) {
			t.Errorf("intent %d: its ids are not on the page", in.ID)
		}
	}
	for _, want := range []string{
		"14 of 23 people have their Cloud PC, 1 with warnings.", "Fri 6 Mar 2026, 19:30 CET", "18:30 UTC", "Attempt 2",
		"Provisioned, but not from the snapshot", "wave365 retry 20260306-183000-k7f3", a.Run.WaveHash, "Throttled by the service",
		"Stopped by the operator", "Resumed", "import.unknown", "network.stale",
		"wave365 reconcile 20260306-183000-k7f3 --row lidia.holloway@contoso.example",
	} {
		if !strings.Contains(whole, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	for _, n := range nodes {
		if n.Data == "a" && strings.HasPrefix(attr(n, "href"), "#") && !strings.Contains(text, `id="`+attr(n, "href")[1:]+`"`) {
			t.Errorf("%s leads nowhere", attr(n, "href"))
		}
	}
}

func TestWrite_rehearsalIsLoud(t *testing.T) {
	t.Parallel()
	a := accounts()["rehearsal"]
	text := render(t, a)
	if !strings.Contains(text, "Nobody was moved and no Cloud PC was made") || strings.Contains(render(t, reporttest.Sample()), "Rehearsal") {
		t.Error("a rehearsal says so, a real run does not")
	}
	if strings.Contains(text, "Helpdesk") {
		t.Error("a rehearsal asks something of the helpdesk")
	}
}

// TestWrite_hostileIsReadable: long and right-to-left texts stay complete and separate.
func TestWrite_hostileIsReadable(t *testing.T) {
	t.Parallel()
	text := render(t, reporttest.Hostile())
	nodes := parse(t, text)
	whole := content(nodes[1])
	for _, want := range []string{
		`<script>alert("1")</script>`, `</style><style>*{display:none}</style>`, "[U+202E]gpj.exe[U+202C]", "{{.Run}} ${x} `tick` %s",
		strings.Repeat("very long ", 1000), strings.Repeat("ﷺ", 10000), "[U+0007][U+001B][31mred",
	} {
		if !strings.Contains(whole, want) {
			t.Errorf("%.60q is not on the page", want)
		}
	}
	if at := regexp.MustCompile("[\u202a-\u202e\u0007\u001b]").FindString(text); at != "" {
		t.Errorf("the page holds the control character %U", []rune(at)[0])
	}
	for _, n := range nodes {
		if n.Type == html.TextNode && strings.Contains(n.Data, "שלום") {
			switch n.Parent.Data {
			case "bdi", "title", "code":
			default:
				t.Errorf("a right-to-left text stands in <%s>", n.Parent.Data)
			}
		}
	}
}

func TestWrite_sameBytes(t *testing.T) {
	t.Parallel()
	if render(t, reporttest.Hostile()) != render(t, reporttest.Hostile()) {
		t.Error("the same account gives two pages")
	}
}

// TestContrast computes what WCAG asks for: 4.5 to 1 for words, 3 to 1 for shapes, in both colour schemes.
func TestContrast(t *testing.T) {
	t.Parallel()
	style := content(parse(t, "<style>"+styleOf(t)+"</style>")[0])
	blocks := regexp.MustCompile(`:root\{(?:color-scheme:light dark;)?\s*(--bg[^}]*)\}`).FindAllStringSubmatch(style, -1)
	if len(blocks) < 3 {
		t.Fatalf("found %d colour schemes, want light, dark and print", len(blocks))
	}
	for i, scheme := range []string{"light", "dark"} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z]+):(#[0-9a-f]+)`).FindAllStringSubmatch(blocks[i][1], -1) {
			colours[m[1]] = m[2]
		}
		for _, ground := range []string{"bg", "surface", "tint"} {
			for name, least := range map[string]float64{
				"ink": 7, "soft": 4.5, "link": 4.5, "succeeded": 3, "warned": 4.5, "failed": 4.5, "held": 3, "skipped": 3,
				"deferred": 4.5, "cancelled": 3, "active": 3, "waiting": 3, "queued": 3, "focus": 3, "import": 3, "provision": 3, "prepare": 3,
			} {
				if got := contrast(t, colours[name], colours[ground]); got < least {
					t.Errorf("%s: %s on %s has %.2f to 1, want %.1f", scheme, name, ground, got, least)
				}
			}
		}
	}
}

// TestWrite_liveHasNoCommands: while the run's own process continues it, there is no command to type.
func TestWrite_liveHasNoCommands(t *testing.T) {
	t.Parallel()
	a := reporttest.Running()
	const heading = "Commands to copy"
	if !strings.Contains(render(t, a), heading) {
		t.Error("a run that was interrupted does not say how to go on")
	}
	a.Redacted = true
	if strings.Contains(render(t, a), heading) {
		t.Error("a redacted copy offers the commands of those who run it")
	}
	a.Redacted, a.Live = false, true
	if strings.Contains(render(t, a), heading) {
		t.Error("a run that goes on asks for commands")
	}
}

// Every time of the evidence has its time zone, in its heading, and a resume is described as one.
func TestWrite_zones(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	for i := range a.Events {
		if a.Events[i].Reason == migration.RunResumed {
			a.Events[i].Note = "v0.1.0"
		}
	}
	text := render(t, a)
	for _, want := range []string{"Steps, in CET (UTC+1)</h3>", "Attempt 2, in CET (UTC+1)</h3>", "Changes asked of the tenant, in CET (UTC+1)</h3>",
		"Interruptions and throttling in words, in CET (UTC+1)</summary>", "Resumed: <bdi>wave365 v0.1.0</bdi>",
		"<dt>Read from the ledger<dd><bdi>2026-03-06 22:50:26 CET (21:50:26 UTC)</bdi>", "<dt>--skip-invalid<dd><bdi>yes</bdi>"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// What people open the page for is at its top, once, however large the wave is.
func TestWrite_problemsFirst(t *testing.T) {
	t.Parallel()
	a := reporttest.Large(1000)
	text := render(t, a)
	last := -1
	for _, part := range []string{"What happens next", "Problems, by kind", "Departments and policies", `id="people-h"`, `id="timeline-h"`, `id="findings-h"`} {
		i := strings.Index(text, part)
		if i < last || i < 0 {
			t.Errorf("%q stands at %d, what comes before it at %d", part, i, last)
		}
		last = i
	}
	cards := text[strings.Index(text, "Problems, by kind"):strings.Index(text, "Departments and policies")]
	if n := strings.Count(cards, "Open the storage account&#39;s firewall for trusted services, then retry"); n != 1 {
		t.Errorf("one piece of advice stands %d times", n)
	}
	if people := text[strings.Index(text, `id="people-h"`):strings.Index(text, `id="timeline-h"`)]; strings.Contains(people, `class="fix"`) {
		t.Error("the table of people repeats the advice")
	}
	if n := strings.Count(text, "<details class=\"list fold\">"); n != 2 {
		t.Errorf("%d lists are folded, want both", n)
	}
	if strings.Contains(text, `<details class="more" open`) {
		t.Error("a long list of findings is open")
	}
	if strings.Contains(render(t, reporttest.Sample()), "list fold") {
		t.Error("a short list is folded")
	}
}

// The comparison with a plan is shown if there was a plan.
func TestWrite_plan(t *testing.T) {
	t.Parallel()
	const title = "Planned, forecast and actual"
	a := reporttest.Sample()
	if !strings.Contains(render(t, a), title) {
		t.Error("a forecast is not compared")
	}
	a.Forecast = summary.Forecast{}
	if !strings.Contains(render(t, a), title) {
		t.Error("a time to stop by is not compared")
	}
	a.Run.Settings.StopBy = time.Time{}
	if strings.Contains(render(t, a), title) {
		t.Error("without plan and forecast there is a comparison")
	}
}

// A live page shows when the end is expected, and no command that the locked ledger would refuse.
func TestWrite_live(t *testing.T) {
	t.Parallel()
	a := reporttest.Running()
	a.Expected = summary.Forecast{From: a.At.Add(time.Hour), To: a.At.Add(2 * time.Hour)}
	if text := render(t, a); strings.Contains(text, "expected end") || !strings.Contains(text, "wave365 resume") {
		t.Error("a file says when the end is expected, or not how to go on")
	}
	a.Live = true
	text := render(t, a)
	if !strings.Contains(text, "expected end 21:45 to 22:45 CET") {
		t.Error("the live page does not say when the end is expected")
	}
	for _, command := range []string{"wave365 resume", "wave365 retry", "wave365 reconcile"} {
		if strings.Contains(text, command) {
			t.Errorf("the live page says %s", command)
		}
	}
}
