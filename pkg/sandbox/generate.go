package sandbox

import "wave365/pkg/sandbox/generate"

// Generate makes a wave of any size and the scenario it meets, with a realistic spread of disk sizes, policies, departments and both
// ways to start provisioning. Without faults every row succeeds. The same arguments give the same bytes. A number of rows out of range
// is a fault Invalid.
func Generate(rows int, seed int64, withFaults bool) (waveCSV, scenarioYAML []byte, err error) {
	return generate.Wave(rows, seed, withFaults)
}
