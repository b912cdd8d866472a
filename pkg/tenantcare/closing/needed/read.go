package needed

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/preflight/plans"
)

// Tenant are the calls that show who outside the run still needs a snapshot setting; *graph.Client makes them.
type Tenant interface {
	LicenseDetailsOf(ctx context.Context, userIDs []string) ([]graph.LicenseAnswer, error)
	ListImports(ctx context.Context) ([]graph.Import, error)
	ImportResults(ctx context.Context, ids []string) ([]graph.ImportAnswer, error)
	AuditEvents(ctx context.Context, filter string) ([]graph.AuditEvent, error)
}

// Outside is what one look found about people outside the run.
type Outside struct {
	// Due are members who hold a license for a Cloud PC and have none, by object id in lower case.
	Due map[string]bool
	// Foreign are imports that this ledger did not send and that a Cloud PC may still be built from.
	Foreign []graph.Import
}

// Read finds which of members, who may be named twice, are due to get a Cloud PC, and the imports that are not among sent,
// by id in lower case. pcs are all of the tenant's. Errors are those of the calls; what the service does not have, or this
// sign-in may not read, is none.
func Read(ctx context.Context, t Tenant, r Run, sent map[string]bool, members []graph.Member, pcs []graph.CloudPC) (o Outside, err error) {
	if o.Due, err = due(ctx, t, r.without(members, pcs)); err != nil {
		return o, err
	}
	o.Foreign, err = foreign(ctx, t, r, sent)
	return o, err
}

// without are the members outside the run who have no Cloud PC, by object id.
func (r Run) without(members []graph.Member, pcs []graph.CloudPC) (ids []string) {
	has, seen := map[string]bool{}, map[string]bool{}
	for _, pc := range pcs {
		has[strings.ToLower(pc.UserPrincipalName)] = true
	}
	for _, m := range members {
		if m.UPN != "" && !has[strings.ToLower(m.UPN)] && !r.Has(m.ID) && !seen[m.ID] {
			seen[m.ID] = true
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// due are those of these people who hold a license for a Cloud PC.
func due(ctx context.Context, t Tenant, ids []string) (map[string]bool, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	answers, err := t.LicenseDetailsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for i, a := range answers {
		switch {
		case fault.Is(a.Err, fault.NotFound): // deleted since
		case a.Err != nil:
			return nil, a.Err
		default:
			out[strings.ToLower(ids[i])] = slices.ContainsFunc(a.Licenses, forCloudPC)
		}
	}
	return out, nil
}

func forCloudPC(l graph.License) bool {
	return plans.Named(l.SKUPartNumber) || slices.ContainsFunc(l.Plans, func(p graph.LicensePlan) bool { return plans.Named(p.Name) })
}

// before is how long before a run an import may have been sent that is still to be used.
const before = 7 * 24 * time.Hour

// foreign finds the imports that were not sent and that a Cloud PC may still be built from: by the list of imports and by
// the audit log, as far as the service has them.
func foreign(ctx context.Context, t Tenant, r Run, sent map[string]bool) ([]graph.Import, error) {
	known := maps.Clone(sent)
	if known == nil {
		known = map[string]bool{}
	}
	all, err := t.ListImports(ctx)
	if err != nil && !absent(err) {
		return nil, err
	}
	events, err := t.AuditEvents(ctx, "activityDateTime ge "+r.run.CreatedAt.Add(-before).UTC().Format(time.RFC3339))
	if err != nil && !absent(err) {
		return nil, err
	}
	var out []graph.Import
	for _, i := range all {
		if key := strings.ToLower(i.SnapshotID); key != "" && !known[key] && toBeUsed(i) {
			known[key] = true
			out = append(out, i)
		}
	}
	more, err := results(ctx, t, imported(events, known))
	return append(out, more...), err
}

// imported are the ids, each once, of imports that the events may have made and that are not known yet.
func imported(events []graph.AuditEvent, known map[string]bool) (ids []string) {
	seen := map[string]bool{}
	for _, e := range events {
		what := strings.ToLower(e.Activity + " " + e.ActivityType + " " + e.DisplayName)
		if !strings.Contains(what, "import") || strings.Contains(what, "purge") || strings.EqualFold(e.Result, "clientError") {
			continue
		}
		for _, res := range e.Resources {
			key := strings.ToLower(res.ID)
			if _, err := uuid.Parse(res.ID); err == nil && !known[key] && !seen[key] {
				seen[key] = true
				ids = append(ids, res.ID)
			}
		}
	}
	return ids
}

// results reads imports by their ids, of which some may be none.
func results(ctx context.Context, t Tenant, ids []string) ([]graph.Import, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	answers, err := t.ImportResults(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []graph.Import
	for i, a := range answers {
		switch {
		case absent(a.Err): // used up, purged, or no import
		case a.Err != nil:
			return nil, a.Err
		case toBeUsed(a.Import):
			a.Import.SnapshotID = ids[i]
			out = append(out, a.Import)
		}
	}
	return out, nil
}

// absent reports whether a record, or the call itself, does not exist here, or may not be read.
func absent(err error) bool {
	return fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied)
}

// toBeUsed reports whether a Cloud PC may still be built from an import.
func toBeUsed(i graph.Import) bool {
	switch {
	case i.Status == graph.ImportFailed, i.Usage == graph.UsageInUse, i.Usage == graph.UsageExpired:
		return false
	}
	return true
}
