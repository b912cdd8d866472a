package signin

import (
	"context"
	"errors"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// WithFaults turns a credential's refusals into faults, so that they are not taken for failures of the service.
func WithFaults(c azcore.TokenCredential) azcore.TokenCredential { return faulting{c} }

type faulting struct{ azcore.TokenCredential }

// GetToken calls the credential. The error is a fault: Denied when the sign-in was refused, Unavailable when it could
// not be reached, or the context's.
func (s faulting) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	t, err := s.TokenCredential.GetToken(ctx, o)
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return t, err
	}
	return t, signInFault(err)
}
