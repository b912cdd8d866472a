//go:build storms

package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"wave365/pkg/fleet/queue"
)

// fleetSize is what a fleet of that many tenants took.
type fleetSize struct {
	tenants int
	took    time.Duration
	// megabytes is the most that a worker had, processor how long one worked, on average.
	megabytes float64
	processor time.Duration
	// connections is the most that the database had, transactions how many there were for each row.
	connections  int64
	transactions float64
	// last is the story of the tenant that was over last, see tenantLike.
	last int64
	// busy is the share of this machine's processors that was used, by whomever: where it is near 1 the machine was the bound.
	busy float64
}

// TestFleetSize measures how long WAVE365_TENANTS tenants of WAVE365_ROWS rows take on three workers of this machine, at
// WAVE365_SPEED times the service's own, and what it costs; and how that grows from 10 tenants on. Every tenant has a story of
// its own, so the bound is what the tenant that was over last takes alone: together they may take a tenth longer.
func TestFleetSize(t *testing.T) {
	tenants, err := strconv.Atoi(os.Getenv("WAVE365_TENANTS"))
	if err != nil {
		t.Skip("a measurement, by hand: make bench-fleet")
	}
	rows := 100
	if n, err := strconv.Atoi(os.Getenv("WAVE365_ROWS")); err == nil {
		rows = n
	}
	// So fast that it does not take hours, and so slow that this machine, which plays the tenants too, is not the bound.
	speed := 40.0
	if v, err := strconv.ParseFloat(os.Getenv("WAVE365_SPEED"), 64); err == nil {
		speed = v
	}
	var all, ten, alone fleetSize
	t.Run("together", func(t *testing.T) { all = measureFleet(t, 1, tenants, rows, speed) })
	// The small ones at the same time: together they ask little of the machine.
	t.Run("fewer", func(t *testing.T) {
		t.Run("alone", func(t *testing.T) {
			t.Parallel()
			alone = measureFleet(t, all.last, 1, rows, speed)
		})
		if tenants > 10 {
			t.Run("ten", func(t *testing.T) {
				t.Parallel()
				ten = measureFleet(t, 1, 10, rows, speed)
			})
		}
	})
	if t.Failed() {
		return
	}
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "tenants\ttook\tlast\tworker: memory\tprocessor\tdatabase: connections\ttransactions a row\tthis machine busy")
	for _, s := range []fleetSize{alone, ten, all} {
		if s.tenants > 0 {
			fmt.Fprintf(table, "%d\t%.1f s\ttenant %d\t%.0f MB\t%.1f s\t%d\t%.1f\t%.0f %%\n", s.tenants, s.took.Seconds(), s.last,
				s.megabytes, s.processor.Seconds(), s.connections, s.transactions, 100*s.busy)
		}
	}
	_ = table.Flush()
	times := all.took.Seconds() / alone.took.Seconds()
	t.Logf("%d rows each, three workers, %g times the service's speed; together %.2f times as long as the last one alone:\n%s", rows, speed, times, b.String())
	if times > 1.1 {
		t.Errorf("%d tenants took %.2f times as long as the last one alone, want at most 1.1; where this machine was busy by more than 80 %%, a lower WAVE365_SPEED says more", tenants, times)
	}
}

// measureFleet lets three workers drive a wave of so many rows for each tenant, the first with that story.
func measureFleet(t *testing.T, first int64, tenants, rows int, speed float64) fleetSize {
	f := newFleet(t)
	waves := make([]struct{ wave, url string }, tenants)
	for i := range waves {
		waves[i].wave, waves[i].url = f.tenantLike(first+int64(i), fmt.Sprintf("t%d", i), rows, speed)
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for i, w := range waves {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			f.submit(fmt.Sprintf("t%d", i), w.wave, w.url)
		})
	}
	wg.Wait()
	db, err := pgx.Connect(t.Context(), f.server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close(t.Context()) }()
	count := func(query string) (n int64) {
		if err := db.QueryRow(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const commits = "SELECT sum(xact_commit)::bigint FROM pg_stat_database"
	size := fleetSize{tenants: tenants}
	before := count(commits)
	idleBefore, allBefore := processorTimes(t)
	began := time.Now()
	var machines []*os.Process
	for i := range 3 {
		machines = append(machines, f.worker(fmt.Sprintf("w%d", i), nil, "--runs", strconv.Itoa(tenants/3+1)).Process)
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for over := false; !over; <-tick.C {
		size.connections = max(size.connections, count("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'wave365%'"))
		h, err := f.queue.Health(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		over = h.Jobs[queue.Done] == int64(tenants)
		if h.Jobs[queue.Parked] > 0 || time.Since(began) > 3*time.Hour {
			f.whyParked()
			t.Fatalf("not over after %s: %+v", time.Since(began), h)
		}
	}
	size.took = time.Since(began)
	size.last = first + f.last()
	idle, all := processorTimes(t)
	size.busy = 1 - (idle-idleBefore)/(all-allBefore)
	size.transactions = float64(count(commits)-before) / float64(tenants*rows)
	for _, m := range machines {
		size.megabytes = max(size.megabytes, peakMB(m.Pid))
		_ = m.Signal(os.Interrupt)
		state, err := m.Wait()
		if err != nil {
			t.Fatal(err)
		}
		size.processor += (state.UserTime() + state.SystemTime()) / time.Duration(len(machines))
	}
	return size
}

// last is the number of the tenant whose run was over last.
func (f *fleetUnderTest) last() (n int64) {
	f.t.Helper()
	jobs, err := f.queue.Jobs(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	job := slices.MaxFunc(jobs, func(a, b queue.Job) int { return a.Since.Compare(b.Since) })
	if _, err := fmt.Sscanf(job.Ledger, "t%d", &n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// whyParked says why runs wait for a person.
func (f *fleetUnderTest) whyParked() {
	jobs, err := f.queue.Jobs(f.t.Context())
	if err != nil {
		f.t.Error(err)
	}
	for _, j := range jobs {
		if j.State == queue.Parked {
			f.t.Errorf("%s waits for a person: %s", j.Ledger, j.Why)
		}
	}
}

// processorTimes are how long this machine's processors have had nothing to do, and how long they are there.
func processorTimes(t *testing.T) (idle, all float64) {
	t.Helper()
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := strings.Fields(string(line))[1:]
	for i, field := range fields[:8] { // the rest is part of the first two
		v, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatal(err)
		}
		all += v
		if i == 3 || i == 4 {
			idle += v
		}
	}
	return idle, all
}
