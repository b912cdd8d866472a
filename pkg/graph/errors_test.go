package graph_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

const getPC = "GET VE/cloudPCs/pc"

func TestErrorKinds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		header []string
		kind   fault.Kind
		code   string
		hint   string
	}{
		"400":               {status: 400, body: errorBody("BadRequest", "bad"), kind: fault.Invalid, code: graph.CodeRefused},
		"401":               {status: 401, body: errorBody("InvalidAuthenticationToken", "expired"), kind: fault.Denied, code: graph.CodeSignIn, hint: "sign in again"},
		"402":               {status: 402, kind: fault.Denied, code: graph.CodeDenied},
		"403":               {status: 403, body: errorBody("Forbidden", "no"), kind: fault.Denied, code: graph.CodeDenied, hint: "CloudPC.Read.All"},
		"403Claims":         {status: 403, body: errorBody("insufficient_claims", "step up"), kind: fault.Denied, code: graph.CodeConditionalAccess, hint: "conditional access"},
		"403ClaimsInHeader": {status: 403, header: []string{"WWW-Authenticate", `Bearer error="insufficient_claims"`}, kind: fault.Denied, code: graph.CodeConditionalAccess, hint: "conditional access"},
		"404":               {status: 404, body: errorBody("ResourceNotFound", "no"), kind: fault.NotFound, code: graph.CodeNotFound},
		"405":               {status: 405, kind: fault.Invalid, code: graph.CodeRefused},
		"409":               {status: 409, kind: fault.Conflict, code: graph.CodeConflict},
		"410":               {status: 410, kind: fault.NotFound, code: graph.CodeNotFound},
		"412":               {status: 412, kind: fault.Conflict, code: graph.CodeConflict},
		"413":               {status: 413, kind: fault.Invalid, code: graph.CodeRefused},
		"422":               {status: 422, kind: fault.Invalid, code: graph.CodeRefused},
		"423":               {status: 423, kind: fault.Conflict, code: graph.CodeConflict},
		"424":               {status: 424, kind: fault.Unavailable, code: graph.CodeUnavailable},
		"429":               {status: 429, body: errorBody("TooManyRequests", "slow down"), header: []string{"Retry-After", "120"}, kind: fault.Throttled, code: graph.CodeThrottled, hint: "slow down"},
		"429Quota":          {status: 429, body: errorBody("importQuotaExceeded", "tomorrow"), kind: fault.Throttled, code: graph.CodeQuota, hint: "allowance"},
		"403Quota":          {status: 403, body: errorBody("Directory_QuotaExceeded", "full"), kind: fault.Throttled, code: graph.CodeQuota, hint: "allowance"},
		"429SpeaksOfQuota":  {status: 429, body: errorBody("TooManyRequests", "your quota per second"), header: []string{"Retry-After", "120"}, kind: fault.Throttled, code: graph.CodeThrottled},
		"500":               {status: 500, kind: fault.Unavailable, code: graph.CodeUnavailable},
		"501":               {status: 501, kind: fault.Invalid, code: graph.CodeRefused},
		"507":               {status: 507, kind: fault.Throttled, code: graph.CodeQuota},
		"509":               {status: 509, kind: fault.Throttled, code: graph.CodeThrottled},
		"302":               {status: 302, header: []string{"Location", "https://evil.example.test/"}, kind: fault.Invalid, code: graph.CodeRedirect, hint: "redirect"},
		"UnknownCode":       {status: 400, body: errorBody("somethingNobodyKnows", "as it is"), kind: fault.Invalid, code: graph.CodeRefused},
		"Page401":           {status: 401, body: "<html>Sign in to the proxy</html>", kind: fault.Unavailable, code: graph.CodeMalformed, hint: "a web page"},
		"Page403":           {status: 403, body: "\r\n<!DOCTYPE html><h1>Blocked</h1>", kind: fault.Unavailable, code: graph.CodeMalformed, hint: "a web page"},
		"Page404":           {status: 404, body: "<html>No such page</html>", kind: fault.Unavailable, code: graph.CodeMalformed, hint: "a web page"},
		"Page407":           {status: 407, body: "<html>Proxy</html>", kind: fault.Unavailable, code: graph.CodeMalformed, hint: "a web page"},
		"NotJSON":           {status: 400, body: "<html>proxy</html>", kind: fault.Invalid, code: graph.CodeRefused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent := 1
				if tt.code == graph.CodeThrottled && tt.status == 429 {
					sent = 21 // each long pause is waited out, and after twenty it is given up
				}
				c, tp := play(t, slices.Repeat([]exchange{{want: getPC, status: tt.status, reply: tt.body, answer: tt.header}}, sent)...)
				_, err := c.CloudPC(t.Context(), "pc")
				f := fault.As(err)
				if f == nil || f.Kind != tt.kind || f.Code != tt.code || f.Remote == nil || f.Remote.Status != tt.status || f.Remote.Service != "graph" {
					t.Fatalf("got %+v", f)
				}
				if !strings.Contains(f.Hint, tt.hint) || f.Hint == "" {
					t.Errorf("hint %q, want %q", f.Hint, tt.hint)
				}
				if f.Remote.RequestID != "service-request-id" || f.Remote.ClientRequestID == "" {
					t.Errorf("ids %+v", f.Remote)
				}
				if len(tp.came) != sent {
					t.Errorf("sent %d times", len(tp.came))
				}
			})
		})
	}
}

func TestUnknownCodesPassUntouched(t *testing.T) {
	t.Parallel()
	c, _ := play(t, exchange{want: getPC, status: 400, answer: []string{"client-request-id", "echoed"}, reply: `{"ERROR":{"Code":"","message":"outer","innererror":{"code":"middle",
		"INNERERROR":{"code":"Deepest-Code","request-id":"r","client-request-id":"c","date":"d"}}}}`})
	_, err := c.CloudPC(t.Context(), "pc")
	want := &fault.Remote{Service: "graph", Status: 400, Code: "Deepest-Code", Message: "outer", RequestID: "service-request-id", ClientRequestID: "echoed"}
	if d := cmp.Diff(want, fault.As(err).Remote); d != "" {
		t.Error(d)
	}
	if got := err.Error(); got != "could not read the Cloud PC pc: 400 outer (graph: Deepest-Code)" {
		t.Error(got)
	}
}

func TestMessageInsideTheMessage(t *testing.T) {
	t.Parallel()
	const message = `{"_version":3,"Message":"An error has occurred - Activity ID: 1234","CustomApiErrorPhrase":"x"}`
	c, _ := play(t, exchange{want: getPC, status: 400, reply: errorBody("BadRequest", message)})
	_, err := c.CloudPC(t.Context(), "pc")
	if f := fault.As(err); f.Remote.Message != message || !strings.Contains(f.Msg, "400 An error has occurred - Activity ID: 1234") {
		t.Errorf("%+v", f)
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{"Reset": syscall.ECONNRESET, "Dial": &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ex := exchange{want: getPC, err: cause}
				c, tp := play(t, exchange{want: getPC, reply: `{"id":"pc"}`}, ex, ex, ex, ex, ex, ex)
				if _, err := c.CloudPC(t.Context(), "pc"); err != nil { // the host is there
					t.Fatal(err)
				}
				_, err := c.CloudPC(t.Context(), "pc")
				f := fault.As(err)
				if !fault.Is(err, fault.Unavailable) || !errors.Is(err, cause) || f.Remote.ClientRequestID != tp.came[1].header.Get("client-request-id") {
					t.Errorf("%+v", f)
				}
				for _, r := range tp.came[1:] {
					if r.header.Get("client-request-id") != f.Remote.ClientRequestID {
						t.Error("a retry has another id")
					}
				}
			})
		})
	}
	// Nothing was sent, so the outcome of a call that is sent once is known.
	synctest.Test(t, func(t *testing.T) {
		ex := exchange{want: postImport, err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
		c, _ := play(t, exchange{want: getPC, reply: `{"id":"pc"}`}, ex, ex, ex, ex, ex, ex)
		if _, err := c.CloudPC(t.Context(), "pc"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.ImportSnapshot(t.Context(), userID, disk); !fault.Is(err, fault.Unavailable) {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		// Each try of an import is counted, so a refusal is given back with its pause, and holds nobody.
		for after, code := range map[string]string{"3": graph.CodeThrottled, "121": graph.CodeQuota, "36000": graph.CodeQuota} {
			c, _ := play(t, exchange{want: postImport, status: 429, reply: errorBody("TooManyRequests", "x"), answer: []string{"Retry-After", after}},
				exchange{want: getPC, reply: `{"id":"pc"}`})
			start := time.Now()
			_, err := c.ImportSnapshot(t.Context(), userID, disk)
			if f := fault.As(err); !fault.Is(err, fault.Throttled) || f.Code != code || f.Remote.RetryAfter.Seconds() != seconds(t, after) {
				t.Errorf("%s: %+v", after, f)
			}
			if _, err := c.CloudPC(t.Context(), "pc"); err != nil || time.Since(start) != 0 {
				t.Errorf("%s: another call: %v after %s", after, err, time.Since(start))
			}
		}
	})
}

func seconds(t *testing.T, s string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dead, cancel := context.WithCancel(t.Context())
		cancel()
		c, _ := play(t)
		if _, err := c.ImportSnapshot(dead, userID, disk); !fault.Is(err, fault.Interrupted) || !errors.Is(err, context.Canceled) {
			t.Errorf("before it was sent: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		c, _ = play(t, exchange{want: getPC, status: 503, answer: []string{"Retry-After", "30"}})
		if _, err := c.CloudPC(ctx, "pc"); !fault.Is(err, fault.Interrupted) {
			t.Errorf("while waiting: %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		tp := &tape{t: t, left: []exchange{{want: postImport, err: context.Canceled}}}
		c = newClient(t, cancels{tp, cancel}, graph.Options{})
		if _, err := c.ImportSnapshot(ctx, userID, disk); !fault.Is(err, fault.OutcomeUnknown) {
			t.Errorf("while in flight: %v", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c, _ = play(t, exchange{want: getPC, status: 503, answer: []string{"Retry-After", "30"}})
		start := time.Now()
		// The answer is worth more than waiting for a deadline that comes before the pause ends.
		if _, err := c.CloudPC(ctx, "pc"); !fault.Is(err, fault.Unavailable) || fault.As(err).Remote.RetryAfter != 30*time.Second || time.Since(start) != 0 {
			t.Errorf("deadline: %v after %s", err, time.Since(start))
		}
		c = newClient(t, hangs{}, graph.Options{})
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.CloudPC(ctx, "pc"); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "in time") {
			t.Errorf("no answer: %v", err)
		}
	})
}

// hangs never answers.
type hangs struct{}

func (hangs) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestPauseBeforeADeadline: whoever has a deadline is told of a pause that outlasts it, and for how long it goes on;
// whoever has none waits; a used-up allowance holds nobody.
func TestPauseBeforeADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttled := exchange{want: getPC, status: 429, reply: errorBody("TooManyRequests", "slow down"), answer: []string{"Retry-After", "600"}}
		c, tp := play(t, throttled, exchange{want: getPC, reply: `{"id":"pc"}`})
		start := time.Now()
		for n, after := range []time.Duration{600 * time.Second, 600 * time.Second, 540 * time.Second} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_, err := c.CloudPC(ctx, "pc")
			cancel()
			f := fault.As(err)
			if !fault.Is(err, fault.Throttled) || f.Remote == nil || f.Remote.RetryAfter != after || f.Hint == "" || len(tp.came) != 1 {
				t.Errorf("call %d: %+v (%d sent), want throttled for %s", n+1, f, len(tp.came), after)
			}
			if n == 1 {
				time.Sleep(time.Minute)
			}
		}
		if d := time.Since(start); d != time.Minute {
			t.Errorf("callers with a deadline hung for %s", d-time.Minute)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := c.ImportSnapshot(ctx, userID, disk); !fault.Is(err, fault.Throttled) {
			t.Errorf("an import that was never sent: %v", err)
		}
		if _, err := c.CloudPC(t.Context(), "pc"); err != nil || time.Since(start) != 600*time.Second {
			t.Errorf("without a deadline: %v after %s", err, time.Since(start))
		}
	})
}

func TestUsedUpQuotaDelaysNoOtherRow(t *testing.T) {
	t.Parallel()
	for name, ex := range map[string]exchange{
		"429": {status: 429, reply: errorBody("quotaExceeded", "tomorrow")}, "403": {status: 403, reply: errorBody("Directory_QuotaExceeded", "full")},
		"507": {status: 507}, // of unknown outcome, as all that is 5xx
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ex.want, ex.answer = postImport, []string{"Retry-After", "40000"}
				start := time.Now()
				c, _ := play(t, ex, exchange{want: getPC, reply: `{"id":"pc"}`})
				_, err := c.ImportSnapshot(t.Context(), userID, disk)
				if code := fault.CodeOf(err); code != graph.CodeQuota && name != "507" || fault.As(err).Remote.RetryAfter != 40000*time.Second {
					t.Errorf("%+v", fault.As(err))
				}
				if _, err := c.CloudPC(t.Context(), "pc"); err != nil || time.Since(start) > 0 {
					t.Errorf("others: %v after %s", err, time.Since(start))
				}
			})
		})
	}
}

func TestSentOnceAndRepeated(t *testing.T) {
	t.Parallel()
	once := map[string]func(context.Context, *graph.Client) error{
		"import": func(ctx context.Context, c *graph.Client) error {
			_, err := c.ImportSnapshot(ctx, userID, disk)
			return err
		},
		"createSetting": func(ctx context.Context, c *graph.Client) error {
			_, err := c.CreateUserSetting(ctx, graph.UserSetting{DisplayName: "n"})
			return err
		},
		"createPolicy": func(ctx context.Context, c *graph.Client) error {
			_, err := c.CreateProvisioningPolicy(ctx, policy())
			return err
		},
		"createImage": func(ctx context.Context, c *graph.Client) error {
			_, err := c.CreateDeviceImage(ctx, graph.DeviceImage{DisplayName: "a", Version: "b", SourceImageResourceID: "c"})
			return err
		},
		"endGracePeriod": func(ctx context.Context, c *graph.Client) error { return c.EndGracePeriod(ctx, "pc") },
		"sendMail": func(ctx context.Context, c *graph.Client) error {
			return c.SendMail(ctx, "a@b", graph.Mail{To: []string{"c@d"}})
		},
	}
	safe := map[string]func(context.Context, *graph.Client) error{
		"get": func(ctx context.Context, c *graph.Client) error { _, err := c.CloudPC(ctx, "pc"); return err },
		"patch": func(ctx context.Context, c *graph.Client) error {
			_, err := c.UpdateUserSetting(ctx, graph.UserSetting{ID: "s", DisplayName: "n"})
			return err
		},
		"delete":    func(ctx context.Context, c *graph.Client) error { return c.DeleteDeviceImage(ctx, "s") },
		"assign":    func(ctx context.Context, c *graph.Client) error { return c.AssignUserSetting(ctx, "s", nil) },
		"purge":     func(ctx context.Context, c *graph.Client) error { return c.PurgeImport(ctx, snapID) },
		"addMember": func(ctx context.Context, c *graph.Client) error { return c.AddMember(ctx, groupID, userID) },
		"addMembers": func(ctx context.Context, c *graph.Client) error {
			return c.AddMembers(ctx, groupID, []string{userID, otherID})
		},
		"removeMember":  func(ctx context.Context, c *graph.Client) error { return c.RemoveMember(ctx, groupID, userID) },
		"assignLicense": func(ctx context.Context, c *graph.Client) error { return c.AssignLicense(ctx, userID, skuID) },
		"batch": func(ctx context.Context, c *graph.Client) error {
			us, err := c.Users(ctx, []string{userID})
			if err != nil {
				return err
			}
			return us[0].Err
		},
	}
	run := func(t *testing.T, do func(context.Context, *graph.Client) error, sent int, kind fault.Kind) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			tp := &failing{}
			if err := do(t.Context(), newClient(t, tp, graph.Options{})); !fault.Is(err, kind) || tp.n != sent {
				t.Errorf("%v after %d requests, want %s after %d", err, tp.n, kind, sent)
			}
		})
	}
	for name, do := range once {
		t.Run(name, func(t *testing.T) { t.Parallel(); run(t, do, 1, fault.OutcomeUnknown) })
	}
	for name, do := range safe {
		t.Run(name, func(t *testing.T) { t.Parallel(); run(t, do, 6, fault.Unavailable) })
	}
}

func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	for name, ex := range map[string]exchange{
		"Echoed":    {status: 400, reply: errorBody("invalidStorageInformation", "cannot read "+sasURL)},
		"Lost":      {err: errors.New("Post " + sasURL + ": EOF")},
		"Accepted":  {reply: `{"filename":"` + sasURL + `"}`},
		"Malformed": {reply: "<a href='" + sasURL + "'>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ex.want = postImport
			c, _ := play(t, ex)
			_, err := c.ImportSnapshot(t.Context(), userID, disk)
			f := fault.As(err)
			for e := err; e != nil; e = errors.Unwrap(e) {
				if name == "Lost" && e.Error() == ex.err.Error() {
					break // the cause itself is reached on purpose only
				}
				if strings.Contains(e.Error(), planted) {
					t.Errorf("in %T: %v", e, e)
				}
			}
			if strings.Contains(f.Msg+f.Hint+f.Remote.Message+f.Remote.Code, planted) {
				t.Errorf("in %+v %+v", f, f.Remote)
			}
		})
	}
	c, _ := play(t, exchange{want: singular(snapID), reply: result(`"importStatus":"failed","additionalDetail":"cannot read ` + sasURL + `"`)})
	if i, err := c.ImportResult(t.Context(), snapID); err != nil || strings.Contains(i.Detail, planted) {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestEmptyIDsAreRefused(t *testing.T) {
	t.Parallel()
	c, _ := play(t)
	ctx := t.Context()
	_, e1 := c.UserSetting(ctx, "")
	_, e2 := c.CloudPC(ctx, " ")
	_, e3 := c.ImportResult(ctx, "")
	_, e4 := c.User(ctx, "")
	_, e5 := c.UpdateUserSetting(ctx, graph.UserSetting{DisplayName: "n"})
	for i, err := range []error{e1, e2, e3, e4, e5, c.DeleteDeviceImage(ctx, ""), c.DeleteDeviceImage(ctx, ".."), c.EndGracePeriod(ctx, ""), c.PurgeImport(ctx, ""), c.SendMail(ctx, "", graph.Mail{To: []string{"a"}}), c.SendMail(ctx, "a", graph.Mail{})} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%d: %v", i, err)
		}
	}
}
