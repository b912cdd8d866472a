package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	// evening is how far a whole run may be faster or slower than expected, row how far one row differs from the
	// others: standard deviations of the logarithm.
	evening, row = 0.22, 0.2
	// enough samples show how far rows differ without a guess; this many are kept.
	enough, remembered = 8, 200
)

// Pace holds the ratios of actual to expected time of the last things, in the order in which they ended. The zero value
// has seen none.
type Pace struct{ ratios []float64 }

// Add records a ratio of actual to expected time.
func (p *Pace) Add(ratio float64) {
	if p.ratios = append(p.ratios, ratio); len(p.ratios) > remembered {
		p.ratios = p.ratios[1:]
	}
}

// Seen returns how many ratios are remembered.
func (p Pace) Seen() int { return len(p.ratios) }

// Bounds returns the ratios between which nearly all lie; first guesses while there are too few.
func (p Pace) Bounds() (low, high float64) {
	const firstLow, firstHigh = 0.7, 1.5
	n := len(p.ratios)
	if n < enough {
		return firstLow, firstHigh
	}
	sorted := slices.Sorted(slices.Values(p.ratios))
	return sorted[n/20], sorted[n-1-n/20]
}

// Most returns the largest ratio that is not yet slow.
func (p Pace) Most() float64 {
	const few, guess, margin = 3, 2, 1.25
	if len(p.ratios) < few {
		return guess
	}
	return slices.Max(p.ratios) * margin
}

// unsure returns how far the whole run may still be off, given what has been seen of it.
func (p Pace) unsure() float64 {
	return 1 / math.Sqrt(1/(evening*evening)+float64(len(p.ratios))/(row*row))
}

// draw returns how far one row differs from what is expected: one of the ratios seen, or a guess while there are too
// few.
func (p Pace) draw(dice *rand.Rand) float64 {
	if n := len(p.ratios); n >= enough {
		return p.ratios[dice.IntN(n)]
	}
	return math.Exp(row * dice.NormFloat64())
}
