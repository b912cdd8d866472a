package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/telling"
	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/notify"
	"wave365/pkg/notify/mail"
	"wave365/pkg/notify/webhook"
	"wave365/pkg/run"
	"wave365/pkg/runner"
)

// The environment variables for what must not be on a command line.
const (
	envSMTPUser     = "WAVE365_SMTP_USER"
	envSMTPPassword = "WAVE365_SMTP_PASSWORD"
	envWebhook      = "WAVE365_WEBHOOK"
)

// messaging holds the flags for how messages are written and sent.
type messaging struct {
	// on: the run sends them as things happen.
	on                            bool
	via, from, smtp               string
	language, templates, operator string
}

func (m *messaging) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&m.via, "notify-via", "graph", "how messages go out: graph (a mailbox of the tenant), smtp, or webhook (a workflow of Teams; its address is in "+envWebhook+")")
	f.StringVar(&m.from, "notify-from", "", "the sender: the mailbox that graph sends from, or the sender's address for smtp")
	f.StringVar(&m.smtp, "notify-smtp", "", "the mail server, as HOST:PORT; user and password are in "+envSMTPUser+" and "+envSMTPPassword)
	f.StringVar(&m.language, "notify-language", "en", "the built-in templates: "+strings.Join(notify.Languages(), " or "))
	f.StringVar(&m.templates, "notify-templates", "", "a folder with templates of your own: EVENT.txt, EVENT.html, page.html")
	f.StringVar(&m.operator, "notify-operator", "", "the address notified when the wave ends, halts or needs a person")
}

// addSwitch adds --notify to the commands that drive a run, and reports a mistake in its flags before anything is done.
func (m *messaging) addSwitch(a *app, g *globals, cmd *cobra.Command) {
	cmd.Flags().BoolVar(&m.on, "notify", false, "tell users and the operator as things happen, each once")
	m.addFlags(cmd)
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if !m.on {
			return nil
		}
		if _, err := m.set(); err != nil {
			return err
		}
		_, err := a.channel(*m, nil, migration.Run{Sandbox: g.sandbox})
		return err
	}
}

// usual returns the flags for how messages are written and sent, with their defaults.
func (m *messaging) usual(n *migration.Notify) []struct {
	name         string
	value, known *string
	usual        string
} {
	return []struct {
		name         string
		value, known *string
		usual        string
	}{
		{"notify-via", &m.via, &n.Via, "graph"}, {"notify-from", &m.from, &n.From, ""}, {"notify-smtp", &m.smtp, &n.SMTP, ""},
		{"notify-language", &m.language, &n.Language, "en"}, {"notify-templates", &m.templates, &n.Templates, ""}, {"notify-operator", &m.operator, &n.Operator, ""},
	}
}

// choose determines how people are notified from now on: by the flags, and where they are not given, as before. m is
// set to the result.
func (m *messaging) choose(cmd *cobra.Command, was migration.Notify) (migration.Notify, error) {
	if !cmd.Flags().Changed("notify") {
		m.on = m.on || was.On
	}
	if !m.on {
		return migration.Notify{}, nil
	}
	now := migration.Notify{On: true}
	for _, f := range m.usual(&was) {
		if !cmd.Flags().Changed(f.name) && *f.known != "" {
			*f.value = *f.known
		}
	}
	if m.templates != "" {
		var err error
		if m.templates, err = filepath.Abs(m.templates); err != nil {
			return now, err
		}
	}
	for _, f := range m.usual(&now) {
		if *f.value != f.usual {
			*f.known = *f.value
		}
	}
	return now, nil
}

// command returns the command that sends later what was not sent. Default values are left out.
func (m messaging) command() fault.Command {
	var args []string
	for _, f := range m.usual(&migration.Notify{}) {
		if *f.value != f.usual && f.name != "notify-operator" { // notify writes to users
			args = append(args, "--"+f.name, *f.value)
		}
	}
	return fault.NewCommand("notify", args...)
}

// set reads the templates.
func (m messaging) set() (*notify.Set, error) {
	var folder fs.FS
	if m.templates != "" {
		if _, err := os.Stat(m.templates); err != nil {
			return nil, fault.Wrap(fault.Invalid, "notify.template", "the folder "+m.templates+" cannot be read: "+err.Error(), "check --notify-templates", err)
		}
		folder = os.DirFS(m.templates)
	}
	return notify.Templates(m.language, folder)
}

// channel returns how messages about a run are sent. Those of a rehearsal stay on this machine.
func (a *app) channel(m messaging, mailer notify.Mailer, r migration.Run) (notify.Channel, error) {
	rehearsal := func(loopback bool) error {
		if r.Sandbox == "" || loopback {
			return nil
		}
		return fault.New(fault.Invalid, "notify.rehearsal", "this is a rehearsal: real people are not notified about it", "use --dry-run DIR to see the messages, or --notify-via graph, which ends in the sandbox")
	}
	switch m.via {
	case "graph":
		if m.from == "" {
			return nil, fault.New(fault.Invalid, "usage", "--notify-from is missing: the mailbox that the messages come from", "name a mailbox of the tenant; the app needs Mail.Send")
		}
		return notify.Graph{Mailer: mailer, From: m.from}, nil
	case "smtp":
		s, err := mail.Parse(m.smtp)
		if err != nil {
			return nil, err
		}
		if m.from == "" {
			return nil, fault.New(fault.Invalid, "usage", "--notify-from is missing: the sender's address", "such as it@contoso.com")
		}
		s.From = m.from
		s.User, _ = a.env(envSMTPUser)
		s.Password, _ = a.env(envSMTPPassword)
		return s, rehearsal(s.Loopback())
	case "webhook":
		address, _ := a.env(envWebhook)
		w, err := webhook.New(address)
		if err != nil {
			return nil, err
		}
		return w, rehearsal(w.Loopback())
	}
	return nil, fault.New(fault.Invalid, "usage", "invalid --notify-via "+m.via, fmt.Sprintf("use %s", "graph, smtp or webhook"))
}

// messengerOf notifies people while the run is live; nil when messages are off.
func (a *app) messengerOf(g *globals, s *run.Session, o runner.Observer, say func(string)) (*telling.Messenger, error) {
	if !g.messages.on {
		return nil, nil
	}
	set, err := g.messages.set()
	if err != nil {
		return nil, err
	}
	mailer, _ := s.Services.Tenant.(notify.Mailer)
	channel, err := a.channel(g.messages, mailer, s.Run)
	if err != nil {
		return nil, err
	}
	post := notify.Post{Journal: s.Ledger, Channel: channel, Run: s.Run.ID, Command: "run --notify", By: s.Driver().String(), Now: s.Now}
	return telling.Start(o, set, post, s.Run, g.messages.operator, a.zone, say), nil
}
