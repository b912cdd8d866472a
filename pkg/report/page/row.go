package page

import (
	"html/template"
	"strconv"
	"strings"
)

// Rows and their evidence are put together here and not in a template: ten thousand of them take a template seven times
// as long. Every text goes through text, upn, prose or word, which escape it.

// markup gathers HTML.
type markup struct{ strings.Builder }

func (m *markup) put(parts ...string) {
	for _, s := range parts {
		m.WriteString(s)
	}
}

func (m *markup) text(s string) { m.WriteString(string(text(s))) }

// word is a text of our own vocabulary.
func word(s string) string { return template.HTMLEscapeString(s) }

// HTML is what is always to be seen of a person, up to where the evidence may follow.
func (p personRow) HTML() template.HTML {
	var m markup
	m.Grow(1 << 10)
	class := word(string(p.Class))
	m.put(`<tbody id="row-`, strconv.Itoa(p.Line), `" data-s="`, class, `"><tr><th scope="row">`)
	m.text(p.Name)
	if p.UPN != "" {
		m.put(`<small>`, string(upn(p.UPN)), `</small>`)
	}
	m.put(`<td>`)
	m.text(p.Department)
	m.put(`<td>`)
	m.text(p.Policy)
	m.put(`<td><span class="st"><svg class="i c-`, class, `" aria-hidden="true"><use href="#s-`, class, `"/></svg>`, word(p.Short), `</span><td>`)
	if p.PC != "" {
		m.text(p.PC)
	}
	if p.Why != "" {
		m.put(`<div class="why">`, string(prose(p.Why)), `</div>`)
	}
	if p.Remedy != "" {
		m.put(`<div class="fix">`, string(prose(p.Remedy)), `</div>`)
	}
	m.put(`<td class="n" data-v="`, strconv.Itoa(p.Seconds), `">`, p.Took)
	return template.HTML(m.String())
}

// HTML is what proves how a row ended: its steps by attempt, what was asked of the tenant, and the facts.
func (e *evidence) HTML() template.HTML {
	var m markup
	m.Grow(4 << 10)
	m.put(`<div class="evidence">`)
	for _, a := range e.Attempts {
		title := a.Title
		if title == "" {
			title = "Steps"
		}
		m.put(`<div class="att"><h3 class="sub">`, title, `</h3><ol class="steps">`)
		for _, s := range a.Steps {
			m.step(s)
		}
		m.put(`</ol></div>`)
	}
	if len(e.Effects) > 0 {
		m.put("\n", `<div class="att wide"><h3 class="sub">Changes asked of the tenant</h3><ul class="fx">`)
		for _, x := range e.Effects {
			m.effect(x)
		}
		m.put(`</ul></div>`)
	}
	m.put("\n", `<div class="att wide"><h3 class="sub">Facts</h3><dl class="kv">`)
	for _, f := range e.Facts {
		m.put(`<div><dt>`, f.K, `<dd>`)
		m.text(f.V)
		m.put(`</div>`)
	}
	m.put(`</dl></div></div>`)
	return template.HTML(m.String())
}

func (m *markup) step(s step) {
	m.put(`<li><b>`, word(s.Step), `</b> <span>`, s.From)
	if s.To != "" {
		m.put("–", s.To)
	}
	m.put(`</span> <span>`, s.Took, `</span> <span class="end">`, word(s.End), `</span>`)
	if s.Note != "" {
		m.put(`<em>`)
		m.text(s.Note)
		m.put(`</em>`)
	}
}

func (m *markup) effect(e effect) {
	m.put(`<li><b>`, word(e.Effect), `</b> `, e.At, ` <span class="end">`, word(e.Outcome), `</span>`)
	if e.Remote != "" {
		m.put(" → ")
		m.text(e.Remote)
	}
	if e.Detail != "" {
		m.put(`<em>`)
		m.text(e.Detail)
		m.put(`</em>`)
	}
	m.put(`<small>client-request-id <code>`)
	m.text(e.Client)
	m.put(`</code>`)
	if e.Request != "" {
		m.put(`<br>request-id <code>`)
		m.text(e.Request)
		m.put(`</code>`)
	}
	m.put(`</small>`)
}
