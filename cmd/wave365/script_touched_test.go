package main

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// touched [LINE…] wants that these are the effects in the tenant's request log since the last touched, and no others, in this
// order: an effect and the person it was on ("license removed ada@contoso.example"), or the blob that was deleted.
func touched(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: touched [LINE…]")
	}
	got := sinceLook(ts)
	if !slices.Equal(got, args) {
		ts.Fatalf("touched since the last look:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(args, "\n  "))
	}
}

// mark leaves what was touched so far out of the next touched.
func mark(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: mark")
	}
	sinceLook(ts)
}

func sinceLook(ts *testscript.TestScript) []string {
	root := ts.Getenv("TENANT")
	all, err := readRequests(root)
	ts.Check(err)
	var doc struct {
		Tenant struct{ Users []struct{ ID, UPN string } }
	}
	read(ts, "/sandbox/state", &doc)
	names := map[string]string{}
	for _, u := range doc.Tenant.Users {
		names[u.ID] = u.UPN
	}
	from := 0
	if at, n, _ := strings.Cut(ts.Getenv("TOUCHED"), " "); at == root {
		from, err = strconv.Atoi(n)
		ts.Check(err)
	}
	ts.Setenv("TOUCHED", root+" "+strconv.Itoa(len(all)))
	var got []string
	for _, r := range all[from:] {
		switch blob, ok := strings.CutPrefix(r.Path, "/devstoreaccount1/"); {
		case ok && r.Method == http.MethodDelete && r.Status < 300:
			got = append(got, "blob deleted "+blob)
		case r.Effect != "":
			got = append(got, strings.TrimSpace(r.Effect+" "+cmp.Or(names[r.User], r.User)))
		}
	}
	return got
}
