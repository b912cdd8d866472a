package preflight

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/vhd"
	"wave365/pkg/wave"
	"wave365/pkg/wave/address"
)

// Storage is what validation reads of the storage account; *blob.Client implements it.
type Storage interface {
	List(ctx context.Context, container, prefix string) ([]blob.Item, error)
	Properties(ctx context.Context, r bloburl.Ref) (blob.Properties, error)
	Read(ctx context.Context, r bloburl.Ref, offset, count int64) ([]byte, error)
	// SignRead is called once, to see whether links can be signed; the link is discarded.
	SignRead(ctx context.Context, r bloburl.Ref, start, expiry time.Time) (string, error)
}

// readers is how many blobs are read at a time.
const readers = 16

// disks checks every row's disk and guest state: that they exist, what kind of blob they are, and what their first and
// last bytes hold. The kind comes from one listing per container; the bytes are two ranged reads a blob, three for a
// disk. Findings keep the order of the file, in whatever order the answers arrive.
func (c *check) disks(ctx context.Context) error {
	looks := make([]look, len(c.rows))
	read := &tally{code: "blob.unreadable", things: "disks"}
	for i := range c.rows {
		looks[i] = look{c: c, r: &c.rows[i], tally: read}
		looks[i].resolve()
	}
	c.oneUserPerBlob()
	if err := c.list(ctx); err != nil {
		return err
	}
	c.eachRow(func(r *row) {
		for _, f := range r.files {
			if f.usable {
				read.total++
			}
		}
	})
	var mu sync.Mutex
	done := 0
	var group errgroup.Group
	group.SetLimit(readers)
	for i := range looks {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil // Check reports that it was stopped
			}
			var err error
			if !looks[i].r.done { // its disk is not needed any more and may have been deleted
				err = looks[i].read(ctx)
			}
			mu.Lock()
			defer mu.Unlock()
			if done++; done%50 == 0 || done == len(looks) {
				c.progress("disks", done, len(looks))
			}
			return err
		})
	}
	err := group.Wait()
	for i := range looks {
		if !looks[i].r.done {
			c.found = append(c.found, looks[i].found...)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// look is the reading of one row's files.
type look struct {
	c     *check
	r     *row
	tally *tally
	found []wave.Finding
}

func (l *look) flag(code, column, value, message string) {
	l.found = append(l.found, wave.NewFinding(code, l.r.Line, column, l.r.User, value, message))
}

// file is one of a row's blobs.
type file struct {
	// column is where the row names it: "blob" or "guest_state_blob".
	column string
	ref    bloburl.Ref
	// usable is false when nothing can be read from it: it is in the wrong place, or its signature is invalid.
	usable bool
	// src is the part of the row's target that receives what was found out about it.
	src *migration.Source
}

// key is the same for all spellings of one blob.
func (f file) key(root string) string {
	if f.ref.In(root) {
		return f.ref.Container + "/" + f.ref.Name
	}
	return f.ref.URL()
}

// resolve finds out which blobs the row names, and judges the signatures that came with them.
func (l *look) resolve() {
	l.reference("blob", l.r.Blob, &l.r.target.Disk)
	if l.r.GuestStateBlob != "" {
		l.r.target.GuestState = &migration.Source{}
		l.reference("guest_state_blob", l.r.GuestStateBlob, l.r.target.GuestState)
	}
}

func (l *look) reference(column, text string, src *migration.Source) {
	src.URL = wave.RedactSAS(text)
	if text == "" || l.c.told(l.r.Line, column, "csv.value-bad") || l.c.told(l.r.Line, column, "blob.wrong-host") {
		return
	}
	ref, err := bloburl.Parse(text, l.c.in.BlobRoot)
	if err != nil {
		l.flag(cmp.Or(fault.CodeOf(err), "csv.value-bad"), column, text, err.Error())
		return
	}
	*src = migration.Source{URL: ref.URL(), Container: ref.Container, Name: ref.Name, Signed: ref.SAS() != nil, Account: l.c.in.AccountID}
	here := l.host(column, ref)
	valid := l.signature(column, ref)
	l.r.files = append(l.r.files, file{column, ref, here && valid, src})
}

// host judges which storage account the blob is in. It answers false for one that nothing can be read from.
func (l *look) host(column string, ref bloburl.Ref) bool {
	_, name, _ := strings.Cut(ref.Root, "://")
	host, _, inPath := strings.Cut(name, "/")
	_, azure := address.ParseHost(host)
	switch {
	case ref.In(l.c.in.BlobRoot):
		return true
	case !azure && !inPath:
		l.flag("blob.wrong-host", column, ref.URL(), "the blob is at "+host+", which is not a host of Azure Storage")
	case l.c.in.AccountID != "":
		l.flag("blob.wrong-host", column, ref.URL(), "the blob is in another storage account ("+ref.Account()+") than the one that imports are to be made from")
	case ref.SAS() == nil:
		l.flag("blob.wrong-host", column, ref.URL(), "the blob is in another storage account ("+ref.Account()+") and has no signature")
	case !l.c.cloud.StorageHost(name):
		l.flag("blob.wrong-host", column, ref.URL(), "the URL's host "+host+" is not a storage account of this cloud")
	default:
		return true
	}
	return false
}

// read reads the row's files.
func (l *look) read(ctx context.Context) error {
	for _, f := range l.r.files {
		if !f.usable {
			continue
		}
		if err := l.file(ctx, f.column, f.ref, f.src); err != nil {
			return err
		}
		if l.r.GuestStateBlob != "" {
			continue
		}
		if state := l.c.guestStateOf(f.ref); state != "" {
			l.flag("guest.missing", "guest_state_blob", state, "next to the disk is "+state+", which is named like its guest state; the row names none")
		}
	}
	return nil
}

// file reads one file of the row and records in src what could be found out about it.
func (l *look) file(ctx context.Context, column string, ref bloburl.Ref, src *migration.Source) error {
	props, err := l.c.properties(ctx, ref)
	if err != nil {
		return l.refused(err, column, ref)
	}
	if src.ETag, src.Length = props.ETag, props.Length; !l.properties(column, ref, props) {
		return l.tally.add(nil)
	}
	head, tail, err := l.ends(ctx, ref, props.Length)
	if err != nil {
		return l.refused(err, column, ref)
	}
	if err := l.tally.add(nil); err != nil {
		return err
	}
	var problems []vhd.Problem
	if column == "blob" {
		var disk vhd.Disk
		var more []vhd.Part
		if offset, count := vhd.FurtherRead(props.Length, head, tail); count > 0 {
			data, err := l.c.storage.Read(ctx, ref, offset, count)
			if err != nil {
				return l.refused(err, column, ref)
			}
			more = append(more, vhd.Part{Offset: offset, Data: data})
		}
		disk, problems = vhd.Inspect(props.Length, head, tail, more...)
		src.Virtual = disk.Virtual
	} else {
		problems = vhd.InspectGuestState(props.Length, head, tail)
	}
	for _, p := range problems {
		l.flag(p.Code, column, cmp.Or(p.Value, ref.URL()), p.Message)
		if p.Hint != "" {
			l.found[len(l.found)-1].Hint = p.Hint
		}
	}
	return nil
}

// ends reads the first and the last bytes of a blob.
func (l *look) ends(ctx context.Context, ref bloburl.Ref, length int64) (head, tail []byte, err error) {
	n := min(vhd.TailLength, length)
	if tail, err = l.c.storage.Read(ctx, ref, length-n, n); err != nil {
		return nil, nil, err
	}
	head, err = l.c.storage.Read(ctx, ref, 0, min(vhd.HeadLength, length))
	return head, tail, err
}

// refused turns the storage account's answer about this one blob into a finding. The error is one that concerns more
// than this blob.
func (l *look) refused(err error, column string, ref bloburl.Ref) error {
	code, answered := fault.CodeOf(err), true
	switch {
	case code == "blob.unreadable":
		answered = false
	case strings.HasPrefix(code, "blob.") || strings.HasPrefix(code, "sas."):
	case fault.Is(err, fault.NotFound):
		code = "blob.not-found"
	case denied(err):
		code = "blob.forbidden"
	default:
		code, answered = "blob.unreadable", false
	}
	l.flag(code, column, ref.URL(), why(err))
	if h := fault.HintOf(err); code == "blob.unreadable" && h != "" {
		l.found[len(l.found)-1].Hint = h
	}
	if answered {
		return l.tally.add(nil)
	}
	return l.tally.add(err)
}

// properties judges what kind of blob it is.
func (l *look) properties(column string, ref bloburl.Ref, p blob.Properties) bool {
	if strings.EqualFold(p.LeaseState, "leased") {
		l.flag("blob.leased", column, ref.URL(), "the blob is leased: something may still be writing to it")
	}
	bad := func(code, message string) bool {
		l.flag(code, column, ref.URL(), message)
		return false
	}
	switch copied := strings.ToLower(p.CopyStatus); {
	case copied == "pending":
		return bad("blob.copy-pending", "the copy into this blob has not finished ("+cmp.Or(p.CopyProgress, "progress unknown")+" bytes)")
	case copied == "failed" || copied == "aborted":
		return bad("blob.copy-pending", "the copy into this blob has "+map[bool]string{true: "failed", false: "been aborted"}[copied == "failed"])
	case strings.EqualFold(p.Tier, "archive"):
		return bad("blob.archived", "the blob is in the archive tier and cannot be read")
	case p.Type != "" && p.Type != blob.PageBlob:
		return bad("blob.not-page-blob", "the blob is a "+p.Type+"; only page blobs can be imported")
	case p.Length == 0:
		return bad("blob.empty", "the blob is empty")
	}
	return true
}

// oneUserPerBlob finds rows of different users that name one blob in spellings that the file alone cannot compare, such
// as a path and the URL of the same account, and rows whose disk and guest state are the same. The file's own check has
// reported the others.
func (c *check) oneUserPerBlob() {
	uses := map[string][]*row{}
	c.eachRow(func(r *row) {
		for _, f := range r.files {
			uses[f.key(c.in.BlobRoot)] = append(uses[f.key(c.in.BlobRoot)], r)
		}
	})
	c.eachRow(func(r *row) {
		for i, f := range r.files {
			if i > 0 && f.key(c.in.BlobRoot) == r.files[0].key(c.in.BlobRoot) {
				if !c.told(r.Line, f.column, "guest.same-as-disk") {
					c.flag("guest.same-as-disk", r, f.column, f.src.URL, "the guest state is the same blob as the disk")
				}
				r.files[i].usable = false
				continue
			}
			if c.told(r.Line, f.column, "blob.duplicate") {
				continue
			}
			for _, other := range uses[f.key(c.in.BlobRoot)] {
				if other != r && !sameUser(other, r) {
					c.flag("blob.duplicate", r, f.column, f.src.URL, fmt.Sprintf("the blob is also on line %d, for another user", other.Line))
					break
				}
			}
		}
	})
}

func sameUser(a, b *row) bool {
	if a.user != nil && b.user != nil {
		return fold(a.user.ID) == fold(b.user.ID)
	}
	return wave.UserKey(a.User) == wave.UserKey(b.User)
}
