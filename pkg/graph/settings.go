package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph/odata"
)

// What a Cloud PC is provisioned from.
const (
	SourceImage    = "image"
	SourceSnapshot = "snapshot"
)

// UserSetting is a Cloud PC user setting.
type UserSetting struct {
	// ID is the service's; empty on create.
	ID          string
	DisplayName string
	// ProvisioningSourceType is "image", "snapshot", or something younger; it is never empty when read, because a
	// setting without one acts as "image". Empty on write: image.
	ProvisioningSourceType          string
	LocalAdminEnabled, ResetEnabled bool
	// RestorePoint is nil when the service gave none; on write the service's default is sent then.
	RestorePoint *RestorePointSetting
	// DisasterRecovery is crossRegionDisasterRecoverySetting as read; what is written back are its current writable
	// properties only.
	DisasterRecovery json.RawMessage
	// GroupIDs are the groups it is assigned to. They are read only, see [Client.AssignUserSetting].
	GroupIDs []string
	// Created and LastModified are zero when unknown. Read only.
	Created, LastModified time.Time
}

// RestorePointSetting is how often restore points are made.
type RestorePointSetting struct {
	// FrequencyType is "default", "fourHours", "sixHours", "twelveHours", "sixteenHours" or "twentyFourHours".
	FrequencyType      string
	UserRestoreEnabled bool
}

type wireSetting struct {
	Type             string            `json:"@odata.type,omitempty"`
	DisplayName      string            `json:"displayName"`
	LocalAdmin       bool              `json:"localAdminEnabled"`
	Reset            bool              `json:"resetEnabled"`
	Source           string            `json:"provisioningSourceType"`
	RestorePoint     *wireRestorePoint `json:"restorePointSetting,omitempty"`
	DisasterRecovery *wireRecovery     `json:"crossRegionDisasterRecoverySetting,omitempty"`
}

type wireRestorePoint struct {
	Frequency   string `json:"frequencyType"`
	UserRestore bool   `json:"userRestoreEnabled"`
}

// wireRecovery has the current writable names only: what a read brings is never echoed.
type wireRecovery struct {
	Type          string        `json:"disasterRecoveryType,omitempty"`
	Maintain      *bool         `json:"maintainCrossRegionRestorePointEnabled,omitempty"`
	UserInitiated *bool         `json:"userInitiatedDisasterRecoveryAllowed,omitempty"`
	Network       *wireDRSubnet `json:"disasterRecoveryNetworkSetting,omitempty"`
}

type wireDRSubnet struct {
	Type         string `json:"@odata.type,omitempty"`
	ConnectionID string `json:"onPremisesConnectionId,omitempty"`
	RegionGroup  string `json:"regionGroup,omitempty"`
	RegionName   string `json:"regionName,omitempty"`
}

// readSetting is what is read: deprecated names too.
type readSetting struct {
	defect
	wireSetting
	ID           string          `json:"id"`
	Created      odata.Time      `json:"createdDateTime"`
	Modified     odata.Time      `json:"lastModifiedDateTime"`
	Recovery     json.RawMessage `json:"crossRegionDisasterRecoverySetting"`
	Assignments  []assignment    `json:"assignments"`
	RestorePoint *struct {
		wireRestorePoint
		Hours int `json:"frequencyInHours"`
	} `json:"restorePointSetting"`
}

// frequencies are the current names for the deprecated number of hours.
var frequencies = map[int]string{4: "fourHours", 6: "sixHours", 12: "twelveHours", 16: "sixteenHours", 24: "twentyFourHours"}

func (r readSetting) id() string { return r.ID }

func (r readSetting) setting() UserSetting {
	s := UserSetting{
		ID: r.ID, DisplayName: r.DisplayName, LocalAdminEnabled: r.LocalAdmin, ResetEnabled: r.Reset,
		ProvisioningSourceType: odata.Member(cmp.Or(r.Source, SourceImage), SourceImage, SourceSnapshot),
		GroupIDs:               groupIDs(r.Assignments), Created: r.Created.Time, LastModified: r.Modified.Time,
	}
	if string(r.Recovery) != "null" {
		s.DisasterRecovery = r.Recovery
	}
	if p := r.RestorePoint; p != nil {
		s.RestorePoint = &RestorePointSetting{FrequencyType: cmp.Or(p.Frequency, frequencies[p.Hours]), UserRestoreEnabled: p.UserRestore}
	}
	return s
}

// body is the full writable object: the service refuses less.
func (s UserSetting) body() (wireSetting, error) {
	w := wireSetting{
		Type: "#microsoft.graph.cloudPcUserSetting", DisplayName: s.DisplayName, LocalAdmin: s.LocalAdminEnabled,
		Reset: s.ResetEnabled, Source: cmp.Or(s.ProvisioningSourceType, SourceImage), RestorePoint: &wireRestorePoint{Frequency: "default", UserRestore: true},
	}
	if s.DisplayName == "" {
		return w, fault.New(fault.Invalid, CodeRequest, "a user setting needs a display name", "give it one")
	}
	if p := s.RestorePoint; p != nil {
		w.RestorePoint = &wireRestorePoint{Frequency: cmp.Or(p.FrequencyType, "default"), UserRestore: p.UserRestoreEnabled}
	}
	if len(s.DisasterRecovery) > 0 {
		if err := json.Unmarshal(s.DisasterRecovery, &w.DisasterRecovery); err != nil {
			return w, fault.Wrap(fault.Invalid, CodeRequest, "the disaster recovery setting is not the service's", "read it again", err)
		}
	}
	return w, nil
}

const settings = ve + "/userSettings"

var expandAssignments = param("$expand", "assignments")

// UserSettings reads all user settings with their assignments. Filter the answer: the service's own filters cannot be
// relied on here.
func (c *Client) UserSettings(ctx context.Context) ([]UserSetting, error) {
	rs, err := list[readSetting](ctx, c, call{doing: "list the user settings", method: http.MethodGet, path: settings, query: expandAssignments, needs: cloudPCRead})
	return convert(rs, readSetting.setting), err
}

// UserSetting reads one user setting with its assignments.
func (c *Client) UserSetting(ctx context.Context, id string) (UserSetting, error) {
	r, err := get[readSetting](ctx, c, call{doing: "read the user setting " + id, method: http.MethodGet, path: settings + "/" + esc(id), query: expandAssignments, ids: []string{id}, needs: cloudPCRead})
	return r.setting(), err
}

// CreateUserSetting creates a user setting. It is sent once, and display names are not unique: look for one before. The
// answer is the service's; read the setting again before relying on its provisioning source.
func (c *Client) CreateUserSetting(ctx context.Context, s UserSetting) (UserSetting, error) {
	body, err := s.body()
	if err != nil {
		return UserSetting{}, err
	}
	cl := call{doing: "create the user setting " + s.DisplayName, method: http.MethodPost, path: settings, body: body, once: true, needs: cloudPCWrite}
	r, err := create[readSetting](ctx, c, cl)
	return r.setting(), err
}

// UpdateUserSetting writes the full writable object to s.ID and reads it again, as the service answers with or without
// one. It does not touch the assignments.
func (c *Client) UpdateUserSetting(ctx context.Context, s UserSetting) (UserSetting, error) {
	body, err := s.body()
	if err != nil {
		return UserSetting{}, err
	}
	if _, err := c.do(ctx, call{doing: "update the user setting " + s.DisplayName, method: http.MethodPatch, path: settings + "/" + esc(s.ID), ids: []string{s.ID}, body: body, needs: cloudPCWrite}); err != nil {
		return UserSetting{}, err
	}
	return c.UserSetting(ctx, s.ID)
}

// AssignUserSetting replaces the whole set of groups by groupIDs; none clears it. The caller reads and merges first.
func (c *Client) AssignUserSetting(ctx context.Context, id string, groupIDs []string) error {
	_, err := c.do(ctx, call{doing: "assign the user setting " + id, method: http.MethodPost, path: settings + "/" + esc(id) + "/assign", ids: append([]string{id}, groupIDs...), body: assignBody(groupIDs), needs: cloudPCWrite})
	return err
}
