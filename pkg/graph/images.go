package graph

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"wave365/pkg/graph/odata"
)

// GalleryImage is an image that Microsoft offers.
type GalleryImage struct {
	// ID is the value for a policy's ImageID.
	ID, DisplayName string
	// Status is "supported", "supportedWithWarning", "notSupported" or something younger.
	Status             string
	OSVersion          string
	SizeGiB            int
	EndDate, ExpiresAt time.Time
}

type wireGallery struct {
	defect
	ID          string     `json:"id"`
	DisplayName string     `json:"displayName"`
	Status      string     `json:"status"`
	OSVersion   string     `json:"osVersionNumber"`
	Size        int        `json:"sizeInGB"`
	End         odata.Time `json:"endDate"`
	Expires     odata.Time `json:"expirationDate"`
}

// GalleryImages reads the images that Microsoft offers.
func (c *Client) GalleryImages(ctx context.Context) ([]GalleryImage, error) {
	ws, err := list[wireGallery](ctx, c, call{doing: "list the gallery images", method: http.MethodGet, path: ve + "/galleryImages", needs: cloudPCRead})
	return convert(ws, func(w wireGallery) GalleryImage {
		return GalleryImage{
			ID: w.ID, DisplayName: w.DisplayName, Status: odata.Member(w.Status, "supported", "supportedWithWarning", "notSupported"),
			OSVersion: w.OSVersion, SizeGiB: w.Size, EndDate: w.End.Time, ExpiresAt: w.Expires.Time,
		}
	}), err
}

// DeviceImage is an image of the tenant's own.
type DeviceImage struct {
	ID, DisplayName, Version string
	// SourceImageResourceID is the ARM id of the managed image it is made from.
	SourceImageResourceID string
	// Status is "pending", "ready", "failed", "warning" or something younger; read only, as all below.
	Status string
	// ErrorCode is why it failed.
	ErrorCode                string
	OperatingSystem, OSBuild string
	// OSStatus is "supported", "supportedWithWarning", "unknown" or something younger.
	OSStatus string
	// SizeGiB is 0 while it is not known.
	SizeGiB   int
	ExpiresAt time.Time
}

type wireImage struct {
	ID        string     `json:"id"`
	Name      string     `json:"displayName"`
	Version   string     `json:"version"`
	Source    string     `json:"sourceImageResourceId"`
	Status    string     `json:"status"`
	ErrorCode string     `json:"errorCode"`
	OldCode   string     `json:"statusDetails"`
	OS        string     `json:"operatingSystem"`
	Build     string     `json:"osBuildNumber"`
	OSStatus  string     `json:"osStatus"`
	Size      int        `json:"sizeInGB"`
	Expires   odata.Time `json:"expirationDate"`
}

func (w wireImage) id() string { return w.ID }

func (w wireImage) image() DeviceImage {
	return DeviceImage{
		ID: w.ID, DisplayName: w.Name, Version: w.Version, SourceImageResourceID: w.Source,
		Status: odata.Member(w.Status, "pending", "ready", "failed", "warning"), ErrorCode: cmp.Or(w.ErrorCode, w.OldCode),
		OperatingSystem: w.OS, OSBuild: w.Build,
		OSStatus: odata.Member(w.OSStatus, "supported", "supportedWithWarning", "unknown"), SizeGiB: w.Size, ExpiresAt: w.Expires.Time,
	}
}

const images = ve + "/deviceImages"

// DeviceImages reads the tenant's own images.
func (c *Client) DeviceImages(ctx context.Context) ([]DeviceImage, error) {
	ws, err := list[wireImage](ctx, c, call{doing: "list the device images", method: http.MethodGet, path: images, needs: cloudPCRead})
	return convert(ws, wireImage.image), err
}

// CreateDeviceImage starts the upload of a managed image; its status is "pending" at first. It is sent once.
func (c *Client) CreateDeviceImage(ctx context.Context, i DeviceImage) (DeviceImage, error) {
	cl := call{doing: "create the device image " + i.DisplayName, method: http.MethodPost, path: images, once: true, needs: cloudPCWrite,
		ids:  []string{i.DisplayName, i.Version, i.SourceImageResourceID},
		body: map[string]string{"displayName": i.DisplayName, "version": i.Version, "sourceImageResourceId": i.SourceImageResourceID}}
	w, err := create[wireImage](ctx, c, cl)
	return w.image(), err
}

// DeleteDeviceImage deletes an image. A missing image is not an error.
func (c *Client) DeleteDeviceImage(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{doing: "delete the device image " + id, method: http.MethodDelete, path: images + "/" + esc(id), ids: []string{id}, needs: cloudPCWrite})
	return unlessGone(err)
}
