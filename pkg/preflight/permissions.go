package preflight

import (
	"context"
	"slices"
	"strings"
	"time"

	"wave365/pkg/cloud/contact"
	"wave365/pkg/fault"
	"wave365/pkg/preflight/rules"
)

// permissions looks for what the run will need beyond reading. How each permission is proven:
//   - those to read, by the reads of this validation: each family names the one it lacks;
//   - those to write, by the token's own roles or scopes ([signin.Granted]), since trying them would change something. A
//     token that does not list any proves nothing, and nothing is said;
//   - the one to make signatures, by asking the storage account for the key that it takes, which changes nothing. It is
//     not asked for when every row brings its signature, or imports name the blobs by their account.
//
// What roles a signed-in person holds in Windows 365 besides, and whether the service itself may read the storage
// account, shows only when an import is tried.
func (c *check) permissions(ctx context.Context) error {
	if len(c.in.Granted) > 0 {
		assigns := slices.ContainsFunc(c.rows, func(r row) bool { return r.target.Trigger.Licenses() })
		for _, w := range rules.Writes() {
			if !w.Optional && (!w.License || assigns) && !slices.ContainsFunc(append(w.Also, w.Permission), func(p string) bool { return holds(c.in.Granted, p) }) {
				c.lacks(w.Permission, w.Purpose)
			}
		}
	}
	if c.in.AccountID != "" {
		return nil
	}
	return c.signing(ctx)
}

// signing tries to make a signature for the first disk that needs one.
func (c *check) signing(ctx context.Context) error {
	for i := range c.rows {
		for _, f := range c.rows[i].files {
			if !f.usable || f.ref.SAS() != nil {
				continue
			}
			// The service's clock has advanced since the validation began; a rehearsal's by days.
			_, err := c.storage.SignRead(ctx, f.ref, time.Time{}, c.in.Now.Add(signFor))
			if f := fault.As(err); err != nil && !denied(err) && f != nil && !wide(f) && f.Code != contact.CodeUnreachable {
				c.flagWave("cloud.unreadable", c.in.BlobRoot, "cannot tell whether links to the disks can be signed: "+why(err))
				return nil
			}
			if !denied(err) {
				return err
			}
			c.lacks("Storage Blob Delegator", "to sign links to the disks; a role on the storage account, given by its Owner or User Access Administrator")
			return nil
		}
	}
	return nil
}

// denied reports whether a service refused a call. A sign-in that failed is different: no call was made.
func denied(err error) bool {
	f := fault.As(err)
	return fault.Is(err, fault.Denied) && f.Remote != nil
}

// signFor is for how long a signature is tried: well within the seven days that the service allows.
const signFor = 5 * 24 * time.Hour

func holds(granted []string, permission string) bool {
	return slices.ContainsFunc(granted, func(g string) bool { return strings.EqualFold(g, permission) })
}

// lacks names a missing permission, once, with who can grant it.
func (c *check) lacks(permission, purpose string) {
	for _, old := range c.found {
		if old.Code == "permission.missing" && old.Value == permission {
			return
		}
	}
	message := "the sign-in lacks " + permission + ", needed " + purpose
	if strings.HasSuffix(permission, ".All") {
		message += "; a Privileged Role Administrator or Global Administrator grants it to the app registration"
	}
	c.flagWave("permission.missing", permission, message)
}
