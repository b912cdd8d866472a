// Package configfile reads the configuration file: settings that are the same for every wave, and profiles of them for
// several tenants.
package configfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/fault"
	"wave365/pkg/run"
	"wave365/pkg/wave/yamltext"
)

// Keys returns what a configuration file may contain: settings that are the same for every wave. What belongs to one
// run, or consents on a person's behalf, is not a setting.
func Keys() []string {
	return []string{
		"version", "profile", "profiles", "ledger", "report-dir", "tenant", "cloud", "storage-account", "blob-endpoint", "sign-in", "client-id",
		"log-file", "log-level", "slots", "sandbox-speed", "import-source", "storage-account-id", "allow-unknown-columns", "halt-after", "quiet",
		"notify-via", "notify-from", "notify-smtp", "notify-language", "notify-templates", "notify-operator",
	}
}

// most is the largest file, in bytes.
const most = 1 << 20

// File is a configuration file in which every setting is one. The zero value has none.
type File struct {
	path     string
	settings map[string]any
	// isFlag reports whether the command has a flag of that name.
	isFlag func(name string) bool
}

// Read reads the file at path. A missing one is accepted unless it was asked for; every other fault is Invalid. isFlag reports
// whether the command has a flag of that name.
func Read(path string, asked bool, isFlag func(name string) bool) (File, error) {
	f := File{path: path, isFlag: isFlag}
	data, err := run.ReadFile(path, most)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return f, nil
	}
	if err != nil {
		return f, fault.Wrap(fault.Invalid, "usage", "the configuration file "+path+" cannot be read: "+err.Error(), "check --config", err)
	}
	if f.settings, err = f.decode(data); err != nil {
		return f, err
	}
	if v, ok := f.settings["version"]; ok && fmt.Sprint(v) != "1" {
		return f, f.bad("version "+fmt.Sprint(v)+" is of another version of wave365", "this one reads version 1", nil)
	}
	if err := f.check(f.settings, "profiles"); err != nil {
		return f, err
	}
	return f, f.checkProfiles()
}

func (f File) bad(what, hint string, err error) error {
	return fault.Wrap(fault.Invalid, "usage", f.path+": "+what, hint, err)
}

// decode decodes the single YAML document of a configuration file.
func (f File) decode(data []byte) (config map[string]any, err error) {
	const shape = "write one `name: value` a line"
	if data, err = yamltext.Decode(data, most); err != nil {
		return nil, f.bad(err.Error(), shape, err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&config); err != nil && !errors.Is(err, io.EOF) {
		return nil, f.bad(strings.TrimSpace(yaml.FormatError(err, false, true)), shape, err)
	}
	if err := decoder.Decode(new(any)); err == nil {
		return nil, f.bad("it holds several documents, separated by ---", "write one list of settings", nil)
	}
	return config, nil
}

// checkProfiles refuses profiles that are not lists of settings, and settings in them that belong at the top of the
// file.
func (f File) checkProfiles() error {
	profiles, isMap := f.settings["profiles"].(map[string]any)
	if _, given := f.settings["profiles"]; given && !isMap {
		return f.bad("profiles must be a list of names with settings", "write profiles:, below it one name: a line, and below each its settings, indented", nil)
	}
	for _, name := range slices.Sorted(maps.Keys(profiles)) {
		settings, ok := profiles[name].(map[string]any)
		if !ok {
			return f.bad("profile "+name+" has no settings", "write its settings below it, indented, such as `tenant: contoso.onmicrosoft.com`", nil)
		}
		for _, key := range []string{"version", "profile", "profiles"} {
			if _, ok := settings[key]; ok {
				return f.bad(key+" is set in profile "+name, "it belongs at the top of the file", nil)
			}
		}
		if err := f.check(settings, ""); err != nil {
			return err
		}
	}
	return nil
}

// check refuses unknown keys, and values that are not scalars; but is a key that may have another value.
func (f File) check(settings map[string]any, but string) error {
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		if !slices.Contains(Keys(), key) {
			return f.bad("unknown key "+key, f.like(key), nil)
		}
		switch settings[key].(type) {
		case map[string]any, []any:
			if key != but {
				return f.bad(key+" has a list of values", "write one `name: value` a line", nil)
			}
		}
	}
	return nil
}

// In returns the settings by key, those of a profile taking precedence over those of the file. Without a name it is the file's
// default profile, if any. Settings that belong together, such as tenant and storage account, are never taken from two places.
func (f File) In(profile string) (map[string]any, error) {
	profiles, _ := f.settings["profiles"].(map[string]any)
	if profile == "" && f.settings["profile"] != nil {
		profile = fmt.Sprint(f.settings["profile"])
	}
	if profile == "" {
		return f.settings, nil
	}
	of, ok := profiles[profile].(map[string]any)
	if !ok {
		hint := f.path + " has none; write profiles: there"
		if known := slices.Sorted(maps.Keys(profiles)); len(known) > 0 {
			hint = "the file has " + strings.Join(known, ", ")
		}
		return nil, fault.New(fault.Invalid, "usage", "unknown profile "+profile, hint)
	}
	merged := maps.Clone(f.settings)
	maps.Copy(merged, of)
	return merged, nil
}

// like returns a hint about an unknown key: which one is probably meant, or why it is not allowed.
func (f File) like(key string) string {
	name := strings.Trim(strings.ReplaceAll(strings.ToLower(key), "_", "-"), "\"'“”„‘’ ")
	if near := usage.Nearest(name, Keys()); near != "" {
		return "did you mean " + near + "?"
	}
	may := "the file may hold " + strings.Join(Keys(), ", ")
	if f.isFlag(name) {
		return "--" + name + " is given on the command line each time; " + may
	}
	return may
}
