package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/pilot"
	"wave365/pkg/pilot/recording"
	"wave365/pkg/preflight"
	"wave365/pkg/run"
	"wave365/pkg/sandbox/generate"
	stage "wave365/pkg/sandbox/rehearsal"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/summary"
	"wave365/pkg/summary/wording"
	"wave365/pkg/wave"
)

// rehearseOptions holds the flags of rehearse, which include those of run.
type rehearseOptions struct {
	runOptions
	seed    int64
	faults  string
	sample  bool
	offline bool
	// like is a recording whose service the sandbox is to behave like; empty: as by default.
	like string
}

// rehearsalSpeed is how much faster than the wall clock a rehearsal runs: a run of two hours takes ten seconds. The machine's
// own work is multiplied by the same factor, so a faster clock would add more time to the run, on a busy machine, than the
// run itself takes.
const rehearsalSpeed = 900

func newRehearseCommand(a *app, g *globals) *cobra.Command {
	var o rehearseOptions
	cmd := &cobra.Command{
		Use: "rehearse WAVE", Short: "Play a wave on a sandbox tenant made from it: when it would end, what it takes, what breaks",
		Long: fmt.Sprintf(`Make a sandbox tenant from a wave, with its users, disks, policies, groups and licenses, and play the wave on it,
hours in seconds; the report is the same, marked as a rehearsal. Where a storage account and a sign-in are available, the sizes of the disks come from validation;
otherwise a disk is assumed to be as large as its license's. It never prompts, and no user is migrated. The tenant and the ledger are
kept in .wave365/rehearsal, for the commands that are printed, until the next rehearsal replaces them and says so; reports stay.

--faults says how much goes wrong: calm (nothing), rough (an ordinary run) or storm (lost answers, outages, failed
imports). The same seed gives the same tenant, and the same durations and failures of imports and Cloud PCs. Which request
meets a fault, how many there are, and when the wave ends, differ from one time to the next: the clock runs %d
times as fast as this machine's, so the time that the machine itself takes is multiplied, too. On a busy one the end comes out
too late; a lower --sandbox-speed makes it more accurate. --sample needs no file. --like takes a recording of a real run: where it shows how the
service behaves, the sandbox behaves the same way.`, rehearsalSpeed),
		Example: "  wave365 rehearse waves/friday.csv --faults rough\n  wave365 rehearse --sample --faults storm --seed 7",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return runRehearse(cmd, a, g, o, args) },
	}
	o.checking.addFlags(cmd)
	o.steering.addFlags(cmd, false)
	f := cmd.Flags()
	f.Int64Var(&o.seed, "seed", 1, "seed of durations and of who fails")
	f.StringVar(&o.faults, "faults", string(stage.Calm), "how much goes wrong: calm, rough or storm")
	f.BoolVar(&o.sample, "sample", false, "rehearse a made-up wave of 24 rows")
	f.StringVar(&o.like, "like", "", "behave as the service did in this recording of --record")
	f.BoolVar(&o.offline, "offline", false, "make the tenant from the file alone; opens no connection")
	return cmd
}

// rehearseDocument is the answer of `rehearse --json`.
type rehearseDocument struct {
	Schema  string           `json:"schema"`
	Wave    string           `json:"wave"`
	Run     string           `json:"run"`
	Seed    int64            `json:"seed"`
	Faults  string           `json:"faults"`
	Counts  migration.Counts `json:"counts"`
	Minutes int              `json:"minutes"`
	stage.Measures
	// Problems counts rows by the code that they ended with.
	Problems map[string]int `json:"problems"`
	// Assumed lists assumptions about the tenant, which run or validate would read.
	Assumed   []string `json:"assumed"`
	ExitCode  int      `json:"exit_code"`
	ReportDir string   `json:"report_dir"`
}

func runRehearse(cmd *cobra.Command, a *app, g *globals, o rehearseOptions, args []string) error {
	switch {
	case o.sample && len(args) == 1:
		return usageError{fault.New(fault.Invalid, "usage", "--sample uses a wave of its own, but "+args[0]+" is named as well", "leave out one of them", fault.NewCommand("rehearse", args[0]))}
	case !o.sample && len(args) == 0:
		return usageError{fault.New(fault.Invalid, "usage", "rehearse needs a wave file, or --sample", "usage: "+usage.Line(cmd), fault.NewCommand("rehearse", "--sample"))}
	case g.sandbox != "":
		return usageError{fault.New(fault.Invalid, "usage", "rehearse builds its own tenant from the wave and does not take --sandbox", "leave out --sandbox; run plays a wave on a scenario of your own",
			fault.NewCommand("run", "WAVE.csv", "--sandbox=FILE"))}
	case !slices.Contains(stage.Weathers(), stage.Weather(o.faults)):
		return usageError{fault.New(fault.Invalid, "usage", "--faults: unknown level "+strconv.Quote(o.faults), "use calm, rough or storm")}
	}
	dir := filepath.Join(g.localFolder(), "rehearsal")
	if _, err := os.Stat(filepath.Join(dir, "ledger.db")); err == nil {
		a.tell(g, "replacing the ledger of the last rehearsal, %s; its report stays", filepath.Join(dir, "ledger.db"))
	}
	if err := os.RemoveAll(dir); err != nil {
		return fault.Wrap(fault.Invalid, "usage", "the last rehearsal cannot be removed: "+err.Error(), "close what uses "+dir+", or name another folder with --ledger", err)
	}
	path := filepath.Join(dir, "sample.csv")
	if len(args) == 1 {
		path = filepath.Join(dir, strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0]))+".csv")
	}
	sized, err := a.stageRehearsal(cmd.Context(), g, o, args, path)
	if err != nil {
		return err
	}
	own := *g
	own.ledger, own.sandbox, own.yes, own.live = filepath.Join(dir, "ledger.db"), besideWave, true, ""
	if !cmd.Flags().Changed("sandbox-speed") {
		own.speed = rehearsalSpeed
	}
	o.skipInvalid, o.runID = true, "rehearsal-"+run.NewID(time.Now())
	on := *a
	if g.json {
		on.out = io.Discard
	}
	own.quiet = g.quiet || !a.errTerm // nobody reads hours of lines that pass in seconds
	played := runRun(cmd, &on, &own, o.runOptions, path)
	code, _ := exitCode(played)
	if _, quiet := errors.AsType[exit](played); played != nil && !quiet {
		return played
	}
	return a.answerRehearsal(context.WithoutCancel(cmd.Context()), g, &own, o, code, assumed(sized))
}

// assumed returns what a rehearsal assumes about the tenant; sized: the disks were read.
func assumed(sized bool) []string {
	facts := []string{"a free seat for every row", "users, policies and groups that exist and are valid"}
	if !sized {
		facts = append([]string{"every disk exists and is as large as its license's"}, facts...)
	}
	return facts
}

// stageRehearsal writes the wave as it is rehearsed, and its tenant next to it. sized reports whether the disks were read.
func (a *app) stageRehearsal(ctx context.Context, g *globals, o rehearseOptions, args []string, path string) (sized bool, err error) {
	beside := strings.TrimSuffix(path, ".csv") + ".tenant.yaml"
	if o.sample {
		made, _, err := generate.Wave(24, o.seed, false)
		if err != nil {
			return false, err
		}
		args = []string{filepath.Join(filepath.Dir(path), "made", filepath.Base(path))}
		if err := writeNew(filepath.Dir(args[0]), map[string][]byte{args[0]: made}); err != nil {
			return false, err
		}
	}
	file, findings, err := a.readWave(g, args[0], o.allowUnknown)
	if err != nil {
		return false, err
	}
	if res := preflight.OfFile(file, findings); res.Whole() {
		return false, a.answerValidate(g, file, res)
	}
	people := make([]stage.Person, len(file.Rows))
	for i, r := range file.Rows {
		people[i] = stage.Person{User: r.User, Policy: r.Policy, Group: r.Group, License: r.License, Disk: stage.DiskPath(r.Blob)}
		if r.GuestStateBlob != "" {
			people[i].GuestState = stage.DiskPath(r.GuestStateBlob)
		}
	}
	sized = a.sizesOf(ctx, g, o, args[0], file, findings, people)
	knobs, err := knobsLike(o.like)
	if err != nil {
		return false, err
	}
	tenant := stage.Tenant(people, stage.Options{Name: file.Name, Seed: o.seed, Weather: stage.Weather(o.faults), Knobs: knobs})
	text, err := yaml.Marshal(tenant)
	if err != nil {
		return false, err
	}
	return sized, writeNew(filepath.Dir(path), map[string][]byte{path: rehearsedWave(file, people), beside: text})
}

// knobsLike returns the sandbox's knobs according to a recording of the service; zero without one.
func knobsLike(path string) (knobs scenario.Knobs, err error) {
	if path == "" {
		return knobs, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return knobs, fault.Wrap(fault.Invalid, "usage", "the recording cannot be read: "+err.Error(), "record a run with --record, and name that file with --like", err)
	}
	defer func() { _ = f.Close() }()
	rec, err := recording.Read(f)
	if err != nil {
		return knobs, err
	}
	text, err := yaml.Marshal(pilot.Knobs(pilot.Answers(rec)))
	if err != nil {
		return knobs, err
	}
	return knobs, yaml.UnmarshalWithOptions(text, &knobs, yaml.Strict())
}

// rehearsedWave returns the wave with every disk in the rehearsal's storage account and without signatures.
func rehearsedWave(file *wave.File, people []stage.Person) []byte {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"user", "blob", "policy", "guest_state_blob", "license", "group", "priority", "x_line"})
	for i, r := range file.Rows {
		_ = w.Write([]string{r.User, people[i].Disk, r.Policy, people[i].GuestState, r.License, r.Group, strconv.Itoa(r.Priority), strconv.Itoa(r.Line)})
	}
	w.Flush()
	return []byte(b.String())
}

// sizesOf reads from the real storage account and tenant what the file does not contain. If it cannot, it prints why,
// and the rehearsal continues without; true: they were read.
func (a *app) sizesOf(ctx context.Context, g *globals, o rehearseOptions, path string, file *wave.File, findings []wave.Finding, people []stage.Person) bool {
	if o.offline || g.sandbox != "" || g.account == "" && g.blobEndpoint == "" {
		return false
	}
	res, err := a.validateOnline(ctx, g, o.checking, path, file, findings)
	if err != nil {
		fmt.Fprintln(a.err, "wave365: the sizes of the disks are guesses, as they could not be read: "+err.Error())
		return false
	}
	for i, t := range res.Targets {
		if t.Disk.Virtual > 0 {
			people[i].GiB = int((t.Disk.Virtual + 1<<30 - 1) >> 30)
		}
		people[i].Name = t.DisplayName
	}
	return true
}

func (a *app) answerRehearsal(ctx context.Context, g, own *globals, o rehearseOptions, code int, assumed []string) error {
	l, err := ledger.Open(ctx, own.ledger, ledger.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	r, err := l.Run(ctx, o.runID)
	if err != nil {
		return err
	}
	rows, err := l.Rows(ctx, o.runID)
	if err != nil {
		return err
	}
	doc := rehearseDocument{Schema: "wave365/rehearse/v1", Wave: r.Wave, Run: r.ID, Seed: o.seed, Faults: o.faults, Counts: migration.Count(rows),
		Problems: map[string]int{}, Assumed: assumed, ExitCode: code, ReportDir: summary.Dir(r.ReportDir, r)}
	end := r.FinishedAt
	for _, row := range rows {
		if row.FinishedAt.After(end) {
			end = row.FinishedAt
		}
		if row.Problem != nil && row.State.Final() {
			doc.Problems[row.Problem.Code]++
		}
	}
	doc.Minutes = int(end.Sub(r.CreatedAt).Minutes())
	if f, err := os.Open(filepath.Join(filepath.Dir(own.ledger), "sandbox", r.ID, "requests.jsonl")); err == nil {
		doc.Measures, err = stage.Measure(f)
		_ = f.Close()
		if err != nil {
			return err
		}
	}
	if g.json {
		console.JSON(a.out, doc)
	} else {
		a.printRehearsal(doc, r, end, time.Now())
	}
	if code != exitOK {
		return exit(code)
	}
	return nil
}

func (a *app) printRehearsal(doc rehearseDocument, r migration.Run, end, now time.Time) {
	c := doc.Counts
	fmt.Fprintf(a.out, "\nREHEARSAL of %s, %s, seed %d: %d of %s succeeded.\n", wording.OneLine(doc.Wave), doc.Faults, doc.Seed, c.Succeeded+c.Warned, wording.Count(c.Total, "row"))
	var wrong []string
	for code, n := range doc.Problems {
		wrong = append(wrong, fmt.Sprintf("%d %s", n, code))
	}
	slices.Sort(wrong)
	console.Details(a.out,
		"  Would end", fmt.Sprintf("%s after its start: %s if it began now", clocks.Long(time.Duration(doc.Minutes)*time.Minute), clocks.Range(now, now.Add(end.Sub(r.CreatedAt)).In(a.zone))),
		"  Slots", strconv.Itoa(r.Slots),
		"  Requests", fmt.Sprintf("%d to Graph (%.1f a row), %d to storage, in %d HTTP calls; %d throttled, %d with an injected fault", doc.Graph, float64(doc.Graph)/float64(max(1, c.Total)), doc.Storage, doc.Calls, doc.Throttled, doc.Spoiled),
		"  Imports", fmt.Sprintf("%d sent, at most %d within 24 hours; about 1000 a day are accepted", doc.Imports, doc.BusiestDay),
		"  Licenses given", strconv.Itoa(doc.Licenses),
		"  Went wrong", strings.Join(wrong, ", "))
	console.Say(a.out, "  Assumed         ", strings.Join(doc.Assumed, "; ")+". validate reads the real facts.")
}
