//go:build !race

package report_test

import (
	"fmt"

	"wave365/pkg/report/browsertest"
)

// search presses the slash and types into what that brings the focus to. Synthetic keys type even where the page
// prevents it, so the slash itself is sent as an event.
func search(tab *browsertest.Tab, text string) {
	browsertest.Eval[bool](tab, `(document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true})), true)`)
	tab.Until(`document.activeElement.type === "search"`)
	// Not by the browser's own keyboard: it loses keys for a tab that is not in front, and others open tabs meanwhile.
	browsertest.Eval[bool](tab, fmt.Sprintf(`(document.activeElement.value = %q, document.activeElement.dispatchEvent(new InputEvent("input", {bubbles: true})), true)`, text))
}

// escape presses the escape key.
func escape(tab *browsertest.Tab) {
	browsertest.Eval[bool](tab, `(document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true, cancelable: true})), true)`)
}
