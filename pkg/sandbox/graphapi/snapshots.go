package graphapi

import (
	"bytes"
	"encoding/json"
	"strings"

	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/tenant"
)

// sourceFile is one file of an import as it comes in. blobName is in no schema, but some clients send it.
type sourceFile struct {
	SourceType      string
	FileType        string
	SasURL          string
	StorageBlobInfo *struct {
		StorageAccountID, ContainerName, FileName, BlobName string
	}
}

func (c *call) importSnapshot() (reply, error) {
	if err := c.t.CountImport(c.now); err != nil {
		return reply{}, err
	}
	var in struct {
		AssignedUserID string
		SourceFiles    []sourceFile
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if c.h.cfg.Knobs.StorageField == "strict" {
		if err := strictImport(c.raw); err != nil {
			return reply{}, err
		}
	}
	c.user = in.AssignedUserID
	var files []tenant.SourceFile
	for _, f := range in.SourceFiles {
		x, err := c.sourceFile(f)
		if err != nil {
			return reply{}, err
		}
		files = append(files, x)
	}
	im, err := c.t.ImportSnapshot(c.now, in.AssignedUserID, files)
	if err != nil {
		return reply{}, err
	}
	c.user, c.resources = im.UserID, []string{im.ID}
	o := c.importObject(im)
	if c.h.cfg.Knobs.SnapshotID == "omitted" {
		o = o[1:]
	}
	return reply{status: 200, context: "microsoft.graph.cloudPcSnapshotImportActionResult", object: o}, nil
}

func (c *call) sourceFile(f sourceFile) (tenant.SourceFile, error) {
	var x tenant.SourceFile
	switch strings.ToLower(f.FileType) {
	case "", "datafile":
	case "virtualmachinegueststate":
		x.GuestState = true
	default:
		return x, status(400, "BadRequest", "Cannot convert the literal '"+f.FileType+"' to the expected type of the property 'fileType'.")
	}
	bad := status(400, "invalidStorageInformation", "The storage information is invalid.")
	// The storage form wins when both are given, and it is the default.
	if b := f.StorageBlobInfo; b != nil {
		x.Storage, x.Account, x.Container, x.Name = true, b.StorageAccountID, b.ContainerName, b.FileName
		switch c.h.cfg.Knobs.StorageField {
		case "blobName":
			x.Name = b.BlobName
		case "both":
			if x.Name == "" {
				x.Name = b.BlobName
			}
		}
		if x.Account == "" || x.Container == "" || x.Name == "" {
			return x, bad
		}
		return x, nil
	}
	switch strings.ToLower(f.SourceType) {
	case "sasurl":
		if x.URL = f.SasURL; x.URL == "" {
			return x, bad
		}
		return x, nil
	case "", "azurestorageaccount":
		return x, bad
	}
	return x, status(400, "BadRequest", "Cannot convert the literal '"+f.SourceType+"' to the expected type of the property 'sourceType'.")
}

// strictImport refuses properties that the schema does not have, naming them.
func strictImport(raw []byte) error {
	var in struct {
		AssignedUserID string `json:"assignedUserId"`
		SourceFiles    []struct {
			Type            string `json:"@odata.type"`
			SourceType      string `json:"sourceType"`
			FileType        string `json:"fileType"`
			SasURL          string `json:"sasUrl"`
			StorageBlobInfo *struct {
				Type             string `json:"@odata.type"`
				StorageAccountID string `json:"storageAccountId"`
				ContainerName    string `json:"containerName"`
				FileName         string `json:"fileName"`
			} `json:"storageBlobInfo"`
		} `json:"sourceFiles"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		_, name, _ := strings.Cut(err.Error(), "unknown field ")
		return status(400, "BadRequest", "The property "+strings.ReplaceAll(name, `"`, "'")+" does not exist on the type. Make sure to only use property names that are defined by the type.")
	}
	return nil
}

func (c *call) importObject(im tenant.Import) odata.Object {
	k := c.h.cfg.Knobs
	who := im.UserID
	switch k.AssignedUser {
	case "upn":
		who = im.UPN
	case "empty":
		who = ""
	}
	id := "snapshotId"
	if k.SnapshotID == "id" {
		id = "id"
	}
	return odata.Object{
		{Name: id, Value: im.ID},
		{Name: "filename", Value: im.File},
		{Name: "importStatus", Value: im.Status},
		{Name: "usageStatus", Value: im.Usage},
		{Name: "assignedUserPrincipalName", Value: who},
		{Name: "policyName", Value: orNull(im.PolicyName)},
		{Name: "startDateTime", Value: im.Started},
		{Name: "endDateTime", Value: im.Ended},
		{Name: "additionalDetail", Value: orNull(im.Detail)},
	}
}

// retrieve answers one of the two spellings; which of them exists is a knob.
func (c *call) retrieve(plural bool) (reply, error) {
	k := c.h.cfg.Knobs
	if want := k.RetrieveRoute; plural && want != "plural" && want != "both" || !plural && want == "plural" {
		name := "retrieveSnapshotImportResult"
		if plural {
			name += "s"
		}
		return reply{}, segment(name)
	}
	im, err := c.t.Import(c.now, c.params[0])
	if err != nil {
		return reply{}, err
	}
	if plural || k.RetrieveShape == "collection" {
		return c.list("Collection(microsoft.graph.cloudPcSnapshotImportActionResult)", fixed([]tenant.Import{im}, c.importObject))
	}
	return reply{status: 200, context: "microsoft.graph.cloudPcSnapshotImportActionResult", object: c.importObject(im)}, nil
}

func (c *call) listImports() (reply, error) {
	if !c.h.cfg.Knobs.ListImports {
		return reply{}, segment("listSnapshotImportResults")
	}
	return c.list("Collection(microsoft.graph.cloudPcSnapshotImportActionResult)", fixed(c.t.Imports(c.now), c.importObject))
}

func (c *call) purge() (reply, error) {
	var in struct{ SnapshotIDs []string }
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if len(in.SnapshotIDs) > 0 {
		c.resources = in.SnapshotIDs
		if im, err := c.t.Import(c.now, in.SnapshotIDs[0]); err == nil {
			c.user = im.UserID
		}
	}
	_, err := c.t.Purge(c.now, in.SnapshotIDs)
	return empty(), err
}
