// Package refusal makes the errors of the directory and of Windows 365: the codes and the words of each.
package refusal

import "wave365/pkg/fault"

// Invalid returns the error for a request that Windows 365 refuses.
func Invalid(code, msg string) error { return fault.New(fault.Invalid, code, msg, "") }

// Missing returns the error for an object of Windows 365 that does not exist.
func Missing(what, id string) error {
	return fault.New(fault.NotFound, "ResourceNotFound", "The "+what+" '"+id+"' was not found.", "")
}

// Chosen returns a refusal whose status a knob chooses: 409 is a conflict, everything else a bad request.
func Chosen(status int, code, msg string) error {
	kind := fault.Invalid
	if status == 409 {
		kind = fault.Conflict
	}
	return fault.New(kind, code, msg, "")
}

// BadRequest returns the error for an invalid request to the directory.
func BadRequest(msg string) error { return Invalid("Request_BadRequest", msg) }

// Denied returns the error for a request that the directory does not allow.
func Denied(msg string) error {
	return fault.New(fault.Denied, "Authorization_RequestDenied", msg, "")
}

// Gone returns the error for an object of the directory that does not exist, or no longer does.
func Gone(key string) error {
	return fault.New(fault.NotFound, "Request_ResourceNotFound",
		"Resource '"+key+"' does not exist or one of its queried reference-property objects are not present.", "")
}
