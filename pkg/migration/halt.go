package migration

import (
	"errors"
	"strconv"
	"strings"
)

// Halt is the threshold at which nothing new may start: at least Floor rows failed or are held, and they are at least
// Share of the rows that have finished, both over the whole run. The zero value is never met.
type Halt struct {
	// Share is from 0 to 1.
	Share float64
	Floor int
}

// ParseHalt reads "10%,3": a share of the finished rows and a floor. "10%" alone has a floor of 1, "3" alone no share,
// and "" or "none" never fires.
func ParseHalt(s string) (Halt, error) {
	s = strings.TrimSpace(s)
	if s == "" || s == "none" {
		return Halt{}, nil
	}
	h := Halt{Floor: 1}
	share, floor, both := strings.Cut(s, ",")
	if !both && !strings.HasSuffix(s, "%") {
		share, floor, both = "0%", s, true
	}
	percent, ok := strings.CutSuffix(strings.TrimSpace(share), "%")
	p, err := strconv.ParseFloat(percent, 64)
	if !ok || err != nil || !(p >= 0 && p <= 100) {
		return Halt{}, errors.New("the share " + strconv.Quote(share) + " is not a percentage from 0% to 100%")
	}
	h.Share = p / 100
	if both {
		if h.Floor, err = strconv.Atoi(strings.TrimSpace(floor)); err != nil || h.Floor < 1 {
			return Halt{}, errors.New("the floor " + strconv.Quote(floor) + " is not a number of rows from 1")
		}
	}
	return h, nil
}

// String is what ParseHalt reads.
func (h Halt) String() string {
	switch {
	case h.Floor == 0:
		return "none"
	case h.Share == 0:
		return strconv.Itoa(h.Floor)
	}
	return strconv.FormatFloat(h.Share*100, 'g', -1, 64) + "%," + strconv.Itoa(h.Floor)
}

// Fires reports whether the threshold is met by these counts.
func (h Halt) Fires(c Counts) bool {
	bad := c.Failed + c.Held
	return h.Floor > 0 && bad >= h.Floor && float64(bad) >= h.Share*float64(c.Ended())
}
