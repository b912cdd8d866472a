package preflight

import (
	"context"
	"path"
	"strings"
	"sync"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud/bound"
	"wave365/pkg/cloud/contact"
	"wave365/pkg/fault"
	"wave365/pkg/wave"
	"wave365/pkg/wave/lookalike"
)

// list lists each container that holds unsigned blobs of the wave once, starting at their common folder. A container
// that cannot be listed is left out: its blobs are read one by one.
func (c *check) list(ctx context.Context) error {
	prefix := map[string]string{}
	c.eachRow(func(r *row) {
		for _, f := range r.files {
			ref := f.ref
			if !f.usable || ref.SAS() != nil {
				continue
			}
			before, seen := prefix[ref.Container]
			if !seen {
				before = folder(ref.Name)
			}
			prefix[ref.Container] = common(before, folder(ref.Name))
		}
	})
	c.facts.listings = map[string]*listing{}
	done := 0
	for container, from := range prefix {
		c.progress("containers", done, len(prefix))
		done++
		items, err := c.storage.List(ctx, container, from)
		switch f := fault.As(err); {
		case err == nil:
		case fault.Is(err, fault.NotFound): // an empty listing has the same result for each blob
		case ctx.Err() != nil || f == nil || wide(f) || f.Code == contact.CodeUnreachable:
			return err // the blobs of this account would only say it again, one by one
		case f.Code == bound.CodeTooLarge, f.Code == "blob.unreadable":
			c.flagWave("blob.unreadable", container, "the container could not be listed, so its disks are asked about one by one: "+why(err))
			c.last.Severity = wave.Warning
			c.remedy(fault.HintOf(err))
			continue
		default:
			continue
		}
		c.facts.listings[container] = newListing(items)
	}
	c.progress("containers", len(prefix), len(prefix))
	return nil
}

// listing is what a container holds. Safe for concurrent use.
type listing struct {
	items map[string]blob.Item
	// states are the names that guest state files have, by their lower case; disks counts the others that are called
	// .vhd, by folder.
	states map[string]string
	disks  map[string]int
	// folded gives the names by their lower case, without look-alikes, for people who mistyped one.
	folded func() map[string]string
}

func newListing(items []blob.Item) *listing {
	l := &listing{items: make(map[string]blob.Item, len(items)), states: map[string]string{}, disks: map[string]int{}}
	for _, it := range items {
		l.items[it.Name] = it
		switch low := strings.ToLower(it.Name); {
		case strings.HasSuffix(low, ".vmgs"), strings.HasSuffix(low, "gueststate.vhd"):
			l.states[low] = it.Name
		case strings.HasSuffix(low, ".vhd"):
			l.disks[folder(low)]++
		}
	}
	l.folded = sync.OnceValue(func() map[string]string {
		m := make(map[string]string, len(l.items))
		for name := range l.items {
			m[lookalike.Plain(strings.ToLower(name))] = name
		}
		return m
	})
	return l
}

// properties are those of the listing; of a blob that brings a signature, or whose container may not be listed, those
// that it gives itself.
func (c *check) properties(ctx context.Context, ref bloburl.Ref) (blob.Properties, error) {
	l := c.facts.listings[ref.Container]
	if l == nil || ref.SAS() != nil {
		return c.storage.Properties(ctx, ref)
	}
	it, ok := l.items[ref.Name]
	if ok {
		return it.Properties, nil
	}
	message := ref.URL() + " does not exist"
	switch name, ok := l.folded()[lookalike.Plain(strings.ToLower(ref.Name))]; {
	case !ok:
	case strings.EqualFold(name, ref.Name):
		message += "; did you mean " + ref.Container + "/" + name + "? Names are case-sensitive"
	default:
		message += wave.Mistaken(ref.Name, []string{name})
	}
	return blob.Properties{}, fault.New(fault.NotFound, "blob.not-found", message, "")
}

// guestStateOf finds the guest state file that is named like this very disk; "" when there is none, or when that is
// unknown because the container was not listed.
func (c *check) guestStateOf(disk bloburl.Ref) string {
	l := c.facts.listings[disk.Container]
	if l == nil || disk.SAS() != nil {
		return ""
	}
	if name := l.guestStateOf(strings.ToLower(disk.Name)); name != "" && name != disk.Name {
		return disk.Container + "/" + name
	}
	return ""
}

// guestStateOf picks the file that by its name is the guest state of disk, given in lower case: NAME-gueststate.vhd beside
// NAME-os.vhd or NAME.vhd, NAME.vmgs beside NAME.vhd, and virtualMachineGuestState.vhd beside the only disk in its folder.
func (l *listing) guestStateOf(disk string) string {
	if len(l.states) == 0 {
		return ""
	}
	stem := strings.TrimSuffix(disk, path.Ext(disk))
	for _, s := range []string{disk, stem, strings.TrimSuffix(stem, "-os")} {
		for _, end := range []string{".vmgs", "-gueststate.vhd", "_gueststate.vhd", ".gueststate.vhd", "-gueststate.vmgs"} {
			if name, ok := l.states[s+end]; ok {
				return name
			}
		}
	}
	if l.disks[folder(disk)] == 1 {
		return l.states[folder(disk)+"virtualmachinegueststate.vhd"]
	}
	return ""
}

// folder is a blob's name up to its last slash, with it.
func folder(name string) string { return name[:strings.LastIndexByte(name, '/')+1] }

// common is the deepest folder that two folders are in.
func common(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return folder(a[:n])
}
