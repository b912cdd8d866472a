//go:build !linux && !darwin && !windows

package place

func network(string) string { return "" }
