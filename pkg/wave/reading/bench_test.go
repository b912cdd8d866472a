package reading_test

import (
	"bytes"
	"fmt"
	"testing"

	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// tenThousand is a wave of 10,000 rows without a mistake.
func tenThousand() []byte {
	var b bytes.Buffer
	b.WriteString("user,blob,policy,license,priority,department,notes\r\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, "user%d@contoso.com,vhds/user%d/disk.vhd,Policy One,CPC_E_2C_8GB_128GB,%d,Sales,\"room %d, floor 2\"\r\n", i, i, i%7, i)
	}
	return b.Bytes()
}

func BenchmarkRead10000(b *testing.B) {
	data := tenThousand()
	b.ReportAllocs()
	for b.Loop() {
		f, findings := reading.Read("wave.csv", data, wave.Options{})
		if len(f.Rows) != 10_000 || len(findings) != 0 {
			b.Fatal(len(f.Rows), findings)
		}
	}
}

// The worst wave there is: every row is every other row's duplicate.
func BenchmarkRead10000Duplicates(b *testing.B) {
	data := append([]byte("user,blob,policy\n"), bytes.Repeat([]byte("a@contoso.com,vhds/a.vhd,P\n"), 10_000)...)
	for b.Loop() {
		if _, findings := reading.Read("wave.csv", data, wave.Options{}); len(findings) != 10_000 {
			b.Fatal(len(findings))
		}
	}
}
