// Package doctor judges, before an evening, whether this machine, its sign-in and the tenant are fit for a wave. Its
// rules take what was found out and return lines for people, each with how it was proven and what to do; the command
// makes the calls. The rows of a wave are checked by validation.
package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"wave365/pkg/estimate"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
)

// Grade is the verdict of a line.
type Grade string

// The grades, best first.
const (
	Good    Grade = "good"
	Warning Grade = "warning"
	Bad     Grade = "bad"
)

// Line is one check.
type Line struct {
	// Name is what was checked, such as "permission CloudPC.ReadWrite.All".
	Name  string `json:"name"`
	Grade Grade  `json:"grade"`
	// Found is what was found and how it was proven.
	Found string `json:"found"`
	// Remedy is empty for what is good.
	Remedy fault.Remedy `json:"remedy,omitzero"`
	// Code is that of the fault behind a bad line; empty: there is none.
	Code string `json:"code,omitempty"`
}

// Worst is the worst grade of the lines; Good for none.
func Worst(lines []Line) Grade {
	worst := Good
	for _, l := range lines {
		if rank(l.Grade) > rank(worst) {
			worst = l.Grade
		}
	}
	return worst
}

func rank(g Grade) int { return slices.Index([]Grade{Good, Warning, Bad}, g) }

// failed is a bad line for something that was tried and answered with err.
func failed(name string, err error) Line {
	return Line{Name: name, Grade: Bad, Found: err.Error(), Remedy: fault.RemedyOf(err), Code: fault.CodeOf(err)}
}

// Reach judges a connection to a host that was tried; took is how long its answer took.
func Reach(host string, took time.Duration, err error) Line {
	name := "network " + host
	switch {
	case err != nil:
		l := failed(name, err)
		l.Remedy.Text = cmp.Or(l.Remedy.Text, "ask the network administrator to let this machine reach "+host+" on port 443; a proxy is named by HTTPS_PROXY")
		return l
	case took > 2*time.Second:
		return Line{Name: name, Grade: Warning, Found: fmt.Sprintf("it answers after %.1f s", took.Seconds()), Remedy: fault.Remedy{Text: "on a slow network the wave is slow; try a wired one"}}
	}
	return Line{Name: name, Grade: Good, Found: fmt.Sprintf("it answers after %d ms", took.Milliseconds())}
}

// Identity is who is signed in.
type Identity struct {
	// Method is the credential that was used, App the client id, AppName its name, User the person; empty: unknown.
	Method, App, AppName, User string
	// Tenant is the tenant's id of the token, Expires when it ends.
	Tenant  string
	Expires time.Time
	// Granted are the permissions that the token lists.
	Granted []string
	// Rehearsal: it is a sandbox, which takes any sign-in.
	Rehearsal bool
}

// SignIn judges the sign-in; named is the value of --tenant, is whether it names the tenant that the sign-in is in.
func SignIn(who Identity, named string, is bool, tenant string, err error) []Line {
	if err != nil {
		return []Line{failed("sign-in", err)}
	}
	as := "an application"
	if who.User != "" {
		as = who.User
	}
	app := strings.TrimSpace(who.AppName + " " + bracketed(who.App))
	lines := []Line{{Name: "sign-in", Grade: Good, Found: strings.TrimSpace(as + " by " + who.Method + andApp(app))}}
	if who.User != "" && !who.Expires.IsZero() {
		lines[0].Found += "; a person's sign-in may end during a run where conditional access requires it again"
	}
	l := Line{Name: "tenant", Grade: Good, Found: tenant}
	if named != "" && !is {
		l.Grade, l.Found = Bad, "--tenant names "+named+", but this sign-in is in "+tenant
		l.Remedy.Text = "sign in to the tenant that is meant, for instance with another --sign-in, or name the other one"
	} else if named == "" && !who.Rehearsal {
		l.Grade, l.Found = Warning, tenant+"; no --tenant names it, so whatever this sign-in is in is taken"
		l.Remedy.Text = "name it with --tenant, or with tenant in wave365.yaml"
	}
	return append(lines, l)
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func andApp(app string) string {
	if app == "" {
		return ""
	}
	return ", app " + app
}

// Need is a permission, what it is for, and the ones that include it.
type Need struct {
	Permission, Purpose string
	Also                []string
	// Read was tried when Tried is set; Err is its result. What only writes use cannot be tried.
	Tried bool
	Err   error
	// Optional: without it something smaller than a wave fails, named by Purpose.
	Optional bool
}

// Permissions judges each permission by the best proof there is: a read that worked or was refused, or else the token's
// own list. A token that lists nothing proves nothing.
func Permissions(needs []Need, who Identity) []Line {
	granted := who.Granted
	var lines []Line
	for _, n := range needs {
		l := Line{Name: "permission " + n.Permission, Grade: Good}
		listed := slices.ContainsFunc(append([]string{n.Permission}, n.Also...), func(p string) bool {
			return slices.ContainsFunc(granted, func(g string) bool { return strings.EqualFold(g, p) })
		})
		switch {
		case n.Tried && n.Err == nil:
			l.Found = "proven by reading " + n.Purpose
		case n.Tried && fault.Is(n.Err, fault.Denied):
			l.Grade, l.Found = Bad, "refused when reading "+n.Purpose
		case n.Tried:
			l.Grade, l.Found, l.Remedy, l.Code = Warning, "reading "+n.Purpose+" failed, so it is not proven: "+n.Err.Error(), fault.RemedyOf(n.Err), fault.CodeOf(n.Err)
		case listed:
			l.Found = "listed in the token; needed " + n.Purpose
		case who.Rehearsal:
			l.Found = "a sandbox lets everybody write; needed " + n.Purpose
		case len(granted) == 0:
			l.Grade, l.Found = Warning, "not proven: the token lists no permissions, and trying it would change something; needed "+n.Purpose
			l.Remedy.Text = "ask the owner of the app registration whether it is granted"
		default:
			l.Grade, l.Found = Bad, "not in the token; needed "+n.Purpose
		}
		if l.Grade == Bad {
			l.Code = "permission.missing"
			l.Remedy.Text = "a Privileged Role Administrator or Global Administrator grants " + n.Permission + " to the app registration; then sign in again"
			if n.Optional {
				l.Grade = Warning
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// Clock judges how far this machine's clock is from the services'; off is theirs less ours.
func Clock(off time.Duration) Line {
	l := Line{Name: "clock", Grade: Good, Found: "within " + clocks.Long(max(off.Abs().Round(time.Second), time.Second)) + " of the service's"}
	switch d := off.Abs(); {
	case d > 5*time.Minute:
		l.Grade = Bad
	case d > time.Minute:
		l.Grade = Warning
	}
	if l.Grade != Good {
		l.Found = clocks.Long(off.Abs()) + " off the service's: signatures would begin or end at the wrong time"
		l.Remedy.Text = "set this machine's clock by its time service"
	}
	return l
}

// Imports judges how much of a day's imports this ledger has used in the last 24 hours.
func Imports(used int) Line {
	l := Line{Name: "imports today", Grade: Good, Found: fmt.Sprintf("%d of about %d that the service is said to accept in a day were sent from this ledger in 24 hours", used, estimate.DailyImports)}
	if used >= estimate.DailyImports*8/10 {
		l.Grade, l.Remedy.Text = Warning, "a wave today may have to wait for tomorrow's quota; make it smaller, or start it later"
	}
	return l
}

// Setting is a user setting of ours that says snapshot.
type Setting struct{ Name, Run string }

// Leftovers judges user settings that finished runs left behind: users who join their groups later are in snapshot mode
// and get no Cloud PC from the image.
func Leftovers(left []Setting, read error) []Line {
	const name = "user settings left over"
	if read != nil {
		return nil // the permission's own line reports it
	}
	if len(left) == 0 {
		return []Line{{Name: name, Grade: Good, Found: "none: no finished run left one that builds from snapshots"}}
	}
	var lines []Line
	for _, s := range left {
		l := Line{Name: name, Grade: Warning, Found: "user setting " + s.Name + " still builds from snapshots, and its run has ended",
			Remedy: fault.Remedy{Text: "close the run", Commands: []fault.Command{fault.NewCommand("close").For(s.Run)}}}
		if s.Run == "" {
			l.Found = "user setting " + s.Name + " builds from snapshots and looks like one of wave365, but no run of this ledger made it"
			l.Remedy = fault.Remedy{Text: "ask who ran it; on that ledger `close` switches it back"}
		}
		lines = append(lines, l)
	}
	return lines
}
