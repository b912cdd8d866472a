// Package refusal is how the directory and Windows 365 say no: the codes and the words of each.
package refusal

import "wave365/pkg/fault"

// Invalid is a request that Windows 365 does not take.
func Invalid(code, msg string) error { return fault.New(fault.Invalid, code, msg, "") }

// Missing is a thing of Windows 365 that there is not.
func Missing(what, id string) error {
	return fault.New(fault.NotFound, "ResourceNotFound", "The "+what+" '"+id+"' was not found.", "")
}

// Chosen is a refusal whose status a knob chooses: 409 is a conflict, all else a bad request.
func Chosen(status int, code, msg string) error {
	kind := fault.Invalid
	if status == 409 {
		kind = fault.Conflict
	}
	return fault.New(kind, code, msg, "")
}

// BadRequest is a request that the directory does not take.
func BadRequest(msg string) error { return Invalid("Request_BadRequest", msg) }

// Denied is a request that the directory does not allow.
func Denied(msg string) error {
	return fault.New(fault.Denied, "Authorization_RequestDenied", msg, "")
}

// Gone is a thing of the directory that there is not, or not any more.
func Gone(key string) error {
	return fault.New(fault.NotFound, "Request_ResourceNotFound",
		"Resource '"+key+"' does not exist or one of its queried reference-property objects are not present.", "")
}
