package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
)

// stopSignals are the signals that ask a command to end. A hang-up is one of them, unless the parent process ignores
// it, as nohup does.
func stopSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// outliveReaders makes writes to a pipe without a reader fail, instead of ending the process: a lost terminal never ends
// a run. The signal is caught rather than ignored, because ignoring it would be inherited by child processes.
func outliveReaders() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// stopKey is the key of a context's *atomic.Bool that is set when a signal has asked the command to end.
type stopKey struct{}

// withStopFlag returns a context that remembers whether a signal has ended one of its [interruptible] contexts.
func withStopFlag(ctx context.Context) (context.Context, *atomic.Bool) {
	flag := &atomic.Bool{}
	return context.WithValue(ctx, stopKey{}, flag), flag
}

// interruptible returns a context that the first stop signal ends, for commands that only read and for the time before a
// run continues.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, stopSignals()...)
	var once sync.Once
	stop := func() {
		once.Do(func() { signal.Stop(signals) }) // the second signal has its usual effect
		cancel()
	}
	go func() {
		select {
		case <-signals:
			if flag, ok := ctx.Value(stopKey{}).(*atomic.Bool); ok {
				flag.Store(true)
			}
			stop()
		case <-ctx.Done():
		}
	}()
	return ctx, stop
}

// stops holds the ways in which a run is asked to end.
type stops struct {
	// drain is closed by the first signal: no new starts.
	drain chan struct{}
	// ctx ends with the second: stop after the calls in flight. The third ends the process.
	ctx context.Context
	// told waits until the meaning of every signal that has been acted on was said.
	told func()
	// done stops listening.
	done context.CancelFunc
	// drained is called when the run drains already because another terminal asked: the first signal then counts as the
	// second.
	drained func()
}

// listenForStops starts listening. say is called with the meaning of the signal, and must not block for long. A hang-up
// only drains, however often it comes: a terminal that closes sends several.
func listenForStops(ctx context.Context, say func(string)) *stops {
	ctx, cancel := context.WithCancel(ctx)
	s := &stops{drain: make(chan struct{}), ctx: ctx}
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, stopSignals()...)
	ended, byOrder := make(chan struct{}), make(chan struct{})
	s.drained = sync.OnceFunc(func() { close(byOrder) })
	// A signal takes effect before it is said what it means, because the terminal may be gone; the run may end in between.
	var saying sync.Mutex
	s.told = func() {
		saying.Lock()
		defer saying.Unlock()
	}
	act := func(effect func(), text string) {
		saying.Lock()
		defer saying.Unlock()
		effect()
		say(text)
	}
	go func() {
		defer close(ended)
		select {
		case got := <-signals:
			text := "draining: nothing new starts, what is in flight runs to completion; Ctrl-C again stops at once"
			if got == syscall.SIGHUP {
				text = "draining, because the terminal is gone: nothing new starts, what is in flight runs to completion"
			}
			act(func() { close(s.drain) }, text)
		case <-byOrder:
			say("draining, as requested from another terminal: nothing new starts, what is in flight runs to completion; Ctrl-C stops at once")
		case <-ctx.Done():
			return
		}
		for {
			select {
			case got := <-signals:
				if got == syscall.SIGHUP {
					continue
				}
				signal.Stop(signals) // the third signal has its usual effect
				act(cancel, "stopping after the calls in flight; Ctrl-C again ends the process")
			case <-ctx.Done():
			}
			return
		}
	}()
	s.done = func() {
		signal.Stop(signals)
		cancel()
		<-ended
	}
	return s
}
