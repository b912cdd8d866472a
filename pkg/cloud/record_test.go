package cloud_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/exchange"
	"wave365/pkg/cloud/signin"
)

// Each try is a line, with bodies, the headers that matter, and neither token nor signature.
func TestRecorder(t *testing.T) {
	t.Parallel()
	const sig = "Zk4Tq0VxN7uPw2bLr8yCs5dHe1fGjA9mI3oQ6aRz+tM="
	var file bytes.Buffer
	s := &script{answer: func(n int, _ *http.Request) (*http.Response, error) {
		if n == 1 {
			return reply(503, `{"error":{"code":"busy"}}`)
		}
		return reply(200, `{"echo":"`+strings.ReplaceAll(sig, "+", "%2B")+`"}`, "x-ms-resource-unit", "3", "Set-Cookie", "secret")
	}}
	rec := exchange.NewRecorder(&file)
	p := newPipeline(t, s, func(c *cloud.PipelineConfig) { c.Recorder, c.Credential = rec, signin.SandboxCredential() })
	if _, err := call(t.Context(), p, "PUT", root+"/a?x=1", "https://a.blob.core.windows.net/c/d.vhd?sv=1&sig="+strings.ReplaceAll(sig, "+", "%2B")); err != nil {
		t.Fatal(err)
	}
	text := file.String()
	for _, secret := range []string{sig[:20], "sandbox-token", "Bearer", "Set-Cookie", "secret"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the recording: %s", secret, text)
		}
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %s", len(lines), text)
	}
	var got []exchange.Exchange
	for _, line := range lines {
		var e exchange.Exchange
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		got = append(got, e)
	}
	if e := got[0]; e.Status != 503 || e.Method != "PUT" || e.Path != "/a?x=1" || e.Schema != exchange.Schema || e.At.IsZero() || !strings.Contains(string(e.Body), `/c/d.vhd?[redacted]`) || string(e.Reply) != `{"error":{"code":"busy"}}` {
		t.Errorf("%+v %s %s", e, e.Body, e.Reply)
	}
	if e := got[1]; e.Status != 200 || e.Answered["x-ms-resource-unit"] != "3" || e.Asked["client-request-id"] != got[0].Asked["client-request-id"] {
		t.Errorf("%+v", e)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// A recording that cannot be written stops nothing, and says so.
func TestRecorderFails(t *testing.T) {
	t.Parallel()
	rec := exchange.NewRecorder(fullDisk{})
	p := newPipeline(t, &script{answer: inOrder(status(200))}, func(c *cloud.PipelineConfig) { c.Recorder = rec })
	if _, err := call(t.Context(), p, "GET", root+"/a", ""); err != nil || rec.Err() == nil {
		t.Errorf("%v, %v", err, rec.Err())
	}
}
