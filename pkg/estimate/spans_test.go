package estimate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/estimate"
)

const gib = int64(1) << 30

var evening = time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)

// at is a span in minutes after the evening's start.
func at(start, end float64) estimate.Span {
	m := func(f float64) time.Time { return evening.Add(time.Duration(f * float64(time.Minute))) }
	return estimate.Span{Start: m(start), End: m(end)}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	// 50 GiB take 30 minutes, 100 GiB 40, 150 GiB 50.
	small, middle, large := estimate.Job{Bytes: 50 * gib}, estimate.Job{Bytes: 100 * gib}, estimate.Job{Bytes: 150 * gib}
	for _, tc := range []struct {
		name  string
		jobs  []estimate.Job
		slots int
		want  []estimate.Span
	}{
		{"one", []estimate.Job{small}, 1, []estimate.Span{at(0, 30)}},
		{"one after the other, the largest first", []estimate.Job{small, large, middle}, 1, []estimate.Span{at(90, 120), at(0, 50), at(50, 90)}},
		{"at the same time", []estimate.Job{small, large, middle}, 3, []estimate.Span{at(0, 30), at(0, 50), at(0, 40)}},
		{"the slot that is free first", []estimate.Job{small, large, middle}, 2, []estimate.Span{at(40, 70), at(0, 50), at(0, 40)}},
		{"priority before size", []estimate.Job{large, {Priority: 5, Bytes: 50 * gib}}, 1, []estimate.Span{at(30, 80), at(0, 30)}},
		{"equal ones in their order", []estimate.Job{small, small}, 1, []estimate.Span{at(0, 30), at(30, 60)}},
		{"an unknown disk counts as a usual one", []estimate.Job{{}}, 1, []estimate.Span{at(0, 45.6)}},
		{"no slots are one", []estimate.Job{small, small}, 0, []estimate.Span{at(0, 30), at(30, 60)}},
		{"nothing", nil, 5, []estimate.Span{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, estimate.New().Spans(tc.jobs, tc.slots, evening)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// However many slots: never more imports at a time than slots, and none waits while a slot is free.
func TestSpans_slots(t *testing.T) {
	t.Parallel()
	jobs := make([]estimate.Job, 500)
	for i := range jobs {
		jobs[i] = estimate.Job{Priority: i % 3, Bytes: int64(64+i%7*32) * gib}
	}
	for _, slots := range []int{1, 7, 20, 600} {
		spans := estimate.New().Spans(jobs, slots, evening)
		for i, s := range spans {
			busy := 0
			for _, o := range spans {
				if !o.Start.After(s.Start) && o.End.After(s.Start) {
					busy++
				}
			}
			if busy > slots {
				t.Fatalf("%d imports run when job %d starts; there are %d slots", busy, i, slots)
			}
			if (s.End.Sub(s.Start) - 2*estimate.New().Import(jobs[i].Bytes)).Abs() > time.Second {
				t.Fatalf("job %d: %v", i, s)
			}
		}
	}
}
