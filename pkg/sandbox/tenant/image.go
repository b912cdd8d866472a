package tenant

import (
	"regexp"
	"strings"
	"time"

	"wave365/pkg/sandbox/tenant/catalog"
	"wave365/pkg/sandbox/tenant/props"
	"wave365/pkg/sandbox/tenant/refusal"
)

// GalleryImage is a gallery image in this tenant's order.
type GalleryImage struct {
	Seq int64
	catalog.Image
}

// DeviceImage is a custom image. Status is pending, ready or failed.
type DeviceImage struct {
	Seq                               int64 `json:"-"`
	ID, Name, Version, Source, Status string
	// Error is the error code of one that failed.
	Error    string
	Modified time.Time
}

// GalleryImages returns the images that policies may name.
func (t *Tenant) GalleryImages() []GalleryImage { return t.gallery }

// DeviceImages returns the custom images, oldest first.
func (t *Tenant) DeviceImages(now time.Time) []DeviceImage {
	defer t.enter(now)()
	return views(t.images, (*DeviceImage).view)
}

func (i *DeviceImage) view() DeviceImage { return *i }

func (t *Tenant) mustImage(id string) (*DeviceImage, error) {
	for _, i := range t.images {
		if strings.EqualFold(i.ID, id) {
			return i, nil
		}
	}
	return nil, refusal.Missing("device image", id)
}

// DeviceImage returns a custom image by id.
func (t *Tenant) DeviceImage(now time.Time, id string) (DeviceImage, error) {
	return look(t, now, id, t.mustImage, (*DeviceImage).view)
}

// CreateImage starts the upload of a custom image; all three texts are required. If the source is not the id of a
// managed image, or of an unsuitable one, the upload fails after a while.
func (t *Tenant) CreateImage(now time.Time, name, version, source string) (DeviceImage, error) {
	defer t.enter(now)()
	for field, v := range map[string]string{"displayName": name, "version": version, "sourceImageResourceId": source} {
		if v == "" {
			return DeviceImage{}, props.Required(field)
		}
	}
	i := &DeviceImage{Seq: t.next(), ID: t.newID("image", name), Name: name, Version: version, Source: source}
	t.images = append(t.images, i)
	i.Status, i.Modified = "pending", t.now
	t.at(t.now.Add(t.between(10*time.Minute, 30*time.Minute, "image", i.ID)), func() { t.imageEnds(i) })
	return i.view(), nil
}

func (t *Tenant) imageEnds(i *DeviceImage) {
	i.Status, i.Modified = "ready", t.now
	code, known := t.sources[lower(i.Source)]
	if !managedImage.MatchString(i.Source) || len(t.sources) > 0 && !known {
		code = "sourceImageNotFound"
	}
	if code != "" {
		i.Status, i.Error = "failed", code
	}
}

// managedImage matches the ARM id of a managed image. The documentation's example has a subscription id that is not a
// GUID.
var managedImage = regexp.MustCompile(`(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/images/[^/]+$`)

// DeleteImage deletes a custom image.
func (t *Tenant) DeleteImage(now time.Time, id string) error {
	defer t.enter(now)()
	i, err := t.mustImage(id)
	t.images = without(t.images, i)
	return err
}
