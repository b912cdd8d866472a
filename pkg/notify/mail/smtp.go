// Package mail sends messages through an SMTP server.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"wave365/pkg/fault"
	"wave365/pkg/notify"
)

// SMTP sends mail through a server. The connection is encrypted, by STARTTLS or on port 465 from the start; only to this
// machine itself is anything sent unencrypted.
type SMTP struct {
	// Host and Port are the server's; From is the sender's address.
	Host string
	Port int
	From string
	// User and Password sign in; both empty: the server needs no sign-in.
	User, Password string
	// TLS is for tests with their own certificate; nil: the system's settings.
	TLS *tls.Config
}

// Parse reads HOST or HOST:PORT; the default port is 587. The fault is Invalid.
func Parse(server string) (SMTP, error) {
	const submission = 587
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		host, port = server, strconv.Itoa(submission)
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 || host == "" {
		return SMTP{}, fault.New(fault.Invalid, "usage", "--smtp "+server+" is not a server", "write HOST or HOST:PORT, such as smtp.contoso.com:587")
	}
	return SMTP{Host: host, Port: n}, nil
}

// Loopback reports whether the server is on this machine.
func (s SMTP) Loopback() bool {
	ip := net.ParseIP(s.Host)
	return s.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// Name is "smtp".
func (SMTP) Name() string { return "smtp" }

// dialTime is the longest that connecting to the server may take.
const dialTime = 30 * time.Second

// Send sends one message on a connection of its own. Until the server has the whole message nothing has been sent; an
// error after that is OutcomeUnknown.
func (s SMTP) Send(ctx context.Context, m notify.Message) error {
	if m.To == "" {
		return fault.New(fault.Invalid, "notify.address", m.User+" has no mail address", "put one into the column notify")
	}
	msg := gomail.NewMsg()
	if err := errors.Join(msg.From(s.From), msg.To(m.To)); err != nil {
		return fault.Wrap(fault.Invalid, "notify.address", "the mail to "+m.To+" cannot be addressed: "+err.Error(), "correct the address", err)
	}
	msg.Subject(m.Subject)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	msg.SetMessageID()
	msg.SetDate()
	client, err := gomail.NewClient(s.Host, s.options()...)
	if err != nil {
		return fault.Wrap(fault.Invalid, "usage", "the mail server "+s.Host+" cannot be used: "+err.Error(), "check --smtp", err)
	}
	if err := client.DialWithContext(ctx); err != nil {
		return fault.Wrap(fault.Unavailable, "notify.smtp", "the mail server "+s.Host+":"+strconv.Itoa(s.Port)+" cannot be reached or does not take the sign-in: "+err.Error(),
			"check the server, its certificate, and the user and password in the environment", err)
	}
	err = client.Send(msg)
	_ = client.Close()
	return outcome(m, err)
}

func (s SMTP) options() []gomail.Option {
	const implicit = 465
	o := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(dialTime), gomail.WithoutNoop()}
	switch {
	case s.Port == implicit:
		o = append(o, gomail.WithSSL())
	case s.Loopback() && s.TLS == nil:
		o = append(o, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		o = append(o, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.TLS != nil {
		o = append(o, gomail.WithTLSConfig(s.TLS))
	}
	if s.User != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	return o
}

// outcome turns an error of sending into a fault that says whether the message went out.
func outcome(m notify.Message, err error) error {
	if err == nil {
		return nil
	}
	var at *gomail.SendError
	if !errors.As(err, &at) {
		return fault.Wrap(fault.OutcomeUnknown, "notify.smtp", "it is not known whether the mail to "+m.To+" went out: "+err.Error(), "ask the person, or look into the server's log; it is not sent again", err)
	}
	switch {
	case at.Reason == gomail.ErrSMTPDataClose && at.ErrorCode() == 0, at.Reason == gomail.ErrWriteContent:
		return fault.Wrap(fault.OutcomeUnknown, "notify.smtp", "it is not known whether the mail to "+m.To+" went out: the connection broke while it was handed over", "ask the person, or look into the server's log; it is not sent again", err)
	case at.Reason == gomail.ErrSMTPReset:
		return nil // the server has the message; only the good-bye failed
	}
	return fault.Wrap(fault.Invalid, "notify.smtp", "the mail server refuses the mail to "+m.To+": "+err.Error(), "correct what it names, then notify again", err)
}
