// Package browsertest opens pages in Chromium for the tests of the report, and records what a page is not allowed to
// do: make network requests or log to the console. It is for tests only.
package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser is one Chromium with a fresh profile.
type Browser struct{ ctx context.Context }

// Fonts returns folders of fonts, as Debian installs them, by family. Browsers in use have others still: a page that
// fits with the widest and with the most common one fits with most.
func Fonts() map[string]string {
	return map[string]string{"DejaVu": "/usr/share/fonts/truetype/dejavu", "Liberation": "/usr/share/fonts/truetype/liberation"}
}

// New starts Chromium with the fonts of one folder only, or with those of the machine when fonts is empty. The browser
// ends with the test. Without Chromium or without that folder the test is skipped, except in CI, where it fails.
func New(tb testing.TB, fonts string) *Browser {
	tb.Helper()
	path := ""
	// The shell is the same without the windows of a browser, which take twice as long as all that the tests do.
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		Missing(tb, "there is no Chromium on this machine")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(tb.TempDir()),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("no-first-run", true), chromedp.Flag("lang", "en-GB"))
	if fonts != "" {
		opts = append(opts, chromedp.Env("FONTCONFIG_FILE="+onlyFonts(tb, fonts)))
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	tb.Cleanup(cancel)
	ctx, cancelBrowser := chromedp.NewContext(ctx)
	tb.Cleanup(cancelBrowser)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		tb.Fatal(err)
	}
	return &Browser{ctx}
}

// onlyFonts writes a fontconfig configuration that contains one folder, and returns its path.
func onlyFonts(tb testing.TB, folder string) string {
	tb.Helper()
	if found, err := filepath.Glob(filepath.Join(folder, "*.ttf")); err != nil || len(found) == 0 {
		Missing(tb, "there are no fonts in "+folder)
	}
	dir := tb.TempDir()
	path := filepath.Join(dir, "fonts.conf")
	text := `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig><dir>` + folder + `</dir><cachedir>` + dir + `/cache</cachedir></fontconfig>`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// Missing skips a test whose tool is not installed; in CI it fails the test.
func Missing(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatal(what)
	}
	tb.Skip(what)
}

// Tab is one page. Its methods fail the test on any error.
type Tab struct {
	tb     testing.TB
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	requests []string
	errors   []string
}

// Open opens a new tab. It listens for requests and console messages before anything is loaded.
func (b *Browser) Open(tb testing.TB) *Tab {
	tb.Helper()
	t := &Tab{tb: tb}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithListener(t.hear))
	tb.Cleanup(cancel)
	t.cancel = cancel
	t.ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	tb.Cleanup(cancel)
	_, err := chromedp.Call(t.ctx, network.Enable, network.EnableParams{})
	_, lerr := chromedp.Call(t.ctx, log.Enable, cdp.Empty{})
	// Without this, keys that are typed while another tab is in front are lost.
	_, ferr := chromedp.Call(t.ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if err = errors.Join(err, lerr, ferr); err != nil {
		tb.Fatal(err)
	}
	return t
}

func (t *Tab) hear(ev any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		t.requests = append(t.requests, ev.Request.URL)
	case *runtime.EventExceptionThrown:
		t.errors = append(t.errors, ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		t.errors = append(t.errors, "console."+string(ev.Type))
	case *log.EventEntryAdded:
		t.errors = append(t.errors, ev.Entry.Text)
	}
}

// Quiet fails the test if the page requested anything that does not begin with allowed, or logged to the console.
func (t *Tab) Quiet(allowed string) {
	t.tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, url := range t.requests {
		if !strings.HasPrefix(url, allowed) {
			t.tb.Errorf("the page requested %.120s", url)
		}
	}
	for _, e := range t.errors {
		t.tb.Errorf("the page complained: %.300s", e)
	}
}

// Do runs actions.
func (t *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	t.tb.Helper()
	if err := chromedp.Do(t.ctx, steps...); err != nil {
		t.tb.Fatal(err)
	}
}

// Close closes the tab before the test ends.
func (t *Tab) Close() { t.cancel() }

// Go loads an address.
func (t *Tab) Go(url string) {
	t.tb.Helper()
	t.Do(chromedp.Navigate(url))
}

// Eval evaluates an expression, promises included.
func Eval[T any](t *Tab, expression string) T {
	t.tb.Helper()
	v, err := chromedp.Run(t.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.tb.Fatalf("%.200s: %v", expression, err)
	}
	return v
}

// Until waits until an expression is true.
func (t *Tab) Until(expression string) {
	t.tb.Helper()
	for {
		if Eval[bool](t, "!!("+expression+")") {
			return
		}
		if err := chromedp.Do(t.ctx, chromedp.Sleep(20*time.Millisecond)); err != nil {
			t.tb.Fatalf("waiting for %.200s: %v", expression, err)
		}
	}
}

// Size sets the size of the window in CSS pixels.
func (t *Tab) Size(width, height int64) {
	t.tb.Helper()
	t.Do(chromedp.EmulateViewport(width, height))
}

// Media emulates a medium ("print", "screen") and a color scheme ("light", "dark").
func (t *Tab) Media(medium, scheme string) {
	t.tb.Helper()
	_, err := chromedp.Call(t.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		t.tb.Fatal(err)
	}
}

// ScriptsOff disables scripts in pages loaded from now on.
func (t *Tab) ScriptsOff() {
	t.tb.Helper()
	if _, err := chromedp.Call(t.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.tb.Fatal(err)
	}
}

// PDF returns the page, printed.
func (t *Tab) PDF() []byte {
	t.tb.Helper()
	b, err := chromedp.Run(t.ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground(), chromedp.PDFStream()))
	if err != nil {
		t.tb.Fatal(err)
	}
	return b
}

// Picture saves a screenshot as name.png in the folder named by WAVE365_SCREENSHOTS, for people to look at. Without
// that variable it does nothing.
func (t *Tab) Picture(name string, whole bool) {
	t.tb.Helper()
	dir := os.Getenv("WAVE365_SCREENSHOTS")
	if dir == "" {
		return
	}
	shot := chromedp.CaptureScreenshot()
	if whole {
		shot = chromedp.FullScreenshot(100)
	}
	b, err := chromedp.Run(t.ctx, shot)
	if err != nil {
		t.tb.Fatal(err)
	}
	t.Keep(name+".png", b)
}

// Keep writes a file beside the pictures.
func (t *Tab) Keep(name string, b []byte) {
	t.tb.Helper()
	dir := os.Getenv("WAVE365_SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, name), b, 0o644)); err != nil {
		t.tb.Fatal(err)
	}
}

// Violation is one rule that axe-core found broken.
type Violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target []any
		HTML   string
	}
}

// Axe runs axe-core in the page and returns the violations of WCAG 2.2 A and AA and of its best practices. Its script
// is read from AXE_DIR, or from where CI puts it; without it the test is skipped, except in CI, where it fails. The
// rules named are left out.
func (t *Tab) Axe(without ...string) []Violation {
	t.tb.Helper()
	dir := os.Getenv("AXE_DIR")
	if dir == "" {
		if cache, err := os.UserCacheDir(); err == nil {
			dir = filepath.Join(cache, "wave365", "axe")
		}
	}
	script, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		Missing(t.tb, "axe-core is not in "+dir+"; npm install --prefix "+dir+" axe-core")
	}
	if !Eval[bool](t, `!!window.axe`) {
		Eval[chromedp.Void](t, string(script)+";0")
	}
	off := map[string]map[string]bool{}
	for _, rule := range without {
		off[rule] = map[string]bool{"enabled": false}
	}
	rules, err := json.Marshal(off)
	if err != nil {
		t.tb.Fatal(err)
	}
	text := Eval[string](t, `axe.run(document, {resultTypes: ["violations"], rules: `+string(rules)+`, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then(r => JSON.stringify(r.violations.map(v => ({ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.slice(0, 3).map(n => ({Target: n.target, HTML: n.html.slice(0, 200)}))}))))`)
	var out []Violation
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.tb.Fatal(err)
	}
	return out
}
