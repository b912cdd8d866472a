//go:build storms

package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"wave365/pkg/fleet"
)

// TestFleetSize measures how long WAVE365_TENANTS tenants of WAVE365_ROWS rows take on three workers of this machine, at
// WAVE365_SPEED times the service's own, against one tenant alone, and what it costs: memory and processor time of a worker, connections, and transactions a row.
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
	speed := 120.0
	if v, err := strconv.ParseFloat(os.Getenv("WAVE365_SPEED"), 64); err == nil {
		speed = v
	}
	alone := newFleet(t)
	wave, url := alone.tenant("alone", rows, speed)
	alone.submit("alone", wave, url)
	began := time.Now()
	alone.worker("w1", nil)
	alone.job("alone", 20*time.Minute, inState(fleet.Done))
	one := time.Since(began)

	f := newFleet(t)
	waves := make([]struct{ wave, url string }, tenants)
	for i := range waves {
		waves[i].wave, waves[i].url = f.tenant(fmt.Sprintf("t%d", i), rows, speed)
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
	before := count(commits)
	began = time.Now()
	var machines []*os.Process
	for i := range 3 {
		machines = append(machines, f.worker(fmt.Sprintf("w%d", i), nil, "--runs", strconv.Itoa(tenants/3+1)).Process)
	}
	most := int64(0)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for over := false; !over; <-tick.C {
		most = max(most, count("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'wave365%'"))
		h, err := f.queue.Health(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		over = h.Jobs[fleet.Done] == int64(tenants)
		if h.Jobs[fleet.Parked] > 0 || time.Since(began) > time.Hour {
			jobs, err := f.queue.Jobs(t.Context())
			for _, j := range jobs {
				if j.State == fleet.Parked {
					t.Errorf("%s waits for a person: %s", j.Ledger, j.Why)
				}
			}
			t.Fatalf("%+v, %v", h, err)
		}
	}
	took := time.Since(began)
	for i, m := range machines {
		t.Logf("worker %d: %.0f MB at most", i, peakMB(m.Pid))
	}
	for _, m := range machines {
		_ = m.Signal(os.Interrupt)
		state, err := m.Wait()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("processor time of a worker: %.1f s", (state.UserTime() + state.SystemTime()).Seconds())
	}
	t.Logf("%d tenants of %d rows: %.1f s, one alone %.1f s: %.2f times; %d connections at most, %.1f transactions a row", tenants, rows, took.Seconds(), one.Seconds(),
		took.Seconds()/one.Seconds(), most, float64(count(commits)-before)/float64(tenants*rows))
}
