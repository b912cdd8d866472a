package signin

import (
	"context"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"wave365/pkg/cloud/clouds"
)

// databases are the tokens for databases that this process has, by scope: each connection is opened with one, and a credential may
// start a program to get it.
var databases sync.Map

// databaseToken is a token for the databases of a cloud. Safe for concurrent use.
type databaseToken struct {
	mu    sync.Mutex
	cred  azcore.TokenCredential
	token azcore.AccessToken
}

// tokenLeft is how long a token must still be good for to be used again. One is good for an hour or more.
const tokenLeft = 5 * time.Minute

// DatabaseToken returns a token of Microsoft Entra ID that the Azure Database for PostgreSQL on that host takes as the password, by
// azidentity's default chain: the environment, workload and managed identity, the Azure CLI, and others. The faults are those of
// [Credential] and of its tokens; false for a host of anybody else, who is sent none.
func DatabaseToken(ctx context.Context, host string) (token string, ok bool, err error) {
	cloud, scope, ok := clouds.DatabaseServer(host)
	if !ok {
		return "", false, nil
	}
	kept, _ := databases.LoadOrStore(scope, &databaseToken{})
	d := kept.(*databaseToken)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cred == nil {
		if d.cred, err = Credential(cloud, CredentialConfig{}); err != nil {
			return "", true, err
		}
	}
	if time.Until(d.token.ExpiresOn) < tokenLeft {
		if d.token, err = d.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}}); err != nil {
			d.token = azcore.AccessToken{}
			return "", true, err
		}
	}
	return d.token.Token, true, nil
}
