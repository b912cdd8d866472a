package steer

import (
	"testing"

	"wave365/pkg/migration"
)

func TestFollow(t *testing.T) {
	t.Parallel()
	load := Load{Imports: 1, After: 2}
	for _, tc := range []struct {
		name   string
		state  State
		ask    Command
		want   State
		answer string
	}{
		{"Pause", State{Slots: 3}, Command{Kind: Pause}, State{Slots: 3, Paused: true}, "paused: nothing new starts; 1 import and 2 rows after the import continue"},
		{"Continue", State{Paused: true}, Command{Kind: Continue}, State{}, "continued"},
		{"ContinueUnpaused", State{}, Command{Kind: Continue}, State{}, "the run is not paused"},
		{"ContinueWhileDraining", State{Paused: true, Draining: true}, Command{Kind: Continue}, State{Draining: true}, "the run is draining and ends with what is in flight; resume it then"},
		{"Slots", State{Slots: 3}, Command{Kind: Slots, Slots: 1}, State{Slots: 1}, "1 slot instead of 3; in flight: 1 import"},
		{"NoSlots", State{Slots: 3}, Command{Kind: Slots}, State{Slots: 1}, "1 slot instead of 3; in flight: 1 import"},
		{"Drain", State{}, Command{Kind: Drain}, State{Draining: true}, "draining: 1 import and 2 rows after the import run to completion, then the run ends"},
		{"Unknown", State{Slots: 2}, Command{Kind: "sing"}, State{Slots: 2}, "not understood: sing"},
	} {
		got, answer := tc.state.Follow(tc.ask, load)
		if got != tc.want || answer != tc.answer {
			t.Errorf("%s: %+v, %q", tc.name, got, answer)
		}
	}
}

func TestCancelledAnswer(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		c     Cancelled
		named string
		want  string
	}{
		{Cancelled{}, "failed", "nothing to cancel: the row is failed already"},
		{Cancelled{}, "", "nothing to cancel: every row has ended"},
		{Cancelled{Now: 2}, "", "2 cancelled"},
		{Cancelled{Now: 1, Soon: 2, GoOn: 3, Away: 1}, "", "1 cancelled, 2 more when the current step ends, unless it sends the import, " +
			"3 too late to cancel: the import was sent and continues in the service, 1 of them perhaps without the license that was taken for the import: undo gives it back"},
		{Cancelled{Now: 1, Lives: 1}, "pending", "1 cancelled, of 1 the import of an earlier attempt stays in the service, as far as is known: purge --row removes it"},
	} {
		if got := tc.c.Answer(migration.State(tc.named)); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.c, got, tc.want)
		}
	}
}
