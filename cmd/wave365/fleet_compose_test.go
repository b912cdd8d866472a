//go:build !race

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/jackc/pgx/v5"

	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger/pgtest"
)

// composeFile is what the test wants of the compose file.
type composeFile struct {
	Services map[string]struct {
		Command     []string          `yaml:"command"`
		Environment map[string]string `yaml:"environment"`
	} `yaml:"services"`
}

// TestCompose starts what .ci/fleet/compose.yaml starts, but for River's page, as processes of this machine, with the
// arguments that stand there, and rehearses with them: containers are not to be had everywhere. Only the ports, and the
// folder of the waves, are others. It is not for the race detector: the tenants' time runs at the file's speed.
func TestCompose(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, ".ci/fleet/compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file composeFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	server, dir := pgtest.Start(t), t.TempDir()
	database := composedDatabase(t, server, file.Services["postgres"].Environment)

	ports := map[string]string{}
	moved := func(arg string) string {
		arg = strings.ReplaceAll(arg, "postgres://wave365@127.0.0.1/fleet", database)
		arg = regexp.MustCompile(`127\.0\.0\.1:(7001|7002|9091|9092)`).ReplaceAllStringFunc(arg, func(at string) string {
			if ports[at] == "" {
				ports[at] = freeAddress(t)
			}
			return ports[at]
		})
		return strings.Replace(arg, "/waves/", filepath.Join(root, "waves")+"/", 1)
	}
	service := func(name string) *exec.Cmd {
		t.Helper()
		s, ok := file.Services[name]
		if !ok || len(s.Command) == 0 {
			t.Fatalf("there is no service %s with a command", name)
		}
		args := make([]string, len(s.Command))
		for i, arg := range s.Command {
			args[i] = moved(arg)
		}
		cmd := tool(dir, args...)
		for key, value := range s.Environment {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
		return cmd
	}
	for _, name := range []string{"sandbox-1", "sandbox-2", "worker-1", "worker-2"} {
		cmd := service(name)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			if _ = cmd.Wait(); t.Failed() {
				t.Logf("%s:\n%s", name, out.Bytes())
			}
		})
	}
	for _, at := range []string{"127.0.0.1:7001", "127.0.0.1:7002"} {
		answers(t, "http://"+ports[at]+"/", "")
	}
	for _, at := range []string{"127.0.0.1:9091", "127.0.0.1:9092"} {
		answers(t, "http://"+ports[at]+"/metrics", "wave365_")
	}
	if out, code := answer(t, service("submit")); code != 0 {
		t.Fatalf("submit: exit code %d\n%s", code, out)
	}
	q, err := queue.Look(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	f := &fleetUnderTest{t: t, server: server, dir: dir, queue: q}
	var runs []queue.Job
	f.until("the rehearsal's run is over, or waits for a person", 3*time.Minute, func() bool {
		runs, err = q.Jobs(t.Context())
		return err == nil && len(runs) == 1 && (runs[0].State == queue.Done || runs[0].State == queue.Parked)
	})
	if runs[0].Ledger != "nordwind" {
		t.Errorf("%+v, want a run of the ledger nordwind", runs[0])
	}
	out, err := tool(dir, "status", runs[0].Run, "--json", "--ledger", database+"?ledger=nordwind").Output()
	var doc struct {
		Counts map[string]int `json:"counts"`
	}
	if err != nil || json.Unmarshal(out, &doc) != nil || doc.Counts["succeeded"] == 0 {
		t.Errorf("status: %v\n%s", err, out)
	}
	workers, err := q.Workers(t.Context())
	if err != nil || len(workers) != 2 {
		t.Errorf("%+v, %v; want two workers", workers, err)
	}
	// River's page reads the schema that its address names.
	if page := file.Services["river"].Environment["DATABASE_URL"]; page != "postgres://wave365@127.0.0.1/fleet?search_path=river" {
		t.Errorf("River's page is given %s", page)
	}
}

// composedDatabase makes the user and the database that the image of PostgreSQL makes, and gives its address.
func composedDatabase(t *testing.T, server *pgtest.Server, env map[string]string) string {
	t.Helper()
	db, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close(context.WithoutCancel(t.Context())) }()
	for _, query := range []string{
		"CREATE ROLE " + env["POSTGRES_USER"] + " LOGIN SUPERUSER",
		"CREATE DATABASE " + env["POSTGRES_DB"] + " OWNER " + env["POSTGRES_USER"],
	} {
		if _, err := db.Exec(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	return strings.Replace(server.URL(env["POSTGRES_DB"]), "postgres@", env["POSTGRES_USER"]+"@", 1)
}

// freeAddress is a free port of the loopback address.
func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// answers waits until somebody answers under a URL, with that text in it.
func answers(t *testing.T, url, text string) {
	t.Helper()
	f := &fleetUnderTest{t: t}
	f.until(url+" answers", time.Minute, func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			return false
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		return err == nil && strings.Contains(string(body), text)
	})
}
