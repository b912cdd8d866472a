package playbook_test

import (
	"testing"

	"wave365/pkg/sandbox/scenario"
)

// A refusal that is about the moment is tried again, at every write there is: nobody fails for it, and no import is sent twice.
func TestWhatPassesIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		fault scenario.Fault
	}{
		{"license 409", scenario.Fault{Match: "assignLicense", Status: 409, Code: "Directory_ConcurrencyViolation", Count: 3}},
		{"license 400", scenario.Fault{Match: "assignLicense", Status: 400, Code: "Directory_ConcurrencyViolation", Count: 3}},
		{"license 412", scenario.Fault{Match: "assignLicense", Status: 412, Code: "ConcurrencyViolation", Count: 3}},
		{"license 423", scenario.Fault{Match: "assignLicense", Status: 423, Code: "Locked", Count: 3}},
		{"license 404", scenario.Fault{Match: "assignLicense", Status: 404, Code: "Request_ResourceNotFound", Count: 3}},
		{"members 404", scenario.Fault{Match: "members/$ref", Status: 404, Code: "Request_ResourceNotFound", Count: 3}},
		{"members 409", scenario.Fault{Match: "members/$ref", Status: 409, Code: "Conflict", Count: 3}},
		{"members 412", scenario.Fault{Match: "members/$ref", Status: 412, Code: "PreconditionFailed", Count: 3}},
		{"many members 409", scenario.Fault{Match: "PATCH /v1.0/groups", Status: 409, Code: "Conflict", Count: 3}},
		{"setting 409", scenario.Fault{Match: "POST /beta/deviceManagement/virtualEndpoint/userSettings", Status: 409, Code: "Conflict", Count: 3}},
		{"setting 423", scenario.Fault{Match: "POST /beta/deviceManagement/virtualEndpoint/userSettings", Status: 423, Code: "Locked", Count: 2}},
		{"import 409", scenario.Fault{Match: "importSnapshot", Status: 409, Code: "Conflict", Count: 3}},
		{"import 412", scenario.Fault{Match: "importSnapshot", Status: 412, Code: "PreconditionFailed", Count: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sc := story()
			tc.fault.Kind = "status"
			sc.Faults = []scenario.Fault{tc.fault}
			play(t, sc, func(t *testing.T, s *stage) {
				if got := states(s.rows); got != allSucceeded {
					t.Error(got)
				}
				if n := accepted(s); n != 4 {
					t.Errorf("%d imports were accepted", n)
				}
			})
		})
	}
}

// A purge that is refused for the moment is tried again, and the import after it is sent once.
func TestAPurgeIsTriedAgain(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Faults = []scenario.Fault{{Match: "purgeImportedSnapshot", Kind: "status", Status: 409, Code: "Conflict", Count: 2}}
	steered(t, sc, func(t *testing.T, s *stage, l *liar) {
		failOnce(t, s, l)
		s.retry(0)
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Error(got)
		}
		if did := s.effects(0); count(did, "importSnapshot accepted") != 2 || count(did, "purged") != 1 {
			t.Errorf("done to the user: %q", did)
		}
	})
}
