// Package listing is what the tenant has, as tables for people: Cloud PCs, licenses, policies, settings and images.
package listing

import (
	"strings"
	"time"

	"wave365/pkg/graph"
)

// Policy is a provisioning policy in a list.
type Policy struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	Image  string   `json:"image"`
	Joins  []string `json:"joins"`
	Groups []string `json:"groups"`
	SSO    bool     `json:"single_sign_on"`
}

// Setting is a user setting in a list.
type Setting struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Source is "image" or "snapshot".
	Source       string    `json:"source"`
	LocalAdmin   bool      `json:"local_admin"`
	Reset        bool      `json:"reset"`
	Restore      string    `json:"restore_points,omitempty"`
	Groups       []string  `json:"groups"`
	LastModified time.Time `json:"last_modified,omitzero"`
}

// Image is an image that policies may name.
type Image struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Type is "custom" or "gallery".
	Type    string `json:"type"`
	Version string `json:"version,omitempty"`
	Status  string `json:"status"`
	// Error is why a custom image failed.
	Error    string    `json:"error,omitempty"`
	OS       string    `json:"os,omitempty"`
	OSStatus string    `json:"os_status,omitempty"`
	SizeGiB  int       `json:"size_gib,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`
	Source   string    `json:"source,omitempty"`
}

// ShownPolicy is a policy for people; the groups and the networks are named by name.
func ShownPolicy(p graph.ProvisioningPolicy, name func(id string) string) Policy {
	out := Policy{ID: p.ID, Name: p.DisplayName, Type: p.ProvisioningType, Image: p.ImageDisplayName, SSO: p.EnableSSO, Groups: Names(p.GroupIDs, name), Joins: []string{}}
	for _, j := range p.DomainJoin {
		kind := "Entra"
		if j.Type == graph.JoinHybrid {
			kind = "hybrid"
		}
		where := j.RegionName
		switch {
		case j.ConnectionID != "":
			where = name(j.ConnectionID)
		case j.RegionName == "":
			where = j.RegionGroup
		}
		out.Joins = append(out.Joins, kind+", "+where)
	}
	return out
}

// ShownSetting is a user setting for people.
func ShownSetting(s graph.UserSetting, name func(id string) string) Setting {
	out := Setting{ID: s.ID, Name: s.DisplayName, Source: s.ProvisioningSourceType, LocalAdmin: s.LocalAdminEnabled, Reset: s.ResetEnabled,
		Groups: Names(s.GroupIDs, name), LastModified: s.LastModified}
	if s.RestorePoint != nil {
		out.Restore = s.RestorePoint.FrequencyType
	}
	return out
}

// Images lists the tenant's own images, then the gallery's.
func Images(own []graph.DeviceImage, gallery []graph.GalleryImage) []Image {
	out := []Image{}
	for _, i := range own {
		out = append(out, Image{ID: i.ID, Name: i.DisplayName, Type: graph.ImageCustom, Version: i.Version, Status: i.Status, Error: i.ErrorCode,
			OS: strings.TrimSpace(i.OperatingSystem + " " + i.OSBuild), OSStatus: i.OSStatus, SizeGiB: i.SizeGiB, Expires: i.ExpiresAt, Source: i.SourceImageResourceID})
	}
	for _, i := range gallery {
		out = append(out, Image{ID: i.ID, Name: i.DisplayName, Type: graph.ImageGallery, Status: i.Status, OS: i.OSVersion, SizeGiB: i.SizeGiB, Expires: i.ExpiresAt})
	}
	return out
}

// Names turns ids into names; none is an empty list.
func Names(ids []string, name func(id string) string) []string {
	out := []string{}
	for _, id := range ids {
		out = append(out, name(id))
	}
	return out
}
