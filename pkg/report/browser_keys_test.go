package report_test

import (
	"github.com/chromedp/chromedp"

	"wave365/pkg/report/browsertest"
)

// search presses the slash and types into what that brings the focus to. Synthetic keys type even where the page
// prevents it, so the slash itself is sent as an event.
func search(tab *browsertest.Tab, text string) {
	browsertest.Eval[bool](tab, `(document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true})), true)`)
	tab.Until(`document.activeElement.type === "search"`)
	tab.Do(chromedp.KeyEvent(text))
}

// escape presses the escape key.
func escape(tab *browsertest.Tab) { tab.Do(chromedp.KeyEvent("\x1b")) }
