package cloudpc

import (
	"bytes"
	"encoding/json"
	"strings"

	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/graphapi/resource"
	"wave365/pkg/sandbox/tenant"
	"wave365/pkg/sandbox/tenant/source"
)

// sourceFile is one file of an import as it is sent. blobName is in no schema, but some clients send it.
type sourceFile struct {
	SourceType      string
	FileType        string
	SasURL          string
	StorageBlobInfo *struct {
		StorageAccountID, ContainerName, FileName, BlobName string
	}
}

func importSnapshot(c *call.Call) (call.Reply, error) {
	if err := c.Tenant.CountImport(c.Now); err != nil {
		return call.Reply{}, err
	}
	var in struct {
		AssignedUserID string
		SourceFiles    []sourceFile
	}
	if err := c.Decode(&in); err != nil {
		return call.Reply{}, err
	}
	if c.Knobs.StorageField == "strict" {
		if err := strictImport(c.Raw); err != nil {
			return call.Reply{}, err
		}
	}
	c.User = in.AssignedUserID
	var files []source.Ref
	for _, f := range in.SourceFiles {
		x, err := readFile(c, f)
		if err != nil {
			return call.Reply{}, err
		}
		files = append(files, x)
	}
	im, err := c.Tenant.ImportSnapshot(c.Now, in.AssignedUserID, files)
	if err != nil {
		return call.Reply{}, err
	}
	c.User, c.Resources = im.UserID, []string{im.ID}
	o := resource.Import(im, c.Knobs)
	if c.Knobs.SnapshotID == "omitted" {
		o = o[1:]
	}
	return call.Reply{Status: 200, Context: "microsoft.graph.cloudPcSnapshotImportActionResult", Object: o}, nil
}

func readFile(c *call.Call, f sourceFile) (source.Ref, error) {
	var x source.Ref
	switch strings.ToLower(f.FileType) {
	case "", "datafile":
	case "virtualmachinegueststate":
		x.GuestState = true
	default:
		return x, call.Status(400, "BadRequest", "Cannot convert the literal '"+f.FileType+"' to the expected type of the property 'fileType'.")
	}
	bad := call.Status(400, "invalidStorageInformation", "The storage information is invalid.")
	// The storage form takes precedence when both are given, and is the default.
	if b := f.StorageBlobInfo; b != nil {
		x.Storage, x.Account, x.Container, x.Name = true, b.StorageAccountID, b.ContainerName, b.FileName
		switch c.Knobs.StorageField {
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
	return x, call.Status(400, "BadRequest", "Cannot convert the literal '"+f.SourceType+"' to the expected type of the property 'sourceType'.")
}

// strictImport refuses properties that the schema does not have, and names them.
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
		return call.Status(400, "BadRequest", "The property "+strings.ReplaceAll(name, `"`, "'")+" does not exist on the type. Make sure to only use property names that are defined by the type.")
	}
	return nil
}

// retrieve answers one of the two spellings; a knob determines which of them exists.
func retrieve(c *call.Call, plural bool) (call.Reply, error) {
	k := c.Knobs
	if want := k.RetrieveRoute; plural && want != "plural" && want != "both" || !plural && want == "plural" {
		name := "retrieveSnapshotImportResult"
		if plural {
			name += "s"
		}
		return call.Reply{}, call.Segment(name)
	}
	im, err := c.Tenant.Import(c.Now, c.Params[0])
	if err != nil {
		return call.Reply{}, err
	}
	if plural || k.RetrieveShape == "collection" {
		return c.List("Collection(microsoft.graph.cloudPcSnapshotImportActionResult)", call.Fixed([]tenant.Import{im}, importObject(c)))
	}
	return call.Reply{Status: 200, Context: "microsoft.graph.cloudPcSnapshotImportActionResult", Object: resource.Import(im, c.Knobs)}, nil
}

func listImports(c *call.Call) (call.Reply, error) {
	if !c.Knobs.ListImports {
		return call.Reply{}, call.Segment("listSnapshotImportResults")
	}
	return c.List("Collection(microsoft.graph.cloudPcSnapshotImportActionResult)", call.Fixed(c.Tenant.Imports(c.Now), importObject(c)))
}

func purge(c *call.Call) (call.Reply, error) {
	var in struct{ SnapshotIDs []string }
	if err := c.Decode(&in); err != nil {
		return call.Reply{}, err
	}
	if len(in.SnapshotIDs) > 0 {
		c.Resources = in.SnapshotIDs
		if im, err := c.Tenant.Import(c.Now, in.SnapshotIDs[0]); err == nil {
			c.User = im.UserID
		}
	}
	_, err := c.Tenant.Purge(c.Now, in.SnapshotIDs)
	return call.Empty(), err
}
func importObject(c *call.Call) func(tenant.Import) odata.Object {
	return func(im tenant.Import) odata.Object { return resource.Import(im, c.Knobs) }
}
