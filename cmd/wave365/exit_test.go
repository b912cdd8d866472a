package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

// The exit code when a command fails as a whole.
func TestExitCode(t *testing.T) {
	t.Parallel()
	of := func(kind fault.Kind, code string) error { return fault.New(kind, code, "m", "h") }
	for name, tc := range map[string]struct {
		err  error
		want int
	}{
		"nothing":                          {nil, exitOK},
		"an answer given already":          {exit(exitHalted), exitHalted},
		"a mistake in the flags":           {usageError{errors.New("x")}, exitUsage},
		"an error of no kind":              {errors.New("x"), exitUnexpected},
		"a stop":                           {fault.Wrap(fault.Interrupted, "", "stopped", "", context.Canceled), exitStopped},
		"a bare stop":                      {context.Canceled, exitStopped},
		"another process":                  {of(fault.Conflict, "ledger.locked"), exitLocked},
		"the lock was taken away":          {of(fault.Conflict, "ledger.lock-lost"), exitLocked},
		"nobody drives the run":            {of(fault.Conflict, "ledger.not-driven"), exitNothing},
		"the wave was edited":              {of(fault.Conflict, "wave.changed"), exitChanged},
		"another tenant than before":       {of(fault.Conflict, "tenant.changed"), exitChanged},
		"another tenant than named":        {of(fault.Invalid, "tenant.other"), exitUsage},
		"no credential":                    {of(fault.Denied, "cloud.sign-in"), exitSignIn},
		"401":                              {of(fault.Denied, graph.CodeSignIn), exitSignIn},
		"401 while something was done":     {fault.Wrap(fault.Denied, "", "list user settings", "", of(fault.Denied, graph.CodeSignIn)), exitSignIn},
		"step up":                          {of(fault.Denied, graph.CodeConditionalAccess), exitSignIn},
		"403":                              {of(fault.Denied, graph.CodeDenied), exitDenied},
		"an unsupported cloud":             {of(fault.Invalid, "cloud.unsupported"), exitDenied},
		"a wrong user setting":             {of(fault.Conflict, "setting.not-snapshot"), exitDenied},
		"no such ledger":                   {of(fault.Invalid, "ledger.none"), exitUsage},
		"a ledger in a synced folder":      {of(fault.Invalid, "ledger.place"), exitUsage},
		"a ledger that may not be written": {of(fault.Denied, "ledger.readonly"), exitDenied},
		"a full disk":                      {of(fault.Unavailable, "ledger.full"), exitUnexpected},
		"a damaged ledger":                 {of(fault.Internal, "ledger.damaged"), exitUnexpected},
		"a row that cannot be retried":     {of(fault.Conflict, "row.held"), exitUsage},
		"an assignment that does not show": {of(fault.Unavailable, "setting.not-assigned"), exitDenied},
		"a policy that is not as written":  {of(fault.Conflict, "policy.not-as-written"), exitDenied},
		"a policy that is not there":       {of(fault.NotFound, "policy.not-found"), exitUsage},
		"an image in use":                  {of(fault.Conflict, "image.in-use"), exitUsage},
		"an image that failed":             {of(fault.Conflict, "image.failed"), exitFailedRows},
		"a purge that was refused":         {of(fault.Conflict, "purge.refused"), exitUsage},
		"a Cloud PC that is late":          {of(fault.Unavailable, "deprovision.late"), exitUnexpected},
		"a conflict that a service told":   {of(fault.Conflict, ""), exitUnexpected},
		"a taken port":                     {of(fault.Unavailable, "sandbox.port"), exitUsage},
		"nobody at the address":            {of(fault.Unavailable, "cloud.unreachable"), exitSignIn},
		"a sign-in that timed out":         {of(fault.Unavailable, "cloud.sign-in"), exitSignIn},
		"a stop that a sign-in broke off":  {fault.Wrap(fault.Interrupted, "", "stopped", "", of(fault.Denied, "cloud.sign-in")), exitStopped},
		"a report that was touched":        {of(fault.Conflict, "report.touched"), exitUnexpected},
		"the network":                      {fmt.Errorf("x: %w", of(fault.Unavailable, "")), exitUnexpected},
	} {
		if got, _ := exitCode(tc.err); got != tc.want {
			t.Errorf("%s: exit code %d, want %d", name, got, tc.want)
		}
	}
}
