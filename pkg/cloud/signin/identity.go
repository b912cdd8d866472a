package signin

import "cmp"

// Identity is who a token was given to. It is read without being verified: the token was given to us.
type Identity struct {
	// App is the client id, AppName its name, Tenant the tenant's id, User the person; empty: the token does not say.
	App, AppName, Tenant, User string
	Granted                    []string
}

// IdentityOf reads an access token; zero for a token that is not a JWT, such as a sandbox's.
func IdentityOf(token string) Identity {
	c := claimsOf(token)
	return Identity{App: c.app(), AppName: c.AppName, Tenant: c.Tenant, User: cmp.Or(c.UPN, c.Name), Granted: Granted(token)}
}
