//go:build !race

package report_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"wave365/pkg/progress/live"
	"wave365/pkg/report"
	"wave365/pkg/report/browsertest"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
)

const (
	shownRows = `[...document.querySelectorAll("tbody[id^=row-]")].filter(b => b.checkVisibility()).length`
	names     = `[...document.querySelectorAll("tbody[id^=row-]")].filter(b => b.checkVisibility()).map(b => b.rows[0].cells[0].firstElementChild.textContent).join("|")`
	fits      = `document.documentElement.scrollWidth <= document.documentElement.clientWidth`
	// widest names the elements that stick out, for the test's message.
	widest = `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest(".slow, nav, .sprite, .vh"))
		.slice(0, 3).map(e => e.tagName + "." + (e.getAttribute("class") || "") + " " + Math.round(e.getBoundingClientRect().right) + " " + e.textContent.slice(0, 40)).join("; ")`
)

// TestBrowser opens the page as people do: from a file, offline. It is not for the race detector: what works here is Chromium.
func TestBrowser(t *testing.T) {
	t.Parallel()
	for family, fonts := range browsertest.Fonts() {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			browse(t, browsertest.New(t, fonts), family == "Liberation")
		})
	}
}

// browse checks whether everything fits, and with all also what does not depend on fonts.
func browse(t *testing.T, b *browsertest.Browser, all bool) {
	rehearsal := reporttest.Sample()
	rehearsal.Run.Sandbox = "waves/friday.tenant.yaml"
	large := reporttest.Large(1000)
	for name, a := range map[string]summary.Record{
		"sample": reporttest.Sample(), "running": reporttest.Running(), "hostile": reporttest.Hostile(), "large": large, "rehearsal": rehearsal,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := opened(t, a)
			t.Run("opens", func(t *testing.T) { opens(t, b, name, address, a) })
			t.Run("small screen", func(t *testing.T) { smallScreen(t, b, name, address) })
			t.Run("print", func(t *testing.T) { printed(t, b, name, address, len(a.Rows)) })
			if !all {
				return
			}
			t.Run("dark", func(t *testing.T) { dark(t, b, name, address) })
			t.Run("without scripts", func(t *testing.T) { withoutScripts(t, b, name, address, a) })
			t.Run("accessible", func(t *testing.T) {
				if name == "large" { // axe-core looks at each row, and a fifth of them is folded alike
					address = opened(t, reporttest.Large(200))
				}
				accessible(t, b, name, address)
			})
		})
	}
	if !all {
		return
	}
	t.Run("filter", func(t *testing.T) {
		t.Parallel()
		filter(t, b, opened(t, reporttest.Sample()))
	})
	t.Run("huge", func(t *testing.T) {
		t.Parallel()
		huge(t, b)
	})
	t.Run("live", func(t *testing.T) {
		t.Parallel()
		follows(t, b)
	})
}

// unfolded returns how many rows are visible without unfolding: more than 50 people with a Cloud PC are folded, and more
// than 100 without.
func unfolded(a summary.Record) int {
	with := 0
	for _, r := range a.Rows {
		if summary.ClassOf(r).HasCloudPC() {
			with++
		}
	}
	without := len(a.Rows) - with
	if with > 50 {
		with = 0
	}
	if without > 100 {
		without = 0
	}
	return with + without
}

func opens(t *testing.T, b *browsertest.Browser, name, address string, a summary.Record) {
	rows := len(a.Rows)
	tab := b.Open(t)
	tab.Size(1440, 900)
	tab.Go(address)
	if got, want := browsertest.Eval[int](tab, shownRows), unfolded(a); got != want {
		t.Errorf("%d rows are to be seen, want %d", got, want)
	}
	for _, width := range []int64{1440, 1280, 768} {
		tab.Size(width, 900)
		if !browsertest.Eval[bool](tab, fits) {
			t.Errorf("%d wide it scrolls sideways: %s", width, browsertest.Eval[string](tab, widest))
		}
	}
	tab.Size(1280, 900)
	// A problem is what people open the page for: it comes right after what happens next, and its advice occurs once.
	if !browsertest.Eval[bool](tab, `!document.getElementById("problems") || document.querySelector(".next").nextElementSibling.id === "problems"`) {
		t.Error("the problems do not follow on what happens next")
	}
	if twice := browsertest.Eval[string](tab, `(() => { const all = [...document.querySelectorAll(".commands code")].map(c => c.textContent); return all.filter((c, i) => all.indexOf(c) !== i).join("; ") })()`); twice != "" && name != "hostile" {
		t.Errorf("commands stand twice: %s", twice)
	}
	if tall := browsertest.Eval[int](tab, `document.documentElement.scrollHeight`); rows >= 1000 && tall > 12_000 {
		t.Errorf("the page is %d pixels tall", tall)
	}
	tab.Picture(name, false)
	tab.Picture(name+"-whole", rows < 100 && name != "hostile")
	tab.Quiet("file://")
}

func smallScreen(t *testing.T, b *browsertest.Browser, name, address string) {
	tab := b.Open(t)
	for _, width := range []int64{390, 320} {
		tab.Size(width, 640)
		tab.Go(address)
		if !browsertest.Eval[bool](tab, fits) {
			t.Errorf("%d wide it scrolls sideways: %s", width, browsertest.Eval[string](tab, widest))
		}
	}
	tab.Picture(name+"-320", false)
	tab.Quiet("file://")
}

func dark(t *testing.T, b *browsertest.Browser, name, address string) {
	tab := b.Open(t)
	tab.Size(1280, 900)
	tab.Media("screen", "dark")
	tab.Go(address)
	const light = `getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0)`
	if got := browsertest.Eval[int](tab, light); got > 150 {
		t.Errorf("in the dark its ground has the brightness %d of 765", got)
	}
	tab.Picture(name+"-dark", false)
	tab.Quiet("file://")
}

// printed checks the page as printed on A4: 186 mm between the margins are 703 pixels.
func printed(t *testing.T, b *browsertest.Browser, name, address string, rows int) {
	tab := b.Open(t)
	tab.Size(703, 1000)
	tab.Media("print", "light")
	tab.Go(address)
	if !browsertest.Eval[bool](tab, fits) {
		t.Errorf("the print is wider than the paper: %s", browsertest.Eval[string](tab, widest))
	}
	if rows < 100 { // the print of a thousand rows is a hundred sheets, and otherwise the same
		pdf := tab.PDF()
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 10_000 {
			t.Errorf("the print is %d bytes", len(pdf))
		}
		tab.Keep(name+".pdf", pdf)
	}
	tab.Quiet("file://")
}

func withoutScripts(t *testing.T, b *browsertest.Browser, name, address string, a summary.Record) {
	tab := b.Open(t)
	tab.Size(1280, 900)
	tab.ScriptsOff()
	tab.Go(address)
	// The developer tools' own scripts run all the same.
	if got, want := browsertest.Eval[int](tab, shownRows), unfolded(a); got != want {
		t.Errorf("%d rows are to be seen, want %d", got, want)
	}
	if browsertest.Eval[bool](tab, `!!document.querySelector(".controls, .print").getClientRects().length`) {
		t.Error("controls that do nothing are shown")
	}
	if got := browsertest.Eval[int](tab, `[...document.querySelectorAll("table")].filter(t => t.getClientRects().length || t.closest("details:not([open])")).length - document.querySelectorAll("table").length`); got != 0 {
		t.Errorf("%d tables are not to be seen", -got)
	}
	if !browsertest.Eval[bool](tab, `(() => { const d = document.querySelector(".ev details"); d.open = true; return d.querySelector(".evidence").getClientRects().length > 0 })()`) {
		t.Error("evidence does not open")
	}
	tab.Picture(name+"-noscript", false)
	tab.Quiet("file://")
}

// accessible runs axe-core: all rules on the sample in four states, and the fast ones on the others, whose colors and
// distances are the same.
func accessible(t *testing.T, b *browsertest.Browser, name, address string) {
	tab := b.Open(t)
	tab.Size(1280, 900)
	tab.Go(address)
	if name != "sample" {
		seriously(t, tab, "color-contrast", "target-size")
		tab.Quiet("file://")
		return
	}
	seriously(t, tab)
	// Evidence counts, too.
	browsertest.Eval[bool](tab, `(document.querySelectorAll("details").forEach(d => d.open = true), true)`)
	seriously(t, tab)
	tab.Size(320, 640)
	seriously(t, tab)
	tab.Media("screen", "dark")
	seriously(t, tab)
	tab.Quiet("file://")
}

// seriously fails the test for serious violations of axe-core, and logs the others.
func seriously(t *testing.T, tab *browsertest.Tab, without ...string) {
	t.Helper()
	for _, v := range tab.Axe(without...) {
		text := fmt.Sprintf("axe: %s (%s): %s: %.600v", v.ID, v.Impact, v.Help, v.Nodes)
		if v.Impact == "serious" || v.Impact == "critical" {
			t.Error(text)
		} else {
			t.Log(text)
		}
	}
}

func filter(t *testing.T, b *browsertest.Browser, address string) {
	tab := b.Open(t)
	tab.Size(1280, 900)
	tab.Go(address)
	expect := func(what string, want int) {
		t.Helper()
		if got := browsertest.Eval[int](tab, shownRows); got != want {
			t.Errorf("%s: %d rows are shown, want %d", what, got, want)
		}
	}
	in := func(part string) {
		t.Helper()
		if hash := browsertest.Eval[string](tab, "location.hash"); !strings.Contains(hash, part) {
			t.Errorf("the address ends in %q, want %q in it", hash, part)
		}
	}
	browsertest.Eval[bool](tab, `(document.querySelector('[data-pill=failed]').click(), true)`)
	expect("pill", 3)
	in("status=failed")
	if !browsertest.Eval[bool](tab, `document.querySelector('[data-pill=failed]').getAttribute("aria-pressed") === "true"`) {
		t.Error("the pill does not say that it is pressed")
	}
	tab.Picture("filter", false)
	browsertest.Eval[bool](tab, `(document.querySelector('[data-pill=held]').dispatchEvent(new MouseEvent("click", {ctrlKey: true})), true)`)
	expect("two pills", 4)
	// The filtered view is a link.
	link := browsertest.Eval[string](tab, "location.href")
	other := b.Open(t)
	other.Size(1280, 900)
	other.Go(link)
	if got := browsertest.Eval[int](other, shownRows); got != 4 {
		t.Errorf("the link shows %d rows, want 4", got)
	}
	browsertest.Eval[bool](tab, `(document.querySelector('[data-pill=""]').click(), true)`)
	expect("all", 24)
	search(tab, "mueller sales")
	tab.Until(`location.hash.includes("q=mueller+sales")`)
	expect("search", 1)
	in(url.Values{"q": {"mueller sales"}}.Encode())
	escape(tab)
	tab.Until(`!location.hash.includes("q=")`)
	expect("escape", 24)
	search(tab, "nobody at all")
	tab.Until(`!document.querySelector(".none").hidden`)
	expect("nobody", 0)
	browsertest.Eval[bool](tab, `(document.querySelector("[data-clear]").click(), true)`)
	expect("cleared", 24)
	sort := func(n int) {
		browsertest.Eval[bool](tab, fmt.Sprintf(`(document.querySelectorAll(".list:last-of-type thead button")[%d].click(), true)`, n))
	}
	sort(0)
	first := strings.Split(browsertest.Eval[string](tab, names), "|")
	in("sort=0")
	sort(0)
	in("dir=down")
	if last := strings.Split(browsertest.Eval[string](tab, names), "|"); first[0] == last[0] || browsertest.Eval[string](tab, `document.querySelector("th[aria-sort]").getAttribute("aria-sort")`) != "descending" {
		t.Errorf("sorted up %q comes first, sorted down %q", first[0], last[0])
	}
	sort(4)
	took := `[...document.querySelectorAll(".list:last-of-type tbody")].map(b => +b.rows[0].cells[4].dataset.v)`
	if !browsertest.Eval[bool](tab, took+`.every((v, i, a) => !i || a[i - 1] >= v)`) {
		t.Error("by time the slowest is not first")
	}
	other.Go(address + "#row-5")
	if !browsertest.Eval[bool](other, `document.querySelector("#row-5 details").open`) {
		t.Error("a link to a row does not open its evidence")
	}
	tab.Quiet("file://")
	other.Quiet("file://")
}

// huge checks a very large wave: the page stays fast because it lays out only some hundred rows, and all rows can be
// found.
func huge(t *testing.T, b *browsertest.Browser) {
	a := reporttest.Large(2400)
	address := opened(t, a)
	tab := b.Open(t)
	tab.Size(1280, 900)
	tab.Go(address)
	if got := browsertest.Eval[int](tab, shownRows); got != 0 {
		t.Errorf("%d rows are laid out, and both lists are folded", got)
	}
	browsertest.Eval[bool](tab, `(document.querySelector(".fold").open = true, true)`)
	if got := browsertest.Eval[int](tab, shownRows); got != 100 {
		t.Errorf("%d rows are laid out, want 100 of the list that was opened", got)
	}
	browsertest.Eval[bool](tab, `(document.querySelector("[data-more]").click(), true)`)
	if got := browsertest.Eval[int](tab, shownRows); got != 300 {
		t.Errorf("after “more” %d rows are laid out, want 300", got)
	}
	last := a.Rows[2399].Target
	search(tab, last.UPN)
	tab.Until(fmt.Sprintf(`decodeURIComponent(location.hash).includes(%q)`, last.UPN))
	if got := browsertest.Eval[int](tab, shownRows); got != 1 {
		t.Errorf("%s is found %d times", last.UPN, got)
	}
	tab.Go("about:blank")
	tab.Go(address + fmt.Sprintf("#row-%d", last.Line))
	if !browsertest.Eval[bool](tab, fmt.Sprintf(`document.getElementById("row-%d").checkVisibility()`, last.Line)) {
		t.Error("a link to a row that was not laid out does not show it")
	}
	tab.Quiet("")
}

// evening is a run whose state a test sets.
type evening struct {
	mu sync.Mutex
	a  summary.Record
}

func (e *evening) set(a summary.Record) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.a = a
	e.a.Live, e.a.Expected = true, summary.Forecast{From: a.At.Add(time.Hour), To: a.At.Add(100 * time.Minute)}
}

func (e *evening) Stamp(context.Context) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return summary.Verdict(e.a), nil
}

func (e *evening) Page(context.Context) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var b bytes.Buffer
	err := report.Print(&b, "html", e.a)
	return b.Bytes(), err
}

// follows watches a run in the browser: the page updates to each state in place and freezes into the file.
func follows(t *testing.T, b *browsertest.Browser) {
	src := &evening{}
	src.set(reporttest.Running())
	s, err := live.Start("", src)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(0) })
	tab := b.Open(t)
	tab.Size(1280, 900)
	tab.Go(s.URL())
	running := summary.Verdict(reporttest.Running())
	headline := func(verdict string) string {
		return fmt.Sprintf(`document.querySelector("h1").textContent.length && %q.startsWith(document.querySelector("h1").textContent)`, verdict)
	}
	tab.Until(headline(running))
	if !browsertest.Eval[bool](tab, `document.querySelector(".following").textContent.includes("Live")`) {
		t.Error("the page does not say that it is live")
	}
	for _, width := range []int64{390, 768, 1280} {
		tab.Size(width, 900)
		if !browsertest.Eval[bool](tab, fits) {
			t.Errorf("%d wide it scrolls sideways: %s", width, browsertest.Eval[string](tab, widest))
		}
	}
	tab.Picture("live", false)
	seriously(t, tab)
	search(tab, "vance")
	tab.Until(`location.hash.includes("q=vance")`)
	browsertest.Eval[bool](tab, `(document.querySelector("#row-2 details").open = true, true)`)
	src.set(reporttest.Sample())
	done := summary.Verdict(reporttest.Sample())
	tab.Until(headline(done))
	if !browsertest.Eval[bool](tab, `document.querySelector("#row-2 details").open && document.activeElement.value === "vance" && document.querySelector(".following") !== null`) {
		t.Error("what was open, typed and focussed is lost with the next state")
	}
	if got := browsertest.Eval[int](tab, shownRows); got != 1 {
		t.Errorf("the filter is lost: %d rows", got)
	}
	var file bytes.Buffer
	if err := report.Print(&file, "html", reporttest.Sample()); err != nil {
		t.Fatal(err)
	}
	s.Freeze(file.Bytes())
	s.Close(20 * time.Second)
	tab.Until(`document.querySelector(".following") === null`)
	tab.Until(headline(done))
	browsertest.Eval[bool](tab, `(document.querySelector('[data-clear]').click(), true)`)
	if got := browsertest.Eval[int](tab, shownRows); got != 24 {
		t.Errorf("after the end the page is dead: %d rows", got)
	}
	tab.Quiet(s.URL())
}
