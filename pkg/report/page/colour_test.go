package page_test

import (
	"math"
	"os"
	"strconv"
	"testing"
)

func styleOf(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("assets/page.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// contrast is the ratio of WCAG 2 between two colours.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, c string) float64 {
	t.Helper()
	if len(c) == 4 {
		c = "#" + c[1:2] + c[1:2] + c[2:3] + c[2:3] + c[3:] + c[3:]
	}
	if len(c) != 7 {
		t.Fatalf("no colour: %q", c)
	}
	sum := 0.0
	for i, w := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(c[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += w * v
	}
	return sum
}
