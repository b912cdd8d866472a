package awake

import "github.com/distatus/battery"

// Power is what a machine with a battery says of it. The zero value is a machine without one, or one that does not say.
type Power struct {
	// Battery: the machine has one, so that it is likely to have a lid as well.
	Battery bool
	// Draining: it runs on its battery.
	Draining bool
	// Percent is how full the battery is, of what it can still hold; of several batteries, all together.
	Percent int
}

// ReadPower asks the machine.
func ReadPower() Power {
	all, _ := battery.GetAll() // what could be read is given along with the error
	return powerOf(all)
}

// powerOf sums the batteries up. One without a size is that of a mouse or a headset.
func powerOf(all []*battery.Battery) Power {
	var p Power
	var now, full float64
	for _, b := range all {
		if b == nil || b.Full <= 0 {
			continue
		}
		p.Battery = true
		now, full = now+b.Current, full+b.Full
		p.Draining = p.Draining || b.State.Raw == battery.Discharging || b.State.Raw == battery.Empty
	}
	if p.Battery {
		p.Percent = min(100, int(100*now/full))
	}
	return p
}
