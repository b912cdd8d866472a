package policies

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/policyfile"
)

// known is what of the tenant a file may name.
type known struct {
	connections []graph.OnPremisesConnection
	own         []graph.DeviceImage
	gallery     []graph.GalleryImage
}

// readKnown reads it.
func readKnown(ctx context.Context, t Tenant) (k known, err error) {
	if k.connections, err = t.OnPremisesConnections(ctx); err != nil {
		return k, err
	}
	if k.own, err = t.DeviceImages(ctx); err != nil {
		return k, err
	}
	k.gallery, err = t.GalleryImages(ctx)
	return k, err
}

// resolve turns the names in the file into ids. have is the policy as it exists, its zero value when it does not: a new
// policy without an image gets a supported one of the gallery, because the service wants one even where snapshots are
// used. What does not exist, or cannot be used, is a problem with its line.
func resolve(f *policyfile.File, k known, have graph.ProvisioningPolicy) []policyfile.Problem {
	problems := resolveImage(f, k, have)
	for i, j := range f.Policy.DomainJoin {
		if j.ConnectionID == "" {
			continue
		}
		c, err := tenantcare.Pick("network connection", "network", j.ConnectionID, k.connections,
			func(c graph.OnPremisesConnection) tenantcare.Named {
				return tenantcare.Named{ID: c.ID, Name: c.DisplayName}
			})
		if err != nil {
			problems = append(problems, problemAt(f, "domainJoinConfigurations", err))
			continue
		}
		f.Policy.DomainJoin[i].ConnectionID = c.ID
	}
	return problems
}

func problemAt(f *policyfile.File, property string, err error) policyfile.Problem {
	return policyfile.Problem{Line: f.Line(property), Property: property, Message: err.Error(), Hint: fault.HintOf(err)}
}

// image is one of either kind.
type image struct{ id, name, kind, status string }

// usable reports whether a policy may name it.
func (i image) usable() bool {
	return i.kind == graph.ImageGallery && !strings.EqualFold(i.status, "notSupported") ||
		i.kind == graph.ImageCustom && (strings.EqualFold(i.status, "ready") || strings.EqualFold(i.status, "warning"))
}

func resolveImage(f *policyfile.File, k known, have graph.ProvisioningPolicy) []policyfile.Problem {
	var all []image
	for _, i := range k.own {
		all = append(all, image{i.ID, i.DisplayName, graph.ImageCustom, i.Status})
	}
	for _, i := range k.gallery {
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
		i, ok := supported(k.gallery)
		if !ok {
			return []policyfile.Problem{{Message: "the gallery has no supported image, and a policy requires one", Hint: "name one with image; image list shows them"}}
		}
		f.Notes = append(f.Notes, "no image is named, and a policy requires one: "+i.DisplayName+" is used; Cloud PCs from snapshots do not use it")
		f.TakeImage(i.ID, graph.ImageGallery, i.DisplayName, "")
		return nil
	}
	one, err := tenantcare.Pick("image", "image", cell, all, func(i image) tenantcare.Named { return tenantcare.Named{ID: i.id, Name: i.name} })
	if err != nil {
		return []policyfile.Problem{problemAt(f, from, err)}
	}
	if !one.usable() {
		return []policyfile.Problem{{Line: f.Line(from), Property: from, Message: fmt.Sprintf("the image %s is %s", one.name, one.status), Hint: "name another; image list shows them"}}
	}
	if kind := f.Policy.ImageType; kind != "" && kind != one.kind {
		return []policyfile.Problem{{Line: f.Line("imageType"), Property: "imageType", Message: "the image " + one.name + " is of type " + one.kind + ", not " + kind, Hint: "leave imageType out"}}
	}
	f.TakeImage(one.id, one.kind, one.name, from)
	return nil
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

// groupIDs turns the names of groups into ids. found is what the directory has under each name, by the name as it is
// spelled. A name that means several groups, or none, is a problem.
func groupIDs(f *policyfile.File, found map[string][]graph.Group) (ids []string, problems []policyfile.Problem) {
	for _, cell := range f.Groups {
		g, err := tenantcare.Pick("group", "group", cell, found[cell], func(g graph.Group) tenantcare.Named { return tenantcare.Named{ID: g.ID, Name: g.DisplayName} })
		if err != nil {
			problems = append(problems, problemAt(f, "groups", err))
			continue
		}
		if !slices.Contains(ids, g.ID) {
			ids = append(ids, g.ID)
		}
	}
	return ids, problems
}
