package vhd

import (
	"bytes"
	"fmt"
)

const (
	guestSignature = "GUESTRTS"
	// guestStateMost is far above any guest state store (4 MiB by default) and far below any disk that Windows fits
	// on, so that a store that was never used, which is all zeros, can be told from a disk.
	guestStateMost = 16 * mebibyte
	// guestDiskLeast is where a file is too large to be a guest state whatever it starts with.
	guestDiskLeast = 1024 * mebibyte
)

func isGuestState(length int64) *Problem {
	return &Problem{Code: "vhd.is-guest-state", Value: fmt.Sprint(length),
		Message: "the blob is the guest state file of a Trusted Launch VM, not its disk"}
}

// InspectGuestState judges the second file of a Trusted Launch source, with the arguments of [Inspect]. It gives
// nothing, or one guest.not-guest-state.
func InspectGuestState(length int64, head, tail []byte) []Problem {
	why := guestFault(length, head, tail)
	if why == "" {
		return nil
	}
	return []Problem{{Code: "guest.not-guest-state", Message: why, Value: fmt.Sprint(length)}}
}

func guestFault(length int64, head, tail []byte) string {
	head, tail, short := clip(length, head, tail)
	if short {
		return "fewer bytes could be read than the blob's length promises"
	}
	var footer Footer
	var wrapped bool
	if len(tail) >= FooterLength {
		raw := tail[len(tail)-FooterLength:]
		if footer, wrapped = ParseFooter(raw); wrapped {
			switch {
			case footer.Checksum != Checksum(raw):
				return "the VHD footer round the guest state is damaged: wrong checksum"
			case footer.Type != TypeFixed:
				return "the file is a dynamic or differencing VHD"
			case footer.CurrentSize != uint64(length-FooterLength):
				return fmt.Sprintf("the VHD footer says %d bytes, but the blob holds %d and the footer", footer.CurrentSize, length-FooterLength)
			}
		}
	}
	switch {
	case length > guestDiskLeast:
		return fmt.Sprintf("the blob has %d bytes, the size of a disk and not of a guest state file", length)
	case bytes.HasPrefix(head, []byte(guestSignature)):
		return ""
	case wrapped && footer.CurrentSize <= guestStateMost && allZero(head[:min(len(head), int(length-FooterLength))]):
		return ""
	case bytes.HasPrefix(head, []byte("vhdxfile")):
		return "the blob is a VHDX file"
	case length == 0:
		return "the blob is empty"
	}
	return "the blob does not start like a guest state file"
}
