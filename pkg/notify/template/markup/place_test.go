package markup

import "testing"

// TestPlace: how a value after some HTML is escaped; "" where no value is allowed.
func TestPlace(t *testing.T) {
	const hostile = `javascript:"<a>&'`
	for _, tc := range []struct{ before, want string }{
		{"", `javascript:&#34;&lt;a&gt;&amp;&#39;`},
		{"<p>", `javascript:&#34;&lt;a&gt;&amp;&#39;`},
		{"<title>", `javascript:&#34;&lt;a&gt;&amp;&#39;`},
		{`<p title="`, `javascript:&#34;&lt;a&gt;&amp;&#39;`},
		{`<p title='x' lang='`, `javascript:&#34;&lt;a&gt;&amp;&#39;`},
		{`<a href="`, harmless},
		{`<a href="/runs/`, `javascript:%22%3Ca%3E&amp;%27`},
		{`<a href="https://contoso.example/?q=`, `javascript%3A%22%3Ca%3E%26%27`},
		{`<a href="tel:`, ""},
		{"<p title=", ""},
		{`<p onclick="`, ""},
		{`<p style="`, ""},
		{"<", ""},
		{"<p ", ""},
		{"<script>", ""},
		{"<style>p { color: ", ""},
		{"<!-- ", ""},
		{"<script>x</script>", `javascript:&#34;&lt;a&gt;&amp;&#39;`},
		{"<!-- x -->", `javascript:&#34;&lt;a&gt;&amp;&#39;`},
	} {
		at, err := Place{}.Past(tc.before)
		if err != nil {
			t.Fatalf("%s: %v", tc.before, err)
		}
		escape, err := at.Escaper()
		got := ""
		if err == nil {
			got = escape(hostile)
		}
		if got != tc.want {
			t.Errorf("behind %s: %q, want %q (%v)", tc.before, got, tc.want, err)
		}
	}
}

func TestPlace_Or(t *testing.T) {
	past := func(text string) Place {
		p, err := Place{}.Past(text)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if _, same := past("<p>").Or(past("<b>")); !same {
		t.Error("text is not the same as text")
	}
	if _, same := past("<p>").Or(past(`<p title="`)); same {
		t.Error("text is the same as an attribute")
	}
	both, same := past(`<a href="https://`).Or(past(`<a href="`))
	if _, err := both.Escaper(); !same || err == nil {
		t.Errorf("same %t, and a value is taken where it may or may not begin the address", same)
	}
}
