// Package source checks the files of an import as the service does before it copies them: whether it can reach them, and what is
// wrong with them. The copying is in package tenant.
package source

import (
	"net/url"
	"strings"
	"time"

	"wave365/pkg/sandbox/tenant/refusal"
)

// Disks is the storage account as the service sees it.
type Disks interface {
	// CheckSAS does what the service does with a sasUrl. An error is why the service cannot use it, without the query.
	CheckSAS(rawURL string, now time.Time) (File, error)
	// CheckBlob is the same check in the storage-account form; account is an ARM id.
	CheckBlob(account, container, name string) (File, error)
	// Touch gives a new version to the blob of the first account with that path, as if somebody had written to it.
	Touch(path string, now time.Time)
}

// File is a blob as an import checks it.
type File struct {
	Name     string
	PageBlob bool
	// Length and Virtual are the blob's and the disk's size in bytes; Virtual is 0 when no disk is recognized.
	Length, Virtual int64
	// Kind is fixed, dynamic, differencing, vhdx, guest-state or none.
	Kind        string
	CopyPending bool
	// Unreachable: the service may not read from the account that it is in.
	Unreachable bool
	// Unbootable is why a generation 2 machine will not start from the disk; empty: it will.
	Unbootable string
}

// Ref is one file of an import, as the request names it. Storage is set for the storage-account form; URL is the sasUrl.
type Ref struct {
	GuestState      bool
	URL             string
	Storage         bool
	Account         string
	Container, Name string
}

// Verdict is the result of the service's check of the files before it copies them.
type Verdict struct {
	File
	// Fails is why the import will fail; empty: it will not.
	Fails string
	// Expires is when the signature expires; zero: there is none.
	Expires time.Time
}

// importable reports whether an import accepts the disk.
func (f File) importable() bool { return f.PageBlob && f.Kind == "fixed" && f.Virtual > 0 }

// Judge checks the files of an import. strict refuses a file that is not a disk; otherwise its import is accepted, and fails.
// A nil disks refuses everything. The refusals contain no signature.
func Judge(disks Disks, files []Ref, strict bool, now time.Time) (Verdict, error) {
	var v Verdict
	var data, guest int
	for _, f := range files {
		got, err := look(disks, f, now)
		if err != nil {
			return v, err
		}
		if f.GuestState {
			guest++
			if got.Kind != "guest-state" {
				v.Fails = "The virtual machine guest state file format is incorrect."
			}
			continue
		}
		data++
		v.File = got
		bad := !got.importable()
		switch {
		case bad && strict:
			return v, refusal.Invalid("InvalidVHD", "The source file is not a fixed-size VHD in a page blob.")
		case got.CopyPending:
			v.Fails = "The source file is still being copied."
		case bad:
			v.Fails = "The file format is incorrect. Only fixed-size VHD files in page blobs can be imported."
		}
		if e := sasEnd(f.URL); !f.Storage && (v.Expires.IsZero() || e.Before(v.Expires)) {
			v.Expires = e
		}
	}
	if data != 1 || guest > 1 {
		return v, refusal.Invalid("invalidSourceFiles", "sourceFiles must hold one dataFile and at most one virtualMachineGuestState.")
	}
	return v, nil
}

func look(disks Disks, f Ref, now time.Time) (File, error) {
	if disks == nil {
		return File{}, refusal.Invalid("invalidStorageInformation", "The storage information is invalid.")
	}
	var got File
	var err error
	if f.Storage {
		got, err = disks.CheckBlob(f.Account, f.Container, f.Name)
	} else {
		got, err = disks.CheckSAS(f.URL, now)
	}
	if got.Unreachable {
		return File{}, refusal.Invalid("InvalidSasUrl", "The service cannot reach the storage account of the source file.")
	}
	if err != nil {
		return File{}, refusal.Invalid("invalidStorageInformation", "The storage information is invalid: "+scrub(err.Error(), f.URL))
	}
	return got, nil
}

// scrub removes a signature from what is reported and stored.
func scrub(msg, raw string) string {
	if _, q, ok := strings.Cut(raw, "?"); ok && q != "" {
		msg = strings.ReplaceAll(msg, q, "...")
	}
	return msg
}

// sasEnd returns when a signed URL stops working: the earlier of the signature's and the delegation key's end.
func sasEnd(raw string) time.Time {
	u, err := url.Parse(raw)
	if err != nil {
		return time.Time{}
	}
	var end time.Time
	for _, name := range []string{"se", "ske"} {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z", time.DateOnly} {
			if e, err := time.Parse(layout, u.Query().Get(name)); err == nil {
				if end.IsZero() || e.Before(end) {
					end = e
				}
				break
			}
		}
	}
	return end
}
