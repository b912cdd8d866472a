package awake

import (
	"testing"

	"github.com/distatus/battery"
	"github.com/google/go-cmp/cmp"
)

func TestPowerOf(t *testing.T) {
	t.Parallel()
	is := func(state battery.AgnosticState, now, full float64) *battery.Battery {
		return &battery.Battery{State: battery.State{Raw: state}, Current: now, Full: full}
	}
	for name, tc := range map[string]struct {
		all  []*battery.Battery
		want Power
	}{
		"a server":              {nil, Power{}},
		"one that cannot say":   {[]*battery.Battery{nil}, Power{}},
		"a mouse":               {[]*battery.Battery{is(battery.Discharging, 0, 0)}, Power{}},
		"plugged in":            {[]*battery.Battery{is(battery.Charging, 30, 60)}, Power{Battery: true, Percent: 50}},
		"full, beside a mouse":  {[]*battery.Battery{is(battery.Full, 60, 60), is(battery.Discharging, 0, 0)}, Power{Battery: true, Percent: 100}},
		"on the battery":        {[]*battery.Battery{is(battery.Discharging, 11.9, 60)}, Power{Battery: true, Draining: true, Percent: 19}},
		"the second drains":     {[]*battery.Battery{is(battery.Idle, 20, 20), is(battery.Discharging, 10, 40)}, Power{Battery: true, Draining: true, Percent: 50}},
		"more than it can hold": {[]*battery.Battery{is(battery.Full, 61, 60)}, Power{Battery: true, Percent: 100}},
	} {
		if diff := cmp.Diff(tc.want, powerOf(tc.all)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
