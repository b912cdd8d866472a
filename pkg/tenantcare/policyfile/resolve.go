package policyfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/tenantcare"
)

// Known is what of the tenant a file may name.
type Known struct {
	Connections []graph.OnPremisesConnection
	Own         []graph.DeviceImage
	Gallery     []graph.GalleryImage
}

// Resolve turns the names in the file into ids. have is the policy as it exists, its zero value when it does not: a new
// policy without an image gets a supported one of the gallery, because the service wants one even where snapshots are
// used. What does not exist, or cannot be used, is a problem with its line.
func (f *File) Resolve(known Known, have graph.ProvisioningPolicy) []Problem {
	problems := f.resolveImage(known, have)
	for i, j := range f.Policy.DomainJoin {
		if j.ConnectionID == "" {
			continue
		}
		c, err := tenantcare.Pick("network connection", "network", j.ConnectionID, known.Connections,
			func(c graph.OnPremisesConnection) tenantcare.Named {
				return tenantcare.Named{ID: c.ID, Name: c.DisplayName}
			})
		if err != nil {
			problems = append(problems, f.problem("domainJoinConfigurations", err))
			continue
		}
		f.Policy.DomainJoin[i].ConnectionID = c.ID
	}
	return problems
}

func (f *File) problem(property string, err error) Problem {
	return Problem{f.line(property), property, err.Error(), fault.HintOf(err)}
}

// image is one of either kind.
type image struct{ id, name, kind, status string }

// usable reports whether a policy may name it.
func (i image) usable() bool {
	return i.kind == graph.ImageGallery && !strings.EqualFold(i.status, "notSupported") ||
		i.kind == graph.ImageCustom && (strings.EqualFold(i.status, "ready") || strings.EqualFold(i.status, "warning"))
}

func (f *File) resolveImage(known Known, have graph.ProvisioningPolicy) []Problem {
	var all []image
	for _, i := range known.Own {
		all = append(all, image{i.ID, i.DisplayName, graph.ImageCustom, i.Status})
	}
	for _, i := range known.Gallery {
		all = append(all, image{i.ID, i.DisplayName, graph.ImageGallery, i.Status})
	}
	cell, from := f.Image, "image"
	if cell == "" {
		cell, from = f.Policy.ImageID, "imageId"
	}
	if cell == "" {
		if have.ID != "" {
			return nil
		}
		i, ok := supported(known.Gallery)
		if !ok {
			return []Problem{{Message: "the gallery has no supported image, and a policy wants one", Hint: "name one with image; image list shows them"}}
		}
		f.Notes = append(f.Notes, "no image is named, and a policy wants one: "+i.DisplayName+" is taken; Cloud PCs from snapshots do not use it")
		f.take(image{i.ID, i.DisplayName, graph.ImageGallery, i.Status}, 0)
		return nil
	}
	one, err := tenantcare.Pick("image", "image", cell, all, func(i image) tenantcare.Named { return tenantcare.Named{ID: i.id, Name: i.name} })
	if err != nil {
		return []Problem{f.problem(from, err)}
	}
	if !one.usable() {
		return []Problem{{f.line(from), from, fmt.Sprintf("the image %s is %s", one.name, one.status), "name another; image list shows them"}}
	}
	if kind := f.Policy.ImageType; kind != "" && kind != one.kind {
		return []Problem{{f.line("imageType"), "imageType", "the image " + one.name + " is of type " + one.kind + ", not " + kind, "leave imageType out"}}
	}
	f.take(one, f.line(from))
	return nil
}

// take writes an image into all three properties; a display name that the file gives itself stays.
func (f *File) take(i image, line int) {
	line = max(line, 1)
	f.Policy.ImageID, f.Policy.ImageType, f.Policy.ImageDisplayName = i.id, i.kind, cmp.Or(f.Policy.ImageDisplayName, i.name)
	for _, name := range []string{"imageId", "imageType", "imageDisplayName"} {
		if f.lines[name] == 0 {
			f.lines[name] = line
		}
	}
}

// supported is the gallery image that is offered longest among those that are supported; with equal dates the one whose
// id comes last, which is the newer release.
func supported(gallery []graph.GalleryImage) (graph.GalleryImage, bool) {
	var best graph.GalleryImage
	for _, i := range gallery {
		if !strings.EqualFold(i.Status, "supported") {
			continue
		}
		if best.ID == "" || i.EndDate.After(best.EndDate) || i.EndDate.Equal(best.EndDate) && i.ID > best.ID {
			best = i
		}
	}
	return best, best.ID != ""
}

// Groups turns the names of groups into ids. found is what the directory has under each name, by the name as it is
// spelled. A name that means several groups, or none, is a problem.
func (f *File) GroupIDs(found map[string][]graph.Group) (ids []string, problems []Problem) {
	for _, cell := range f.Groups {
		g, err := tenantcare.Pick("group", "group", cell, found[cell], func(g graph.Group) tenantcare.Named { return tenantcare.Named{ID: g.ID, Name: g.DisplayName} })
		if err != nil {
			problems = append(problems, f.problem("groups", err))
			continue
		}
		if !slices.Contains(ids, g.ID) {
			ids = append(ids, g.ID)
		}
	}
	return ids, problems
}
