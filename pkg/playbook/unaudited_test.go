package playbook_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/graph"
)

// unseen shows an import as not used until its record is gone: nobody happens to look while the Cloud PC is built.
type unseen struct{ *graph.Client }

func (u unseen) ImportResults(ctx context.Context, ids []string) ([]graph.ImportAnswer, error) {
	answers, err := u.Client.ImportResults(ctx, ids)
	for i := range answers {
		if answers[i].Import.Usage == graph.UsageInUse {
			answers[i].Import.Usage = graph.UsageNotUsed
		}
	}
	return answers, err
}

// A record that is gone after provisioning proves that the import was used, unless somebody purged it. Where the audit log may
// not be read, that cannot be told, and it is a success with a warning; where it can be, it is a plain one.
func TestGoneImportWithoutAnAuditLogIsAWarning(t *testing.T) {
	t.Parallel()
	for _, readable := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			words := []string{"/auditEvents"}
			if readable {
				words = nil
			}
			from := time.Now()
			s := newStageBehind(t, story(), func(next http.RoundTripper) http.RoundTripper {
				return forbidding{next: next, from: from, to: from.Add(100 * time.Hour), words: words}
			})
			defer s.close()
			s.over = unseen{s.graph}
			s.play()
			if got := states(s.rows); got != allSucceeded {
				t.Fatal(got)
			}
			for _, r := range s.rows {
				if r.Warned == readable || strings.Contains(r.Facts.Warning, "could not be checked, because the audit log cannot be read") == readable {
					t.Errorf("log readable: %t: warned: %t, %q", readable, r.Warned, r.Facts.Warning)
				}
				if !strings.Contains(r.Facts.Proof, "the import record was gone at") || strings.Contains(r.Facts.Proof, "names no purge") != readable {
					t.Errorf("log readable: %t: proof %q", readable, r.Facts.Proof)
				}
			}
		})
	}
}
