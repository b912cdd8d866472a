package preflight

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"wave365/pkg/blob"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/vhd"
	"wave365/pkg/wave"
)

type finding = wave.Finding

const severityError = wave.Error

// readers is how many blobs are looked at at a time.
const readers = 16

// disks looks at every row's disk and guest state: that they are there, what kind of blob they are, and what their
// first and last bytes say. Findings keep the order of the file, whatever order the answers come in.
func (c *check) disks(ctx context.Context) error {
	found := make([][]wave.Finding, len(c.rows))
	var group errgroup.Group
	group.SetLimit(readers)
	var mu sync.Mutex
	done := 0
	for i := range c.rows {
		if c.rows[i].Blob == "" {
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			look := &look{c: c, r: &c.rows[i], index: i}
			err := look.both(ctx)
			found[i] = look.found
			mu.Lock()
			defer mu.Unlock()
			done++
			if done%50 == 0 || done == len(c.rows) {
				c.progress("disks", done, len(c.rows))
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		if ctx.Err() != nil {
			return nil // Check says that it was stopped
		}
		return err
	}
	for _, f := range found {
		c.found = append(c.found, f...)
	}
	return nil
}

// look is the look at one row's files.
type look struct {
	c     *check
	r     *row
	index int
	found []wave.Finding
}

func (l *look) flag(code, column, value, message string) {
	l.found = append(l.found, wave.NewFinding(code, l.r.Line, column, l.r.User, wave.RedactSAS(value), message))
}

func (l *look) both(ctx context.Context) error {
	src, err := l.file(ctx, "blob", l.r.Blob)
	l.r.target.Disk = src
	if err != nil || l.r.GuestStateBlob == "" {
		return err
	}
	guest, err := l.file(ctx, "guest_state_blob", l.r.GuestStateBlob)
	l.r.target.GuestState = &guest
	return err
}

// file looks at one file of the row and gives what could be found out about it.
func (l *look) file(ctx context.Context, column, text string) (migration.Source, error) {
	ref, err := blob.ParseRef(text, l.c.in.BlobRoot)
	if err != nil {
		code := fault.CodeOf(err)
		if code == "" {
			code = "csv.value-bad"
		}
		// The file's own check may have said so already.
		for _, f := range l.c.in.Findings {
			if f.Line == l.r.Line && f.Column == column && f.Code == code {
				return migration.Source{URL: wave.RedactSAS(text)}, nil
			}
		}
		l.flag(code, column, text, err.Error())
		return migration.Source{URL: wave.RedactSAS(text)}, nil
	}
	src := migration.Source{URL: ref.URL(), Container: ref.Container, Name: ref.Name, Signed: ref.SAS() != nil}
	if !l.signature(column, ref) {
		return src, nil
	}
	if ref.SAS() == nil && !ref.In(l.c.in.BlobRoot) {
		l.flag("blob.wrong-host", column, ref.URL(), "the blob is in another storage account ("+ref.Account()+") and has no signature")
		return src, nil
	}
	props, err := l.c.storage.Properties(ctx, ref)
	if err != nil {
		return src, l.refused(err, column, ref)
	}
	src.ETag, src.Length = props.ETag, props.Length
	if !l.properties(column, ref, props) {
		return src, nil
	}
	head, tail, err := l.ends(ctx, ref, props.Length)
	if err != nil {
		return src, l.refused(err, column, ref)
	}
	var problems []vhd.Problem
	if column == "blob" {
		var disk vhd.Disk
		disk, problems = vhd.Inspect(props.Length, head, tail)
		src.Virtual = disk.Virtual
	} else {
		problems = vhd.InspectGuestState(props.Length, head, tail)
	}
	for _, p := range problems {
		l.flag(p.Code, column, cmpOr(p.Value, ref.URL()), p.Message)
	}
	return src, nil
}

// ends reads the first and the last bytes of a blob.
func (l *look) ends(ctx context.Context, ref blob.Ref, length int64) (head, tail []byte, err error) {
	if head, err = l.c.storage.Read(ctx, ref, 0, min(vhd.HeadLength, length)); err != nil {
		return nil, nil, err
	}
	n := min(vhd.TailLength, length)
	tail, err = l.c.storage.Read(ctx, ref, length-n, n)
	return head, tail, err
}

// refused turns the storage account's refusal into a finding; what is no refusal of this one blob is given back.
func (l *look) refused(err error, column string, ref blob.Ref) error {
	code := fault.CodeOf(err)
	switch {
	case strings.HasPrefix(code, "blob.") || strings.HasPrefix(code, "sas."):
	case fault.Is(err, fault.NotFound):
		code = "blob.not-found"
	case fault.Is(err, fault.Denied):
		code = "blob.forbidden"
	default:
		return err
	}
	l.flag(code, column, ref.URL(), err.Error())
	return nil
}

// properties judges what kind of blob it is.
func (l *look) properties(column string, ref blob.Ref, p blob.Properties) bool {
	ok := true
	bad := func(code, message string) {
		l.flag(code, column, ref.URL(), message)
		ok = false
	}
	if strings.EqualFold(p.LeaseState, "leased") {
		l.flag("blob.leased", column, ref.URL(), "the blob is leased: something may still be writing to it")
	}
	switch {
	case strings.EqualFold(p.CopyStatus, "pending"):
		bad("blob.copy-pending", "the copy into this blob has not finished")
	case strings.EqualFold(p.Tier, "archive"):
		bad("blob.archived", "the blob is in the archive tier and cannot be read")
	case p.Type != "" && !strings.EqualFold(p.Type, "PageBlob"):
		bad("blob.not-page-blob", "the blob is a "+p.Type+"; the import takes page blobs only")
	case p.Length == 0:
		bad("blob.empty", "the blob is empty")
	}
	return ok
}

// sizes compares every disk with its license.
func (c *check) sizes(context.Context) error {
	for i := range c.rows {
		r := &c.rows[i]
		if tooSmall(r.target.PlanGiB, r.target.Disk.Virtual) {
			c.flag("license.disk-too-small", r, "blob", fmt.Sprint(r.target.Disk.Virtual),
				fmt.Sprintf("the disk has %s and %s has %d GB", gibText(r.target.Disk.Virtual), cmpOr(r.target.SKUName, r.target.PlanName), r.target.PlanGiB))
		}
	}
	return nil
}

// tooSmall is the license disk rule: the plan's GB, read as GiB, must be at least the disk's virtual size. Unknown
// sizes (0) are never too small: they have findings of their own.
func tooSmall(planGiB int, virtual int64) bool {
	return planGiB > 0 && virtual > int64(planGiB)<<30
}

func gibText(n int64) string {
	if n%(1<<30) == 0 {
		return fmt.Sprintf("%d GiB", n>>30)
	}
	return fmt.Sprintf("%.3f GiB", float64(n)/(1<<30))
}
