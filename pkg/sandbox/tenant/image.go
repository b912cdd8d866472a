package tenant

import (
	"regexp"
	"strings"
	"time"

	"wave365/pkg/sandbox/tenant/catalog"
)

// GalleryImage is a gallery image in this tenant's order.
type GalleryImage struct {
	Seq int64
	catalog.Image
}

type deviceImage struct {
	seq int64
	DeviceImage
}

// DeviceImage is a custom image. Status is pending, ready or failed.
type DeviceImage struct {
	Seq                               int64 `json:"-"`
	ID, Name, Version, Source, Status string
	// Error is the error code of one that failed.
	Error    string
	Modified time.Time
}

// GalleryImages are the images that policies may name.
func (t *Tenant) GalleryImages() []GalleryImage { return t.gallery }

// DeviceImages are the custom images, oldest first.
func (t *Tenant) DeviceImages(now time.Time) []DeviceImage {
	t.enter(now)
	defer t.mu.Unlock()
	var out []DeviceImage
	for _, i := range t.images {
		out = append(out, i.view())
	}
	return out
}

func (i *deviceImage) view() DeviceImage { v := i.DeviceImage; v.Seq = i.seq; return v }

func (t *Tenant) image(id string) *deviceImage {
	for _, i := range t.images {
		if strings.EqualFold(i.ID, id) {
			return i
		}
	}
	return nil
}

// DeviceImage finds a custom image by id.
func (t *Tenant) DeviceImage(now time.Time, id string) (DeviceImage, error) {
	t.enter(now)
	defer t.mu.Unlock()
	if i := t.image(id); i != nil {
		return i.view(), nil
	}
	return DeviceImage{}, missing("device image", id)
}

// CreateImage starts the upload of a custom image; all three texts are required. A source that is not the id of a
// managed image, or of one that is no good, fails after a while.
func (t *Tenant) CreateImage(now time.Time, name, version, source string) (DeviceImage, error) {
	t.enter(now)
	defer t.mu.Unlock()
	for field, v := range map[string]string{"displayName": name, "version": version, "sourceImageResourceId": source} {
		if v == "" {
			return DeviceImage{}, invalid("requiredFieldsNotProvided", "The required field '"+field+"' was not provided.")
		}
	}
	i := &deviceImage{seq: t.next(), DeviceImage: DeviceImage{ID: t.newID("image", name), Name: name, Version: version, Source: source}}
	t.images = append(t.images, i)
	t.upload(i)
	return i.view(), nil
}

func (t *Tenant) upload(i *deviceImage) {
	i.Status, i.Error, i.Modified = "pending", "", t.now
	t.at(t.now.Add(t.between(10*time.Minute, 30*time.Minute, "image", i.ID)), imageReady, i.ID, 0)
}

func (t *Tenant) imageEnds(id string) {
	i := t.image(id)
	if i == nil || i.Status != "pending" {
		return
	}
	i.Status, i.Modified = "ready", t.now
	code, known := t.sources[lower(i.Source)]
	if !managedImage.MatchString(i.Source) || len(t.sources) > 0 && !known {
		code = "sourceImageNotFound"
	}
	if code != "" {
		i.Status, i.Error = "failed", code
	}
}

// managedImage is the ARM id of a managed image. Its documentation's example has a subscription id that is no GUID.
var managedImage = regexp.MustCompile(`(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/images/[^/]+$`)

// DeleteImage removes a custom image.
func (t *Tenant) DeleteImage(now time.Time, id string) error {
	t.enter(now)
	defer t.mu.Unlock()
	i := t.image(id)
	if i == nil {
		return missing("device image", id)
	}
	t.images = removeSeq(t.images, i.seq, func(i *deviceImage) int64 { return i.seq })
	return nil
}
