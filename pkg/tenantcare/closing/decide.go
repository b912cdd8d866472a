package closing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare/closing/facts"
	"wave365/pkg/tenantcare/imports"
)

// Options say what is cleared away besides the settings.
type Options struct {
	// Shared also switches settings that others have a share in: that reach groups of other waves, that another ledger made,
	// or that people outside the run still need.
	Shared bool
	// Purge removes the imports that were never used; DeleteStaging the blobs of proven rows.
	Purge, DeleteStaging bool
	// SignatureLife is how long a signature that the tool made for an import is good, Now the service's time, in the zone in which people read times.
	SignatureLife time.Duration
	Now           time.Time
}

// Leftover is something that close found and did not act on.
type Leftover struct {
	What string
	// Commands are what to type about it; nil: nothing.
	Commands []fault.Command
}

// Staging is one blob that a proven row was imported from.
type Staging struct {
	Row   migration.Row
	Path  string
	ETag  string
	Bytes int64
	// Why says why it may not be deleted; "" when it may. Show is the command to see more; its zero value: there is none.
	Why  string
	Show fault.Command
}

// Plan is what close finds and does.
type Plan struct {
	// Switch are the settings that go back to building from images.
	Switch []graph.UserSetting
	// Kept are those that stay for others, each with the reason: the run is not closed before they went back too.
	Kept []Leftover
	// Purge are unused imports, when they are to be removed.
	Purge []imports.Verdict
	// Staging are the blobs of proven rows that are still there.
	Staging []Staging
	// Delete says that those that may be deleted are to be.
	Delete    bool
	Leftovers []Leftover
}

// Nothing reports whether there is nothing to write.
func (p Plan) Nothing() bool { return len(p.Switch)+len(p.Purge)+len(p.Deletable()) == 0 }

// Deletable are the staging blobs to be deleted.
func (p Plan) Deletable() []Staging {
	if !p.Delete {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.Staging), func(s Staging) bool { return s.Why != "" })
}

// Decide determines what close does about a run, from one reading.
func Decide(r facts.Record, f facts.Seen, o Options) Plan {
	p := Plan{Delete: o.DeleteStaging}
	x := facts.NewIndex(r, f)
	p.settings(x, o)
	p.imports(r, f, o)
	p.people(x)
	p.staging(x, o)
	p.signatures(r, o)
	return p
}

func (p *Plan) leave(command fault.Command, what string, args ...any) {
	l := Leftover{What: fmt.Sprintf(what, args...)}
	if command.Name != "" {
		l.Commands = []fault.Command{command}
	}
	p.Leftovers = append(p.Leftovers, l)
}

// settings finds the snapshot settings that reach the run's groups. One that others still need, or have a share in, stays.
func (p *Plan) settings(x facts.Index, o Options) {
	for _, s := range x.Settings {
		if !facts.ReachedBySnapshot(s, x.Ours) {
			continue
		}
		busy, others := "", 0
		var members []graph.Member
		for _, g := range s.GroupIDs {
			if run := x.Busy[strings.ToLower(g)]; run != "" {
				busy = run
			}
			if !x.Ours[strings.ToLower(g)] {
				others++
			}
			members = append(members, x.Members[strings.ToLower(g)]...)
		}
		need := x.Needs.Setting(members, x.CloudPCs, x.Outside, x.Name)
		var why []string
		if len(need) > 0 {
			why = append(why, fmt.Sprintf("people who are not in this run need it, or may, until they have their Cloud PCs (%d): %s", len(need), some(need)))
		}
		if x.MadeElsewhere(s) {
			why = append(why, "this ledger did not make it, another one did: close the run there")
		}
		if others > 0 {
			why = append(why, fmt.Sprintf("it also reaches groups of other waves (%d)", others))
		}
		keep := func(c fault.Command, why string) {
			p.leave(c, "user setting %s still builds from snapshots: %s", s.DisplayName, why)
			p.Kept = append(p.Kept, p.Leftovers[len(p.Leftovers)-1])
		}
		switch {
		case busy != "":
			keep(fault.NewCommand("close").For(busy), "run "+busy+" needs it until it is finished")
		case len(why) > 0 && !o.Shared:
			keep(fault.NewCommand("close", "--shared").For(x.Run.ID), strings.Join(why, "; ")+"; --shared switches it all the same")
		default:
			p.Switch = append(p.Switch, s)
			if len(need) > 0 {
				p.leave(fault.Command{}, "from now on Cloud PCs of %d who are not in this run are built from the image, whatever was imported for them: %s", len(need), some(need))
			}
		}
	}
}

func (p *Plan) imports(r facts.Record, f facts.Seen, o Options) {
	for _, v := range f.Imports {
		switch {
		case v.Fate == imports.Purge && o.Purge:
			p.Purge = append(p.Purge, v)
		case v.Fate == imports.Purge:
			p.leave(fault.NewCommand("purge", "--id", v.ID), "import %s of %s is stored and unused: %s", v.ID, v.User(), v.Why)
		case v.Fate == imports.Keep && v.Row != nil && v.Row.State != migration.Succeeded:
			p.leave(fault.NewCommand("status").For(r.Run.ID), "import %s of %s: %s", v.ID, v.User(), v.Why)
		}
	}
}

func some(who []string) string {
	const most = 5
	if len(who) > most {
		return strings.Join(who[:most], ", ") + ", …"
	}
	return strings.Join(who, ", ")
}

// Size is a number of bytes for people.
func Size(n int64) string {
	const gib = 1 << 30
	if n < gib {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d GiB", (n+gib/2)/gib)
}

// signatures reports until when the links that were handed to the service remain valid.
func (p *Plan) signatures(r facts.Record, o Options) {
	var last time.Time
	n := 0
	for _, w := range r.Effects {
		if w.Effect == migration.EffectImport && w.Command == "run" {
			if end := w.At.Add(o.SignatureLife); end.After(o.Now) {
				n++
				if end.After(last) {
					last = end
				}
			}
		}
	}
	if n > 0 && r.Run.Settings.ImportSource != "account" {
		p.leave(fault.Command{}, "the read-only links to disks that were made for the service (%d) are good until %s; revoking the account's user delegation keys, or rotating its key, ends them at once", n, clocks.Moment(last.In(o.Now.Location())))
	}
}
