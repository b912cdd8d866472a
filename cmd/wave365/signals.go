package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interruptible gives a context that the first Ctrl-C ends, for commands that only read.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// stops are the three ways in which a run is asked to end.
type stops struct {
	// drain is closed by the first signal: no new starts.
	drain chan struct{}
	// ctx ends with the second: stop after the calls in flight. The third ends the process.
	ctx  context.Context
	done context.CancelFunc
	// drained is told that the run drains already, as another terminal asked: the first signal then counts as the second.
	drained func()
}

// listenForStops starts listening. say is told what the signal means, and must not block for long.
func listenForStops(ctx context.Context, say func(string)) *stops {
	ctx, cancel := context.WithCancel(ctx)
	s := &stops{drain: make(chan struct{}), ctx: ctx}
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ended, byOrder := make(chan struct{}), make(chan struct{})
	s.drained = sync.OnceFunc(func() { close(byOrder) })
	go func() {
		defer close(ended)
		select {
		case <-signals:
			say("draining: nothing new starts, what is in flight goes on to its end; Ctrl-C again stops at once")
			close(s.drain)
		case <-byOrder:
			say("draining, as another terminal asked: nothing new starts, what is in flight goes on to its end; Ctrl-C stops at once")
		case <-ctx.Done():
			return
		}
		select {
		case <-signals:
			say("stopping after the calls in flight; Ctrl-C again ends the process")
			signal.Stop(signals) // the third signal has its usual effect
			cancel()
		case <-ctx.Done():
		}
	}()
	s.done = func() {
		signal.Stop(signals)
		cancel()
		<-ended
	}
	return s
}
