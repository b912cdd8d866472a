// Package images creates and deletes the tenant's own Cloud PC images: the file format, its rules, and the wait until
// the service has accepted the image.
package images

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/wave"
)

// Tenant are the calls it makes; *graph.Client makes them.
type Tenant interface {
	DeviceImages(ctx context.Context) ([]graph.DeviceImage, error)
	CreateDeviceImage(ctx context.Context, i graph.DeviceImage) (graph.DeviceImage, error)
	DeleteDeviceImage(ctx context.Context, id string) error
}

// Spec is an image that is to be made. Its names in a file are Graph's own.
type Spec struct {
	Name    string `yaml:"displayName"`
	Version string `yaml:"version"`
	// Source is the ARM id of a managed image, or of a version of an image in a compute gallery.
	Source string `yaml:"sourceImageResourceId"`
}

// Parse reads a YAML or JSON file. The fault is Invalid and names the line.
func Parse(path string, data []byte) (Spec, error) {
	var s Spec
	err := yaml.UnmarshalWithOptions(data, &s, yaml.Strict())
	if err == nil {
		return s, nil
	}
	where, why := path, err.Error()
	if at, ok := errors.AsType[yaml.Error](err); ok {
		why = at.GetMessage()
		if t := at.GetToken(); t != nil {
			where = fmt.Sprintf("%s:%d", path, t.Position.Line)
		}
	}
	return s, fault.Wrap(fault.Invalid, "image.file", where+": "+why, "an image file holds displayName, version and sourceImageResourceId", err)
}

var source = regexp.MustCompile(`(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/(images/[^/]+|galleries/[^/]+/images/[^/]+/versions/[^/]+)$`)

// Check returns what is wrong with a spec, before anything is sent. The fault is Invalid.
func (s Spec) Check() error {
	bad := func(why, hint string) error { return fault.New(fault.Invalid, "image.spec", why, hint) }
	switch {
	case s.Name == "":
		return bad("the image has no displayName", "give it one; policies name the image by it")
	case s.Version == "":
		return bad("the image "+s.Name+" has no version", "such as 1.0.0")
	case !source.MatchString(s.Source):
		return bad("the source of image "+s.Name+" is not the id of a managed image: "+s.Source,
			"write /subscriptions/ID/resourceGroups/NAME/providers/Microsoft.Compute/images/NAME, or the id of a gallery image version")
	}
	return nil
}

// Find finds the image of a spec's name and version; its zero value: there is none. The fault is Invalid when an image of
// this name and version was made from another source.
func (s Spec) Find(all []graph.DeviceImage) (graph.DeviceImage, error) {
	for _, i := range all {
		if wave.UserKey(i.DisplayName) != wave.UserKey(s.Name) || i.Version != s.Version {
			continue
		}
		if !strings.EqualFold(i.SourceImageResourceID, s.Source) {
			return i, fault.New(fault.Invalid, "image.differs", fmt.Sprintf("image %s %s exists and was made from another source: %s", i.DisplayName, i.Version, i.SourceImageResourceID),
				"give this one another version, or delete that one", fault.NewCommand("image delete", i.ID))
		}
		return i, nil
	}
	return graph.DeviceImage{}, nil
}

// Target is what the ledger calls the image before it has an id.
func (s Spec) Target() string { return s.Name + " " + s.Version }

// Create makes the image. One that is there already is found again.
func Create(ctx context.Context, w tenantcare.Writer, t Tenant, s Spec) (string, error) {
	out, err := w.Do(ctx, tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.ImageCreate, Target: s.Target(), After: tenantcare.JSON(s)},
		Present: found(t, s),
		Call: func(ctx context.Context) (string, error) {
			i, err := t.CreateDeviceImage(ctx, graph.DeviceImage{DisplayName: s.Name, Version: s.Version, SourceImageResourceID: s.Source})
			return i.ID, err
		},
	})
	return out.RemoteID, err
}

// found looks for the image of a spec.
func found(t Tenant, s Spec) tenantcare.Look {
	return func(ctx context.Context) (string, string, bool, error) {
		all, err := t.DeviceImages(ctx)
		if err != nil {
			return "", "", false, err
		}
		i, err := s.Find(all)
		return i.ID, "found by name and version", i.ID != "", err
	}
}

// Written is how to look for what a recorded write to an image did; nil: it is none, or does not say enough.
func Written(t Tenant, w migration.Write) tenantcare.Look {
	switch w.Effect {
	case tenantcare.ImageCreate:
		var s Spec
		if json.Unmarshal(w.After, &s) == nil && s.Name != "" {
			return found(t, s)
		}
	case tenantcare.ImageDelete:
		return gone(t, w.Target)
	}
	return nil
}

// pollEvery is how often a pending image is read, in service time; patience is how long.
const (
	pollEvery = time.Minute
	patience  = 4 * time.Hour
)

// Wait waits until the image is ready. tell is called with its status at each reading. Errors: Conflict (image.failed)
// with the reason; Unavailable (image.pending) when it takes longer than four hours; NotFound when it was deleted.
func Wait(ctx context.Context, c tenantcare.Clock, t Tenant, id string, tell func(graph.DeviceImage)) (graph.DeviceImage, error) {
	for since := c.Now(); ; {
		now, err := read(ctx, t, id)
		if err != nil {
			return graph.DeviceImage{}, err
		}
		tell(now)
		switch {
		case now.ID == "":
			return now, fault.New(fault.NotFound, "image.not-found", "the image "+id+" is gone", "somebody deleted it")
		case strings.EqualFold(now.Status, "ready"), strings.EqualFold(now.Status, "warning"):
			return now, nil
		case strings.EqualFold(now.Status, "failed"):
			return now, Failed(now)
		case c.Now().Sub(since) > patience:
			return now, fault.New(fault.Unavailable, "image.pending", "image "+now.DisplayName+" is still "+now.Status+" after "+patience.String(), "look at it later", fault.NewCommand("image list"))
		}
		if err := tenantcare.Sleep(ctx, c, pollEvery); err != nil {
			return now, err
		}
	}
}

// Failed is the fault of an image that the service could not take over.
func Failed(i graph.DeviceImage) error {
	return fault.New(fault.Conflict, "image.failed", "image "+i.DisplayName+" "+i.Version+" failed: "+i.ErrorCode, remedy(i.ErrorCode)+"; delete this one", fault.NewCommand("image delete", i.ID))
}

// remedy is what to do about a failed image. Codes are compared without case: documentation and schema differ in it.
func remedy(code string) string {
	switch strings.ToLower(code) {
	case "sourceimagenotfound":
		return "the source does not exist, or Windows 365 may not read it: give its service principal Reader on the image"
	case "osversionnotsupported":
		return "Windows of this version is not supported: build the image from a supported release of Windows 10 or 11 Enterprise"
	case "sourceimageinvalid":
		return "the source is not a generation 2 image of Windows"
	case "sourceimagenotgeneralized":
		return "generalize the machine with sysprep before the image is taken"
	case "vmalreadyazureadjoined":
		return "the machine was joined to Entra ID: take the image before it is joined"
	case "sourceimagesizeexceedslimitation":
		return "the image's disk is larger than the service accepts"
	case "sourceimagewithdatadisknotsupported":
		return "the image has a data disk: take it from a machine that has its OS disk alone"
	case "sourceimagewithdiskencryptionsetnotsupported", "sourceimagewithazurediskencryptionnotsupported":
		return "the image is encrypted with a key of its own: take it without"
	case "paidsourceimagenotsupport":
		return "the image has a purchase plan of the marketplace: build it from one without"
	}
	return "correct the source image"
}

// Users are the display names of policies that name an image.
func Users(id string, policies []graph.ProvisioningPolicy) []string {
	var out []string
	for _, p := range policies {
		if strings.EqualFold(p.ImageID, id) {
			out = append(out, p.DisplayName)
		}
	}
	return out
}

// Delete deletes an image and waits until it is gone from the list.
func Delete(ctx context.Context, w tenantcare.Writer, t Tenant, i graph.DeviceImage) error {
	_, err := w.Do(ctx, tenantcare.Effect{
		Write: migration.Write{Effect: tenantcare.ImageDelete, Target: i.ID, Before: tenantcare.JSON(i.DisplayName)}, Present: gone(t, i.ID),
		Call: func(ctx context.Context) (string, error) { return i.ID, t.DeleteDeviceImage(ctx, i.ID) },
	})
	return err
}

// Deletes reports whether a recorded write was to delete the image of this id or name.
func Deletes(w migration.Write, cell string) bool {
	var name string
	return w.Effect == tenantcare.ImageDelete && (strings.EqualFold(w.Target, strings.TrimSpace(cell)) || json.Unmarshal(tenantcare.Was(w), &name) == nil && wave.UserKey(name) == wave.UserKey(cell))
}

// gone looks whether an image is gone.
func gone(t Tenant, id string) tenantcare.Look {
	return tenantcare.Sees(id, "it is gone", func(ctx context.Context) (graph.DeviceImage, error) { return read(ctx, t, id) },
		func(i graph.DeviceImage) bool { return i.ID == "" })
}

// read reads the image of an id; its zero value: there is none.
func read(ctx context.Context, t Tenant, id string) (now graph.DeviceImage, err error) {
	all, err := t.DeviceImages(ctx)
	for _, i := range all {
		if strings.EqualFold(i.ID, id) {
			now = i
		}
	}
	return now, err
}
