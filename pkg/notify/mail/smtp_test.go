package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"wave365/pkg/fault"
	"wave365/pkg/notify"
	smtpmail "wave365/pkg/notify/mail"
)

// server is a real SMTP server that keeps the messages it gets.
type server struct {
	mu       sync.Mutex
	got      []string
	from, to string
	user     string
	tls      bool
	// refuse makes it refuse a recipient, hangUp makes it break the connection inside DATA.
	refuse, hangUp bool
}

func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secure := c.TLSConnectionState()
	s.mu.Lock()
	s.tls = secure
	s.mu.Unlock()
	return &session{s: s, conn: c}, nil
}

type session struct {
	s    *server
	conn *smtp.Conn
}

func (x *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "secret" {
			return errors.New("wrong")
		}
		x.s.mu.Lock()
		defer x.s.mu.Unlock()
		x.s.user = user
		return nil
	}), nil
}

func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.from = from
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if x.s.refuse {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.to = to
	return nil
}

func (x *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.s.mu.Lock()
	x.s.got = append(x.s.got, string(data))
	x.s.mu.Unlock()
	if x.s.hangUp {
		_ = x.conn.Conn().Close() // it has the message; the answer never comes
	}
	return nil
}

func (x *session) Reset()        {}
func (x *session) Logout() error { return nil }

// start serves on a free port and returns the client for it.
func start(t *testing.T, s *server) smtpmail.SMTP {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(s)
	srv.Domain = "mail.example"
	srv.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	srv.ErrorLog = quiet{}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		_ = srv.Close()
		_ = l.Close() // a server that was closed before it knew its listener waits at it
		<-served
	})
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	out, err := smtpmail.Parse(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	out.From, out.TLS = "it@contoso.example", &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: "127.0.0.1"}
	return out
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func message() notify.Message {
	return notify.Message{Event: notify.Ready, User: "anna", To: "anna@contoso.example", Subject: "Ihr Cloud-PC ist bereit – schön", Text: "Guten Tag\n", HTML: "<p>Guten Tag</p>"}
}

func TestSend(t *testing.T) {
	t.Parallel()
	s := &server{}
	c := start(t, s)
	c.User, c.Password = "it", "secret"
	if err := c.Send(t.Context(), message()); err != nil {
		t.Fatalf("%v: %s", err, fault.HintOf(err))
	}
	if len(s.got) != 1 || s.from != "it@contoso.example" || s.to != "anna@contoso.example" || s.user != "it" || !s.tls {
		t.Fatalf("%d mails, from %s to %s by %s, TLS %v", len(s.got), s.from, s.to, s.user, s.tls)
	}
	m, err := mail.ReadMessage(strings.NewReader(s.got[0]))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(m.Header.Get("Content-Type"), "multipart/alternative") || !strings.Contains(string(body), "text/plain") || !strings.Contains(string(body), "<p>Guten Tag</p>") {
		t.Errorf("%v\n%s", m.Header, body)
	}
}

func TestRefusalsAndLostAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		refuse, hangUp bool
		change         func(*smtpmail.SMTP, *notify.Message)
		kind           fault.Kind
		mails          int
	}{
		"NoSuchUser":    {refuse: true, kind: fault.Invalid},
		"WrongPassword": {change: func(c *smtpmail.SMTP, _ *notify.Message) { c.User, c.Password = "it", "wrong" }, kind: fault.Unavailable},
		"ForeignCert": {change: func(c *smtpmail.SMTP, _ *notify.Message) {
			c.TLS = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: "127.0.0.1"}
		}, kind: fault.Unavailable},
		"NobodyThere": {change: func(c *smtpmail.SMTP, _ *notify.Message) { c.Port = 1 }, kind: fault.Unavailable},
		"NoAddress":   {change: func(_ *smtpmail.SMTP, m *notify.Message) { m.To = "" }, kind: fault.Invalid},
		"AnswerLost":  {hangUp: true, kind: fault.OutcomeUnknown, mails: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{refuse: tc.refuse, hangUp: tc.hangUp}
			c, m := start(t, s), message()
			if tc.change != nil {
				tc.change(&c, &m)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := c.Send(ctx, m)
			if !fault.Is(err, tc.kind) {
				t.Errorf("%v (%s), want %s", err, fault.KindOf(err), tc.kind)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if len(s.got) != tc.mails {
				t.Errorf("%d mails, want %d", len(s.got), tc.mails)
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]smtpmail.SMTP{"mail.contoso.com": {Host: "mail.contoso.com", Port: 587}, "127.0.0.1:25": {Host: "127.0.0.1", Port: 25}} {
		if got, err := smtpmail.Parse(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "host:x", "host:70000", ":25"} {
		if _, err := smtpmail.Parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
