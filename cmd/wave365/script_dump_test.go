package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// dump FILE writes what the tenant holds, a line each, by names: of people those about whom anything changed since the scenario,
// or is as it was again.
func dump(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: dump FILE")
	}
	type assigned struct {
		Props       map[string]any
		Assignments []struct{ GroupID string }
	}
	var doc struct {
		Tenant struct {
			Users []struct {
				UPN      string
				Licenses []struct{ SKU string }
				Groups   []string
			}
			Groups []struct {
				ID, Name string
				Members  int
			}
			Policies, Settings []assigned
			Images             []struct{ Name, Version, Status string }
			Imports            []struct{ UPN, Usage string }
			CloudPCs           []struct{ UPN, Status, Source, PolicyName string }
		}
	}
	read(ts, "/sandbox/state", &doc)
	t := doc.Tenant
	var lines []string
	say := func(format string, args ...any) {
		lines = append(lines, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
	names := map[string]string{}
	for _, g := range t.Groups {
		names[g.ID] = g.Name
		say("group %s: %d", g.Name, g.Members)
	}
	of := func(ids []string) string {
		var out []string
		for _, id := range ids {
			out = append(out, names[id])
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	to := func(a assigned) string {
		var ids []string
		for _, x := range a.Assignments {
			ids = append(ids, x.GroupID)
		}
		return of(ids)
	}
	for _, u := range t.Users {
		var held []string
		for _, l := range u.Licenses {
			held = append(held, l.SKU)
		}
		slices.Sort(held)
		say("user %s: %s, %s", u.UPN, strings.Join(held, " "), of(u.Groups))
	}
	for _, p := range t.Policies {
		say("policy %v: %s", p.Props["displayName"], to(p))
	}
	for _, s := range t.Settings {
		say("setting %v: %v, %s", s.Props["displayName"], s.Props["provisioningSourceType"], to(s))
	}
	for _, i := range t.Images {
		say("image %s %s: %s", i.Name, i.Version, i.Status)
	}
	for _, i := range t.Imports {
		say("import %s: %s", i.UPN, i.Usage)
	}
	for _, p := range t.CloudPCs {
		say("cloudpc %s: %s from %s by %s", p.UPN, p.Status, p.Source, p.PolicyName)
	}
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}
