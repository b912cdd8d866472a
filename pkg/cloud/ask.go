package cloud

import "context"

type askKey struct{}

// AskFirst has ask called right before each request below goes out, after whatever it waited for: the service's pace, a
// pause, a sign-in. With an error of it nothing is sent, the request is not tried again, and that error is its answer.
func AskFirst(ctx context.Context, ask func() error) context.Context {
	return context.WithValue(ctx, askKey{}, ask)
}

// mayGo asks.
func mayGo(ctx context.Context) error {
	if ask, ok := ctx.Value(askKey{}).(func() error); ok {
		if err := ask(); err != nil {
			return permanent{err}
		}
	}
	return nil
}
