package cloud

// The codes of this package's faults that others branch on.
const (
	// CodeUnreachable: no connection to a host could be made; the message names host and cause.
	CodeUnreachable = "cloud.unreachable"
	// CodeTooLarge: an answer is longer than any of that service should be; the rest was not read.
	CodeTooLarge = "cloud.answer-too-large"
	// CodeSignIn: there is no token, because the sign-in was refused or could not be reached.
	CodeSignIn = "cloud.sign-in"
	// CodeNotPossible: the sign-in is by an app that cannot hold the permissions.
	CodeNotPossible = "permission.not-possible"
)
