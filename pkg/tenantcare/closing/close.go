package closing

import (
	"context"
	"slices"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/closing/facts"
	"wave365/pkg/tenantcare/imports"
	"wave365/pkg/tenantcare/snapshotsetting"
)

// Done counts what was done.
type Done struct {
	Settings int   `json:"settings"`
	Purged   int   `json:"purged"`
	Deleted  int   `json:"deleted"`
	Freed    int64 `json:"freed_bytes"`
}

// Do carries out the plan: first the settings, then the imports, then the blobs. It may be stopped between any two
// writes and run again. again decides once more right before the first write, and right before the first blob is
// deleted: agreeing to a plan takes time, and others work meanwhile. tell is called with each thing that is done. The
// fault is a Conflict (close.unsettled) when a setting must not be switched back any more.
func Do(ctx context.Context, w tenantcare.Writer, t facts.Tenant, s facts.Storage, r facts.Record, p Plan, again func(facts.Seen) Plan, tell func(string)) (Done, error) {
	var d Done
	if len(p.Switch) > 0 {
		f, err := facts.Read(ctx, t, s, r)
		if err != nil {
			return d, err
		}
		if !slices.EqualFunc(p.Switch, again(f).Switch, func(a, b graph.UserSetting) bool { return a.ID == b.ID }) {
			return d, unsettled("the user settings")
		}
	}
	for _, one := range p.Switch {
		if err := snapshotsetting.SetSource(ctx, w, t, one, graph.SourceImage); err != nil {
			return d, err
		}
		d.Settings++
		tell("user setting " + one.DisplayName + " builds from the image again, and was read back")
	}
	for _, v := range p.Purge {
		if err := imports.Remove(ctx, w, t, v); err != nil {
			return d, err
		}
		d.Purged++
		tell("import " + v.ID + " of " + v.User() + " is purged")
	}
	if len(p.Deletable()) == 0 {
		return d, nil
	}
	f, err := facts.Read(ctx, t, s, r)
	if err != nil {
		return d, err
	}
	for _, x := range again(f).Deletable() {
		if err := remove(ctx, w, s, r.Run, x); err != nil {
			return d, err
		}
		d.Deleted++
		d.Freed += x.Bytes
		tell("blob " + x.Path + " is deleted: " + Size(x.Bytes))
	}
	return d, nil
}

// remove deletes one blob at the ETag that was validated.
func remove(ctx context.Context, w tenantcare.Writer, s facts.Storage, run migration.Run, x Staging) error {
	ref, err := bloburl.Parse(x.Path, run.BlobRoot)
	if err != nil {
		return err
	}
	_, err = w.Do(ctx, tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.BlobDelete, Target: ref.URL(), UserID: x.Row.Target.UserID, User: x.Row.Target.User, Row: x.Row.Index},
		Present: BlobGone(s, ref),
		Call:    func(ctx context.Context) (string, error) { return ref.URL(), s.Delete(ctx, ref, x.ETag) },
	})
	return err
}

// BlobGone looks whether a blob is gone.
func BlobGone(s facts.Storage, ref bloburl.Ref) tenantcare.Look {
	return func(ctx context.Context) (string, string, bool, error) {
		items, err := s.List(ctx, ref.Container, ref.Name)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return "", "", false, err
		}
		for _, i := range items {
			if i.Name == ref.Name {
				return "", "", false, nil
			}
		}
		return ref.URL(), "it is gone", true, nil
	}
}
