package blobapi

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The states of a lease.
const (
	available = "available"
	leased    = "leased"
	expired   = "expired"
	breaking  = "breaking"
	broken    = "broken"
)

// Lease is somebody's hold on a blob. The zero value: nobody's.
type Lease struct {
	ID string `json:"id,omitempty"`
	// Seconds is how long it was taken for; -1: for ever.
	Seconds int `json:"seconds,omitempty"`
	// Until is its end unless it is for ever. Broken is when a break takes or took effect; zero: nobody broke it.
	Until  time.Time `json:"until,omitzero"`
	Broken time.Time `json:"broken,omitzero"`
}

// State is available, leased, expired, breaking or broken at the time now.
func (l Lease) State(now time.Time) string {
	switch {
	case l.ID == "":
		return available
	case !l.Broken.IsZero() && !now.Before(l.Broken):
		return broken
	case !l.Broken.IsZero():
		return breaking
	case l.Seconds > 0 && !now.Before(l.Until):
		return expired
	}
	return leased
}

// Locked reports whether the lease keeps others from writing at the time now.
func (l Lease) Locked(now time.Time) bool {
	state := l.State(now)
	return state == leased || state == breaking
}

// headers writes the state as answers carry it.
func (l Lease) headers(h http.Header, now time.Time) {
	state := l.State(now)
	h.Set("x-ms-lease-state", state)
	h.Set("x-ms-lease-status", lockWord(l.Locked(now)))
	if state == leased {
		h.Set("x-ms-lease-duration", l.duration())
	}
}

func (l Lease) duration() string {
	if l.Seconds > 0 {
		return "fixed"
	}
	return "infinite"
}

func lockWord(locked bool) string {
	if locked {
		return "locked"
	}
	return "unlocked"
}

// mayWrite checks the lease id that a write brings.
func (l Lease) mayWrite(c *call) *refusal {
	id := strings.ToLower(c.header("x-ms-lease-id"))
	switch {
	case l.Locked(c.now) && id == "":
		return refuse(http.StatusPreconditionFailed, "LeaseIdMissing", "There is currently a lease on the blob and no lease ID was specified in the request.")
	case l.Locked(c.now) && id != l.ID:
		return refuse(http.StatusPreconditionFailed, "LeaseIdMismatchWithBlobOperation", "The lease ID specified did not match the lease ID for the blob.")
	case !l.Locked(c.now) && id != "":
		return refuse(http.StatusPreconditionFailed, "LeaseNotPresentWithBlobOperation", "There is currently no lease on the blob.")
	}
	return nil
}

// mayRead checks the lease id that a read brings, if it brings one.
func (l Lease) mayRead(c *call) *refusal {
	if c.header("x-ms-lease-id") == "" {
		return nil
	}
	return l.mayWrite(c)
}

// leaseBlob takes, renews, changes, gives back or breaks a lease.
func (s *server) leaseBlob(w http.ResponseWriter, c *call) *refusal {
	return s.change(c, func(b *Blob) *refusal {
		l, status, err := b.Lease.act(c, s.leaseSeed())
		if err != nil {
			return err
		}
		b.Lease, b.changed = l.lease, true
		b.stamp(w.Header())
		if l.lease.ID != "" && l.tell {
			w.Header().Set("x-ms-lease-id", l.lease.ID)
		}
		if l.seconds >= 0 {
			w.Header().Set("x-ms-lease-time", strconv.Itoa(l.seconds))
		}
		w.WriteHeader(status)
		return nil
	})
}

// leaseSeed makes lease ids differ from each other and be the same in every story.
func (s *server) leaseSeed() string {
	s.sequence++
	return fmt.Sprintf("lease %d", s.sequence)
}

// leased outcome: what becomes of the lease and what is told of it.
type leaseOutcome struct {
	lease   Lease
	tell    bool
	seconds int // -1: nothing is said
}

func (l Lease) act(c *call, seed string) (leaseOutcome, int, *refusal) {
	id := strings.ToLower(c.header("x-ms-lease-id"))
	state := l.State(c.now)
	out := leaseOutcome{lease: l, tell: true, seconds: -1}
	mismatch := refuse(http.StatusConflict, "LeaseIdMismatchWithLeaseOperation", "The lease ID specified did not match the lease ID for the blob.")
	absent := refuse(http.StatusConflict, "LeaseNotPresentWithLeaseOperation", "There is currently no lease on the blob.")
	switch action := strings.ToLower(c.header("x-ms-lease-action")); action {
	case "acquire":
		proposed := strings.ToLower(c.header("x-ms-proposed-lease-id"))
		if (state == leased && (proposed == "" || proposed != l.ID)) || state == breaking {
			return out, 0, refuse(http.StatusConflict, "LeaseAlreadyPresent", "There is already a lease present.")
		}
		seconds, err := strconv.Atoi(c.header("x-ms-lease-duration"))
		if err != nil || seconds != -1 && (seconds < 15 || seconds > 60) {
			return out, 0, errHeader
		}
		if proposed == "" {
			sum := sha256.Sum256([]byte(seed))
			proposed = formatGUID(sum[:16])
		}
		out.lease = Lease{ID: proposed, Seconds: seconds}.from(c.now)
		return out, http.StatusCreated, nil
	case "renew", "change", "release":
		if id == "" {
			return out, 0, errMissingHeader
		}
		if l.ID == "" {
			return out, 0, absent
		}
		if id != l.ID {
			return out, 0, mismatch
		}
		return l.keep(c, action, state, out)
	case "break":
		if l.ID == "" {
			return out, 0, absent
		}
		out.tell = false
		out.lease.Broken, out.seconds = l.breakTime(c)
		return out, http.StatusAccepted, nil
	}
	return out, 0, errHeader
}

// keep is what the holder of a lease does with it.
func (l Lease) keep(c *call, action, state string, out leaseOutcome) (leaseOutcome, int, *refusal) {
	switch {
	case action == "release":
		out.lease, out.tell = Lease{}, false
	case action == "renew" && (state == breaking || state == broken):
		return out, 0, refuse(http.StatusConflict, "LeaseIsBrokenAndCannotBeRenewed", "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.")
	case action == "renew":
		out.lease = l.from(c.now)
	case state == breaking:
		return out, 0, refuse(http.StatusConflict, "LeaseIsBreakingAndCannotBeChanged", "The lease ID matched, but the lease is currently in breaking state and cannot be changed.")
	case state != leased:
		return out, 0, refuse(http.StatusConflict, "LeaseNotPresentWithLeaseOperation", "There is currently no lease on the blob.")
	default:
		proposed := strings.ToLower(c.header("x-ms-proposed-lease-id"))
		if proposed == "" {
			return out, 0, errMissingHeader
		}
		out.lease.ID = proposed
	}
	return out, http.StatusOK, nil
}

// from starts the lease's time.
func (l Lease) from(now time.Time) Lease {
	l.Until = time.Time{}
	if l.Seconds > 0 {
		l.Until = now.Add(time.Duration(l.Seconds) * time.Second)
	}
	return l
}

// breakTime is when a break takes effect, and in how many seconds: at once for a lease without an end unless a period
// is asked for, else when its time is over.
func (l Lease) breakTime(c *call) (time.Time, int) {
	if state := l.State(c.now); state == broken || state == expired {
		return c.now, 0
	}
	left := time.Duration(0)
	if l.Seconds > 0 {
		left = l.Until.Sub(c.now)
	}
	if seconds, err := strconv.Atoi(c.header("x-ms-lease-break-period")); err == nil && seconds >= 0 && seconds <= 60 {
		if asked := time.Duration(seconds) * time.Second; l.Seconds <= 0 || asked < left {
			left = asked
		}
	}
	at := c.now.Add(left)
	if !l.Broken.IsZero() && l.Broken.Before(at) {
		at = l.Broken
	}
	return at, int((at.Sub(c.now) + time.Second - 1) / time.Second)
}
