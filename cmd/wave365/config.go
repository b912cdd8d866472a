package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"runtime"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wave365/pkg/cloud/clouds"
	"wave365/pkg/fault"
	"wave365/pkg/run"
	"wave365/pkg/wave"
	"wave365/pkg/wave/address"
	"wave365/pkg/wave/yamltext"
)

// settle fills flags that were not given: from WAVE365_* in the environment, else from the configuration file. A flag
// that was given, also with its default value, stays as it is.
func settle(a *app, cmd *cobra.Command, path string) error {
	flags := cmd.Flags()
	if err := strangeNames(a.environ(), cmd.Root()); err != nil {
		return err
	}
	if v, ok := a.env("WAVE365_CONFIG"); ok && !flags.Changed("config") {
		path = v
	}
	config, err := readConfig(flags, path)
	if err != nil {
		return err
	}
	profile, _ := flags.GetString("profile")
	if v, ok := a.env("WAVE365_PROFILE"); ok && !flags.Changed("profile") {
		profile = v
	}
	if config, err = inProfile(config, path, profile); err != nil {
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
		} else if v, ok := config[f.Name]; ok && v != nil {
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

// consent are the flags by which a person agrees to something: they are given on the command line, each time.
var consent = []string{"yes", "accept-changes", "no-effect"}

// otherNames are names of the environment that belong to no flag: the storage account's key, and what completion is steered by.
var otherNames = []string{"WAVE365_STORAGE_KEY", envSMTPUser, envSMTPPassword, envWebhook, "WAVE365_ACTIVE_HELP", "WAVE365_COMPLETION_DESCRIPTIONS"}

// strangeNames refuses a name of the environment that would be ours and is none, as it is done with flags: who sets one counts on
// it. A name of a flag of another command is none of those.
func strangeNames(environ []string, root *cobra.Command) error {
	known := slices.Clone(otherNames)
	var gather func(c *cobra.Command)
	gather = func(c *cobra.Command) {
		for _, flags := range []*pflag.FlagSet{c.PersistentFlags(), c.Flags()} {
			flags.VisitAll(func(f *pflag.Flag) { known = append(known, envName(f.Name)) })
		}
		for _, sub := range c.Commands() {
			gather(sub)
		}
	}
	gather(root)
	for _, entry := range environ {
		spelled, _, _ := strings.Cut(entry, "=")
		name := strings.ToUpper(spelled)
		if !strings.HasPrefix(name, "WAVE365_") {
			continue
		}
		flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "WAVE365_"), "_", "-"))
		switch {
		case slices.Contains(consent, flag):
			return usageError{fault.New(fault.Invalid, "usage", name+" is set, and consent is not taken from the environment", "unset it, and give --"+flag+" on the command line")}
		case !slices.Contains(known, name):
			hint := "unset it; the names are those of the flags, such as WAVE365_STORAGE_ACCOUNT for --storage-account"
			if near := wave.Nearest(name, known); near != "" {
				hint = "did you mean " + near + "? Otherwise unset it"
			}
			return usageError{fault.New(fault.Invalid, "usage", name+" is set in the environment, and there is no such setting", hint)}
		case spelled != name && runtime.GOOS != "windows": // where case counts it would not be read
			return usageError{fault.New(fault.Invalid, "usage", spelled+" is set in the environment, where names are in capitals", "write "+name+", or unset it")}
		}
	}
	return nil
}

// configKeys are what a configuration file may hold: what is the same for every wave. What belongs to one run, or speaks for
// the person who is asked, is no setting.
var configKeys = []string{
	"version", "profile", "profiles", "ledger", "report-dir", "tenant", "cloud", "storage-account", "blob-endpoint", "sign-in", "client-id",
	"log-file", "log-level", "slots", "sandbox-speed", "import-source", "storage-account-id", "allow-unknown-columns", "halt-after", "quiet",
	"notify-via", "notify-from", "notify-smtp", "notify-language", "notify-templates", "notify-operator",
}

// maxConfig bounds the configuration file, in bytes.
const maxConfig = 1 << 20

// readConfig reads the configuration file. A missing file is fine unless it was asked for.
func readConfig(flags *pflag.FlagSet, path string) (map[string]any, error) {
	data, err := run.ReadFile(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) && !flags.Changed("config") {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "usage", "the configuration file "+path+" cannot be read: "+err.Error(), "check --config", err)
	}
	config, err := decodeConfig(path, data)
	if err != nil {
		return nil, err
	}
	if v, ok := config["version"]; ok && fmt.Sprint(v) != "1" {
		return nil, badConfig(path, "version "+fmt.Sprint(v)+" is of another version of wave365", "this one reads version 1", nil)
	}
	if err := checkSettings(flags, path, config, "profiles"); err != nil {
		return nil, err
	}
	return config, checkProfiles(flags, path, config)
}

func badConfig(path, what, hint string, err error) error {
	return fault.Wrap(fault.Invalid, "usage", path+": "+what, hint, err)
}

// decodeConfig reads the one document of settings that a configuration file is.
func decodeConfig(path string, data []byte) (config map[string]any, err error) {
	const shape = "write one `name: value` a line"
	if data, err = yamltext.Decode(data, maxConfig); err != nil {
		return nil, badConfig(path, err.Error(), shape, err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&config); err != nil && !errors.Is(err, io.EOF) {
		return nil, badConfig(path, strings.TrimSpace(yaml.FormatError(err, false, true)), shape, err)
	}
	if err := decoder.Decode(new(any)); err == nil {
		return nil, badConfig(path, "it holds several documents, separated by ---", "write one list of settings", nil)
	}
	return config, nil
}

// checkProfiles refuses profiles that are no lists of settings, and settings in them that belong to the file.
func checkProfiles(flags *pflag.FlagSet, path string, config map[string]any) error {
	profiles, isMap := config["profiles"].(map[string]any)
	if _, given := config["profiles"]; given && !isMap {
		return badConfig(path, "profiles is no list of names with settings", "write profiles:, below it one name: a line, and below each its settings, indented", nil)
	}
	for _, name := range slices.Sorted(maps.Keys(profiles)) {
		settings, ok := profiles[name].(map[string]any)
		if !ok {
			return badConfig(path, "profile "+name+" has no settings", "write its settings below it, indented, such as `tenant: contoso.onmicrosoft.com`", nil)
		}
		for _, key := range []string{"version", "profile", "profiles"} {
			if _, ok := settings[key]; ok {
				return badConfig(path, key+" stands in profile "+name, "it belongs at the top of the file", nil)
			}
		}
		if err := checkSettings(flags, path, settings, ""); err != nil {
			return err
		}
	}
	return nil
}

// checkSettings refuses keys that are none, and values that are no single ones; but is a key that may hold more.
func checkSettings(flags *pflag.FlagSet, path string, settings map[string]any, but string) error {
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		if !slices.Contains(configKeys, key) {
			return fault.New(fault.Invalid, "usage", path+": unknown key "+key, keysLike(flags, key))
		}
		switch settings[key].(type) {
		case map[string]any, []any:
			if key != but {
				return fault.New(fault.Invalid, "usage", path+": "+key+" has a list of values", "write one `name: value` a line")
			}
		}
	}
	return nil
}

// inProfile lays the settings of a profile over those of the file. Without a name it is the file's own choice, if it has
// one. A tenant of one profile never meets the storage account of another: what belongs together stands together.
func inProfile(config map[string]any, path, name string) (map[string]any, error) {
	profiles, _ := config["profiles"].(map[string]any)
	if name == "" && config["profile"] != nil {
		name = fmt.Sprint(config["profile"])
	}
	if name == "" {
		return config, nil
	}
	of, ok := profiles[name].(map[string]any)
	if !ok {
		known := slices.Sorted(maps.Keys(profiles))
		hint := path + " has none; write profiles: there"
		if len(known) > 0 {
			hint = "the file has " + strings.Join(known, ", ")
		}
		return nil, usageError{fault.New(fault.Invalid, "usage", "unknown profile "+name, hint)}
	}
	merged := maps.Clone(config)
	maps.Copy(merged, of)
	return merged, nil
}

// keysLike says about a key that is none which one may be meant, or why it is none.
func keysLike(flags *pflag.FlagSet, key string) string {
	known := pflag.NewFlagSet("", pflag.ContinueOnError)
	for _, k := range configKeys {
		known.String(k, "", "")
	}
	name := strings.Trim(strings.ReplaceAll(strings.ToLower(key), "_", "-"), "\"'“”„‘’ ")
	if near := nearestFlag(known, name); near != "" {
		return "did you mean " + near + "?"
	}
	if flags.Lookup(name) != nil {
		return "--" + name + " is given on the command line each time; the file may hold " + strings.Join(configKeys, ", ")
	}
	return "the file may hold " + strings.Join(configKeys, ", ")
}

// storageRoot is the blob endpoint of the account that is configured, however it is spelled, in this cloud.
func storageRoot(flag, text string, in clouds.Cloud) (string, error) {
	name, endpoint, why, hint := address.Account(text)
	if why != "" {
		return "", fault.New(fault.Invalid, "usage", "--"+flag+": "+why, hint)
	}
	if endpoint == "" {
		return "https://" + name + "." + in.BlobSuffix, nil
	}
	if host := strings.TrimPrefix(endpoint, "https://"); !in.StorageHost(host) {
		return "", fault.New(fault.Invalid, "usage", "--"+flag+": "+host+" is in another cloud than the one that is configured", "give --cloud, or the account's name alone: "+name)
	}
	return endpoint, nil
}

// endpointRoot is the blob endpoint that is given: as it stands, unless it names an account of Azure Storage at another of its
// endpoints.
func endpointRoot(text string, in clouds.Cloud) (string, error) {
	u, err := url.Parse(text)
	if err == nil {
		if _, stored := address.ParseHost(u.Hostname()); stored {
			return storageRoot("blob-endpoint", text, in)
		}
	}
	return strings.TrimSuffix(text, "/"), nil
}
