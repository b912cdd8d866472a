package preflight

import (
	"context"
	"path"
	"strings"

	"wave365/pkg/blob"
	"wave365/pkg/fault"
)

// list lists each container that the wave's unsigned blobs are in, once, from the folder on that they have in common.
// A container that may not be listed is left out: its blobs are asked about one by one.
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
	c.facts.listings, c.facts.folders = map[string]map[string]blob.Item{}, map[string]map[string][]string{}
	done := 0
	for container, from := range prefix {
		c.progress("containers", done, len(prefix))
		done++
		items, err := c.storage.List(ctx, container, from)
		switch {
		case fault.Is(err, fault.NotFound): // an empty listing says the same of each blob
		case denied(err):
			continue
		case err != nil:
			return err
		}
		byName, byFolder := make(map[string]blob.Item, len(items)), map[string][]string{}
		for _, it := range items {
			byName[it.Name] = it
			byFolder[folder(it.Name)] = append(byFolder[folder(it.Name)], it.Name)
		}
		c.facts.listings[container], c.facts.folders[container] = byName, byFolder
	}
	c.progress("containers", len(prefix), len(prefix))
	return nil
}

// properties are those of the listing; of a blob that brings a signature, or whose container may not be listed, those
// that it gives itself.
func (c *check) properties(ctx context.Context, ref blob.Ref) (blob.Properties, error) {
	listing, listed := c.facts.listings[ref.Container]
	if !listed || ref.SAS() != nil {
		return c.storage.Properties(ctx, ref)
	}
	it, ok := listing[ref.Name]
	if ok {
		return it.Properties, nil
	}
	message := ref.URL() + " does not exist"
	for _, name := range c.facts.folders[ref.Container][folder(ref.Name)] {
		if strings.EqualFold(name, ref.Name) {
			message += "; did you mean " + ref.Container + "/" + name + "? Names know capital from small letters"
		}
	}
	return blob.Properties{}, fault.New(fault.NotFound, "blob.not-found", message, "")
}

// guestStateOf finds the guest state file that is named like this very disk; "" when there is none, or when nobody
// knows, because the container was not listed.
func (c *check) guestStateOf(disk blob.Ref) string {
	if disk.SAS() != nil {
		return ""
	}
	beside := c.facts.folders[disk.Container][folder(disk.Name)]
	if name := guestStateNamed(disk.Name, beside); name != "" {
		return disk.Container + "/" + name
	}
	return ""
}

// guestStateNamed picks from a folder the file that by its name is the guest state of disk: NAME-gueststate.vhd beside
// NAME-os.vhd or NAME.vhd, NAME.vmgs beside NAME.vhd, and virtualMachineGuestState.vhd beside the only disk in its folder.
func guestStateNamed(disk string, beside []string) string {
	stem := strings.TrimSuffix(strings.ToLower(disk), strings.ToLower(path.Ext(disk)))
	stems := []string{stem}
	if plain, ok := strings.CutSuffix(stem, "-os"); ok {
		stems = append(stems, plain)
	}
	others, generic := 0, ""
	for _, name := range beside {
		low := strings.ToLower(name)
		switch {
		case name == disk:
		case path.Base(low) == "virtualmachinegueststate.vhd":
			generic = name
		case path.Ext(low) == ".vhd" && !strings.HasSuffix(low, "gueststate.vhd"):
			others++
		}
		for _, s := range stems {
			for _, end := range []string{".vmgs", "-gueststate.vhd", "_gueststate.vhd", ".gueststate.vhd", "-gueststate.vmgs"} {
				if low == s+end || low == strings.ToLower(disk)+end {
					return name
				}
			}
		}
	}
	if others > 0 {
		return ""
	}
	return generic
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
