package recording

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Import is one importSnapshot.
type Import struct {
	Exchange
	User string
	// ID is the snapshot's id in the response, and IDName the name of its field; Field is the name that storage mode gave
	// the blob.
	ID, IDName, Field string
	PolicyName        *string
	// Second: the user's earlier import in this recording was accepted and has not been purged.
	Second bool
}

// index finds the imports and their users.
func (rec *Recording) index() {
	live := map[string]string{} // user → snapshot
	for _, e := range rec.Graph {
		switch {
		case strings.HasSuffix(e.Route, "/purgeimportedsnapshot") && e.OK():
			var body struct {
				IDs []string `json:"snapshotIds"`
			}
			_ = json.Unmarshal(e.Body, &body)
			for user, id := range live {
				if slices.Contains(body.IDs, id) {
					delete(live, user)
				}
			}
		case strings.HasSuffix(e.Route, "/importsnapshot") && e.Method == "POST":
			c := readImport(e)
			_, c.Second = live[c.User]
			if e.OK() && c.User != "" {
				live[c.User] = c.ID
			}
			rec.Imports = append(rec.Imports, c)
		}
	}
}

func readImport(e Exchange) Import {
	c := Import{Exchange: e}
	var body struct {
		User  string `json:"assignedUserId"`
		Files []struct {
			Info map[string]any `json:"storageBlobInfo"`
		} `json:"sourceFiles"`
	}
	_ = json.Unmarshal(e.Body, &body)
	c.User = strings.ToLower(body.User)
	for _, f := range body.Files {
		for _, name := range []string{"fileName", "blobName"} {
			if _, ok := f.Info[name]; ok {
				c.Field = name
			}
		}
	}
	var reply map[string]json.RawMessage
	if !e.OK() || json.Unmarshal(e.Reply, &reply) != nil {
		return c
	}
	for _, name := range []string{"snapshotId", "id"} {
		var id string
		if json.Unmarshal(reply[name], &id) == nil && id != "" && c.ID == "" {
			c.ID, c.IDName = id, name
		}
	}
	var policy string
	if json.Unmarshal(reply["policyName"], &policy) == nil {
		c.PolicyName = &policy
	}
	return c
}

// ImportsThat returns the imports for which pick is true, in order.
func (rec *Recording) ImportsThat(pick func(Import) bool) (found []Exchange) {
	for _, c := range rec.Imports {
		if pick(c) {
			found = append(found, c.Exchange)
		}
	}
	return found
}

// Result is one reading of an import's record. Call is the route, "singular" or "plural"; Shape is that of the response, "object" or
// "collection"; ImportStatus and Usage are in lower case.
type Result struct {
	Exchange
	ID, Call, Shape             string
	User                        *string
	ImportStatus, Usage, Detail string
}

var retrieve = regexp.MustCompile(`/retrievesnapshotimportresults?\(snapshotid='([^']+)'\)`)

// Results returns the readings of imports' records, in order.
func (rec *Recording) Results() (out []Result) {
	for _, e := range rec.Graph {
		m := retrieve.FindStringSubmatch(strings.ReplaceAll(e.Route, "%27", "'"))
		if m == nil {
			continue
		}
		r := Result{Exchange: e, ID: m[1], Call: "singular", Shape: "object"}
		if strings.Contains(e.Route, "importresults(") {
			r.Call = "plural"
		}
		var body struct {
			Value *[]json.RawMessage `json:"value"`
		}
		raw := e.Reply
		if json.Unmarshal(raw, &body) == nil && body.Value != nil {
			r.Shape = "collection"
			if len(*body.Value) > 0 {
				raw = (*body.Value)[0]
			}
		}
		var one struct {
			User       *string `json:"assignedUserPrincipalName"`
			Status     string  `json:"importStatus"`
			Usage      string  `json:"usageStatus"`
			Additional string  `json:"additionalDetail"`
		}
		_ = json.Unmarshal(raw, &one)
		r.User, r.ImportStatus, r.Usage, r.Detail = one.User, strings.ToLower(one.Status), strings.ToLower(one.Usage), one.Additional
		out = append(out, r)
	}
	return out
}

// ResultsThat returns the readings for which pick is true, in order.
func (rec *Recording) ResultsThat(pick func(Result) bool) (seen []Exchange) {
	for _, r := range rec.Results() {
		if pick(r) {
			seen = append(seen, r.Exchange)
		}
	}
	return seen
}

// Provisioned measures each Cloud PC from the first list that shows it in progress to the first that shows it
// provisioned.
func (rec *Recording) Provisioned() (took []time.Duration, seen []Exchange) {
	begun, done := map[string]time.Time{}, map[string]bool{}
	for _, e := range rec.Graph {
		if !strings.HasSuffix(e.Route, "/cloudpcs") || !e.OK() {
			continue
		}
		var body struct {
			Value []struct{ ID, Status string } `json:"value"`
		}
		_ = json.Unmarshal(e.Reply, &body)
		for _, pc := range body.Value {
			switch strings.ToLower(pc.Status) {
			case "provisioning", "preparing":
				if begun[pc.ID].IsZero() {
					begun[pc.ID] = e.At
				}
			case "provisioned", "provisionedwithwarnings":
				if at := begun[pc.ID]; !at.IsZero() && !done[pc.ID] {
					done[pc.ID] = true
					took = append(took, e.At.Sub(at))
					seen = append(seen, e)
				}
			}
		}
	}
	return took, seen
}
