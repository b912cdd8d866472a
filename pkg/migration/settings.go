package migration

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Settings is how a run is to be executed, as its operator chose and may choose again with each resume or retry. How
// many imports may be in flight is not here: that is [Run.Slots]. The zero value is what a run does when nothing was
// chosen. Settings are stored as text under the names of their flags; see [Settings.List].
type Settings struct {
	// SkipInvalid: rows with errors were left out, also of an edit of the wave file.
	SkipInvalid bool
	// Trigger is which link is closed last for every row; "": the license where the row names one, else the membership.
	Trigger Trigger
	// ImportSource is "account" when imports name blobs by StorageAccountID; "" or "sas": by a signature.
	ImportSource     string
	StorageAccountID string
	// Canary is how many rows run first; 0: none.
	Canary int
	// Halt is the threshold at which nothing new may start; zero: none.
	Halt Halt
	// StopBy is when rows have to be done; zero: no limit. One that has passed no longer applies.
	StopBy time.Time
	// Until is the last step to do; "": all of them. Only [StepImportWait] can be chosen.
	Until Step
	// RepeatLost: an import whose answer is lost and that cannot be found is sent again instead of held.
	RepeatLost bool
	// Notify is whether, and how, people are notified as things happen.
	Notify Notify
	// Paused: nothing new starts until it is continued. It outlives the process that was paused.
	Paused bool
	// Draining: nothing new starts, and the run ends with what is in flight. A process that ends in an orderly way
	// clears it; one that died leaves it to the next.
	Draining bool
}

// Notify is how the messages of a run go out. No secret is here: those stay in the environment.
type Notify struct {
	On bool
	// Via is the channel, From the sender, SMTP the mail server as HOST:PORT; Language and Templates determine how
	// messages are written, Operator is the address notified when the run ends. "" is the default.
	Via, From, SMTP, Language, Templates, Operator string
}

// Setting is one of the settings as text: the name of its flag and its value.
type Setting struct{ Name, Value string }

// SettingsPatch is a change of settings, as it is recorded: the new text by name of flag; "" resets a setting.
// [Settings.PatchTo] makes one, [Settings.Apply] applies it.
type SettingsPatch map[string]string

// setting is how one setting is written and read. text is "" for the zero value; set is never called with "".
type setting struct {
	name  string
	text  func(*Settings) string
	set   func(*Settings, string) error
	reset func(*Settings)
	// steered: it is not a flag that was chosen, but a change made from a second terminal.
	steered bool
}

// untilImported is the name of the last step to do.
const untilImported = "imported"

// settingsTable lists every setting, by name. A new setting is one entry.
func settingsTable() []setting {
	return []setting{
		{"canary",
			func(s *Settings) string { return positive(s.Canary) },
			func(s *Settings, v string) (err error) { s.Canary, err = strconv.Atoi(v); return err },
			func(s *Settings) { s.Canary = 0 }, false},
		flagSetting("draining", true, func(s *Settings) *bool { return &s.Draining }),
		{"halt-after",
			func(s *Settings) string {
				if s.Halt == (Halt{}) {
					return ""
				}
				return s.Halt.String()
			},
			func(s *Settings, v string) (err error) { s.Halt, err = ParseHalt(v); return err },
			func(s *Settings) { s.Halt = Halt{} }, false},
		textSetting("import-source", func(s *Settings) *string { return &s.ImportSource }),
		{"on-lost-reply",
			func(s *Settings) string {
				if s.RepeatLost {
					return "repeat"
				}
				return ""
			},
			func(s *Settings, v string) error { s.RepeatLost = v == "repeat"; return oneOf(v, "hold", "repeat") },
			func(s *Settings) { s.RepeatLost = false }, false},
		flagSetting("notify", false, func(s *Settings) *bool { return &s.Notify.On }),
		textSetting("notify-from", func(s *Settings) *string { return &s.Notify.From }),
		textSetting("notify-language", func(s *Settings) *string { return &s.Notify.Language }),
		textSetting("notify-operator", func(s *Settings) *string { return &s.Notify.Operator }),
		textSetting("notify-smtp", func(s *Settings) *string { return &s.Notify.SMTP }),
		textSetting("notify-templates", func(s *Settings) *string { return &s.Notify.Templates }),
		textSetting("notify-via", func(s *Settings) *string { return &s.Notify.Via }),
		flagSetting("paused", true, func(s *Settings) *bool { return &s.Paused }),
		flagSetting("skip-invalid", false, func(s *Settings) *bool { return &s.SkipInvalid }),
		{"stop-by",
			func(s *Settings) string {
				if s.StopBy.IsZero() {
					return ""
				}
				return s.StopBy.Format(time.RFC3339)
			},
			func(s *Settings, v string) (err error) { s.StopBy, err = time.Parse(time.RFC3339, v); return err },
			func(s *Settings) { s.StopBy = time.Time{} }, false},
		textSetting("storage-account-id", func(s *Settings) *string { return &s.StorageAccountID }),
		textSetting("trigger", func(s *Settings) *Trigger { return &s.Trigger }),
		{"until",
			func(s *Settings) string {
				if s.Until == "" {
					return ""
				}
				return untilImported
			},
			func(s *Settings, v string) error { s.Until = StepImportWait; return oneOf(v, untilImported) },
			func(s *Settings) { s.Until = "" }, false},
	}
}

func textSetting[T ~string](name string, at func(*Settings) *T) setting {
	return setting{name,
		func(s *Settings) string { return string(*at(s)) },
		func(s *Settings, v string) error { *at(s) = T(v); return nil },
		func(s *Settings) { *at(s) = "" }, false}
}

func flagSetting(name string, steered bool, at func(*Settings) *bool) setting {
	return setting{name,
		func(s *Settings) string {
			if *at(s) {
				return "true"
			}
			return ""
		},
		func(s *Settings, v string) (err error) { *at(s), err = strconv.ParseBool(v); return err },
		func(s *Settings) { *at(s) = false }, steered}
}

func positive(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func oneOf(v string, known ...string) error {
	if !slices.Contains(known, v) {
		return errors.New("unknown value")
	}
	return nil
}

// List returns the settings that were chosen and are not zero, as text, in order of their names; not Paused and
// Draining.
func (s Settings) List() []Setting {
	var list []Setting
	for _, f := range settingsTable() {
		if v := f.text(&s); v != "" && !f.steered {
			list = append(list, Setting{f.name, v})
		}
	}
	return list
}

// PatchTo returns the patch that turns s into next; nil when they are equal.
func (s Settings) PatchTo(next Settings) SettingsPatch {
	var p SettingsPatch
	for _, f := range settingsTable() {
		if v := f.text(&next); v != f.text(&s) {
			if p == nil {
				p = SettingsPatch{}
			}
			p[f.name] = v
		}
	}
	return p
}

// Apply applies a patch. The error is for a name or a value that this program does not know; s is then changed in part.
func (s *Settings) Apply(p SettingsPatch) error {
	known := 0
	for _, f := range settingsTable() {
		v, ok := p[f.name]
		if !ok {
			continue
		}
		known++
		if v == "" {
			f.reset(s)
		} else if err := f.set(s, v); err != nil {
			return fmt.Errorf("the setting %s of a run has the unreadable value %q: %w", f.name, v, err)
		}
	}
	if _, ok := p["slots"]; ok {
		known++ // earlier versions wrote it here as well; Run.Slots is what holds
	}
	if known < len(p) {
		return fmt.Errorf("a run has settings that this version does not know: %v", p)
	}
	return nil
}

// IsZero reports whether nothing was chosen.
func (s Settings) IsZero() bool { return s == Settings{} }

// MarshalJSON writes an object of texts by name of flag.
func (s Settings) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string(Settings{}.PatchTo(s)))
}

// UnmarshalJSON reads what MarshalJSON writes; the errors are those of Apply.
func (s *Settings) UnmarshalJSON(data []byte) error {
	var p SettingsPatch
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	*s = Settings{}
	return s.Apply(p)
}
