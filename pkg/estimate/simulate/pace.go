package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	// evening is how far a whole evening may be quicker or slower than expected, row how far one row differs from the
	// others: standard deviations of the logarithm.
	evening, row = 0.22, 0.2
	// enough samples show by themselves how far rows differ; this many are kept.
	enough, remembered = 8, 200
)

// Pace is how the last things took by what was expected of them, in the order in which they ended. The zero value has
// seen none.
type Pace struct{ ratios []float64 }

// Add takes in how something took, by what was expected of it.
func (p *Pace) Add(ratio float64) {
	if p.ratios = append(p.ratios, ratio); len(p.ratios) > remembered {
		p.ratios = p.ratios[1:]
	}
}

// Seen is how many are remembered.
func (p Pace) Seen() int { return len(p.ratios) }

// Bounds are the ratios between which nearly all lie; first guesses while there are too few.
func (p Pace) Bounds() (low, high float64) {
	const firstLow, firstHigh = 0.7, 1.5
	n := len(p.ratios)
	if n < enough {
		return firstLow, firstHigh
	}
	sorted := slices.Sorted(slices.Values(p.ratios))
	return sorted[n/20], sorted[n-1-n/20]
}

// Most is the largest ratio that is nothing remarkable.
func (p Pace) Most() float64 {
	const few, guess, margin = 3, 2, 1.25
	if len(p.ratios) < few {
		return guess
	}
	return slices.Max(p.ratios) * margin
}

// unsure is how far the whole evening may still be off, given what has been seen of it.
func (p Pace) unsure() float64 {
	return 1 / math.Sqrt(1/(evening*evening)+float64(len(p.ratios))/(row*row))
}

// draw is how one row differs from what is expected: as one of those seen, or while there are few, as anybody's guess.
func (p Pace) draw(dice *rand.Rand) float64 {
	if n := len(p.ratios); n >= enough {
		return p.ratios[dice.IntN(n)]
	}
	return math.Exp(row * dice.NormFloat64())
}
