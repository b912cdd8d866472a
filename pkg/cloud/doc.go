// Package cloud is the connection to the services: the one azcore pipeline that the Graph client and the Blob client
// share. The pipeline owns what must not differ between them: what is repeated and what is not, the pace, the pause a
// service asks for, request ids, the request log, and that a token goes to one host only. It also knows the service's
// time, see [Clock].
//
// It does not know the services' paths, bodies and error codes; those belong to the packages graph and blob.
package cloud
