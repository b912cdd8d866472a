package doctor

import (
	"errors"
	"maps"
	"testing"
	"time"
)

func TestDatabaseLines(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "synchronous_standby_names": "",
		"idle_in_transaction_session_timeout": "3s", "statement_timeout": "30s", "lock_timeout": "10s",
	}
	with := func(name, value string) map[string]string {
		m := maps.Clone(good)
		m[name] = value
		return m
	}
	for _, tc := range []struct {
		name string
		d    Database
		want Grade
	}{
		{"good", Database{Version: 150018, Settings: good}, Good},
		{"unreachable", Database{Err: errors.New("no answer")}, Bad},
		{"old", Database{Version: 130001, Settings: good}, Bad},
		{"no fsync", Database{Version: 150018, Settings: with("fsync", "off")}, Bad},
		{"no synchronous commit", Database{Version: 150018, Settings: with("synchronous_commit", "off")}, Bad},
		{"local commit with a standby", Database{Version: 150018, Settings: func() map[string]string {
			m := with("synchronous_commit", "local")
			m["synchronous_standby_names"] = "b"
			return m
		}()}, Bad},
		{"a pooler dropped a time-out", Database{Version: 150018, Settings: with("idle_in_transaction_session_timeout", "0")}, Bad},
		{"a standby", Database{Version: 150018, Settings: with("transaction_read_only", "on")}, Bad},
		{"clock", Database{Version: 150018, Settings: good, Off: -time.Minute}, Warning},
		{"in clear", Database{Version: 150018, Settings: good, Remote: true}, Warning},
		{"encrypted", Database{Version: 150018, Settings: good, Remote: true, Encrypted: true}, Good},
	} {
		if got := Worst(DatabaseLines(tc.d)); got != tc.want {
			t.Errorf("%s: %s, want %s: %+v", tc.name, got, tc.want, DatabaseLines(tc.d))
		}
	}
}
