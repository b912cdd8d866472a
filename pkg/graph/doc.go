// Package graph calls Microsoft Graph: one method for each call, typed and thin. It knows the calls' paths, bodies and
// oddities, pages, batches, and turns the service's errors into faults. It is built on a [cloud.Pipeline], which owns
// retries, pace and tokens.
//
// It does not decide what to do next: it does not know waves, it does not merge assignments, and it never repeats a
// call that may have had its effect.
//
// # Faults
//
// Every method returns errors as *fault.Fault with Remote filled as far as an answer came. Kinds: Invalid (400 and
// other refusals of the request), Denied (401, 402, 403), NotFound (404, 410), Conflict (409, 412, 423), Throttled
// (429, 509, 507 and used-up quotas), Unavailable (5xx and no answer, for calls that are safe to repeat),
// OutcomeUnknown (the same, for calls that are sent once) and Interrupted (the context was cancelled before the call
// could have an effect). Codes are the constants named Code….
package graph
