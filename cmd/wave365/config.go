package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"

	"wave365/pkg/fault"
)

// settle fills flags that were not given: from WAVE365_* in the environment, else from the configuration file. A flag
// that was given, also with its default value, stays as it is.
func settle(a *app, flags *pflag.FlagSet, path string) error {
	if v, ok := a.env("WAVE365_CONFIG"); ok && !flags.Changed("config") {
		path = v
	}
	config, err := readConfig(flags, path)
	if err != nil {
		return err
	}
	var wrong error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || wrong != nil || f.Name == "help" {
			return
		}
		from, value := "", ""
		if v, ok := a.env(envName(f.Name)); ok {
			from, value = envName(f.Name), v
		} else if v, ok := config[f.Name]; ok {
			from, value = path, fmt.Sprint(v)
		} else {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			wrong = fault.Wrap(fault.Invalid, "usage", from+": "+flagText(err), "the help says what it takes", err, fault.NewCommand("", "--help"))
		}
	})
	return wrong
}

func envName(flag string) string {
	return "WAVE365_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// configKeys are what a configuration file may hold: what is the same for every wave. What belongs to one run, or speaks for
// the person who is asked, is no setting.
var configKeys = []string{
	"version", "ledger", "report-dir", "tenant", "cloud", "storage-account", "blob-endpoint", "sign-in", "client-id",
	"log-file", "log-level", "slots", "sandbox-speed", "import-source", "storage-account-id", "allow-unknown-columns", "halt-after", "quiet",
}

// readConfig reads the configuration file. A missing file is fine unless it was asked for.
func readConfig(flags *pflag.FlagSet, path string) (map[string]any, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !flags.Changed("config") {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "usage", "the configuration file "+path+" cannot be read: "+err.Error(), "check --config", err)
	}
	var config map[string]any
	if err := yaml.Unmarshal(data, &config); err != nil {
		return nil, fault.Wrap(fault.Invalid, "usage", path+": "+strings.TrimSpace(yaml.FormatError(err, false, true)), "write one `name: value` a line", err)
	}
	for key := range config {
		if !slices.Contains(configKeys, key) {
			return nil, fault.New(fault.Invalid, "usage", path+": unknown key "+key, keysLike(flags, key))
		}
	}
	return config, nil
}

// keysLike says about a key that is none which one may be meant, or why it is none.
func keysLike(flags *pflag.FlagSet, key string) string {
	known := pflag.NewFlagSet("", pflag.ContinueOnError)
	for _, k := range configKeys {
		known.String(k, "", "")
	}
	name := strings.ReplaceAll(strings.ToLower(key), "_", "-")
	if near := nearestFlag(known, name); near != "" {
		return "did you mean " + near + "?"
	}
	if flags.Lookup(name) != nil {
		return "--" + name + " is given on the command line each time; the file may hold " + strings.Join(configKeys, ", ")
	}
	return "the file may hold " + strings.Join(configKeys, ", ")
}
