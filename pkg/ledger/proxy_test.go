package ledger_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"wave365/pkg/ledger"
	"wave365/pkg/ledger/pgtest"
	"wave365/pkg/migration"
)

// cutter is a proxy between a ledger and its database that loses the answers to COMMITs.
type cutter struct {
	server string
	// armed is how many answers are still to be lost, each with its connection.
	armed atomic.Int32
	lost  atomic.Int32
	// before makes it lose the COMMIT itself, not only its answer.
	before atomic.Bool
}

// listen returns the address of the database through the proxy.
func (c *cutter) listen(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	c.server = u.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go c.serve(client)
		}
	}()
	u.Host = l.Addr().String()
	return u.String()
}

func (c *cutter) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer server.Close()
	var cut atomic.Bool
	go func() {
		defer client.Close()
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			if err != nil || cut.Load() {
				return // the answer arrived, and is not passed on
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if bytes.Contains(buf[:n], []byte("COMMIT\x00")) && c.armed.Load() > 0 {
			c.armed.Add(-1)
			c.lost.Add(1)
			cut.Store(true)
			if c.before.Load() {
				return
			}
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
		if cut.Load() {
			_, _ = io.Copy(io.Discard, client)
			return
		}
	}
}

// TestPostgresCommitWithoutAnswer: after a COMMIT whose answer is lost the ledger finds out whether it happened, and it
// happens once in either case.
func TestPostgresCommitWithoutAnswer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := pgtest.Start(t)
	for name, before := range map[string]bool{"done": false, "not done": true} {
		var c cutter
		l := openAt(t, c.listen(t, s.Ledger(map[bool]string{false: "after", true: "before"}[before])), ledger.Options{})
		c.before.Store(before)
		rows := newRows("r1", 1)
		must(t, l.CreateRun(ctx, newRun("r1"), rows, nil))
		r := rows[0]
		for range 5 {
			c.armed.Store(1)
			in, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectImport})
			must(t, err)
			c.armed.Store(1)
			must(t, l.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeDone}))
			c.armed.Store(1)
			tr := flip(r)
			must(t, l.Apply(ctx, tr))
			r = tr.To()
		}
		if c.lost.Load() != 15 {
			t.Errorf("%s: %d answers were lost, want 15", name, c.lost.Load())
		}
		intents, err := l.AllIntents(ctx, "r1")
		must(t, err)
		events, err := l.Events(ctx, "r1")
		must(t, err)
		if len(intents) != 5 || len(events) != 5 {
			t.Errorf("%s: %d intents and %d events, want 5 of each", name, len(intents), len(events))
		}
		must(t, ledger.VerifyChain(l.Audit(ctx, "")))
	}
}
