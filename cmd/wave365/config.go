package main

import (
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wave365/cmd/wave365/internal/configfile"
	"wave365/cmd/wave365/internal/usage"
	"wave365/pkg/cloud/clouds"
	"wave365/pkg/fault"
	"wave365/pkg/wave"
	"wave365/pkg/wave/address"
)

// settle sets flags that were not given: from WAVE365_* in the environment, else from the configuration file. A flag
// that was given, even with its default value, is not changed.
func settle(a *app, cmd *cobra.Command, path string) error {
	flags := cmd.Flags()
	if err := strangeNames(a.environ(), cmd.Root()); err != nil {
		return err
	}
	if v, ok := a.env("WAVE365_CONFIG"); ok && !flags.Changed("config") {
		path = v
	}
	file, err := configfile.Read(path, flags.Changed("config"), func(name string) bool { return flags.Lookup(name) != nil })
	if err != nil {
		return err
	}
	profile, _ := flags.GetString("profile")
	if v, ok := a.env("WAVE365_PROFILE"); ok && !flags.Changed("profile") {
		profile = v
	}
	config, err := file.In(profile)
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
		} else if v, ok := config[f.Name]; ok && v != nil {
			from, value = path, fmt.Sprint(v)
		} else {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			wrong = fault.Wrap(fault.Invalid, "usage", from+": "+usage.FlagText(err), "the help says what it takes", err, fault.NewCommand("", "--help"))
		}
	})
	return wrong
}

func envName(flag string) string {
	return "WAVE365_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// consent lists the flags by which a person agrees to something: they have to be given on the command line, each time.
var consent = []string{"yes", "accept-changes", "no-effect"}

// otherNames are names of the environment that belong to no flag: the storage account's key, and the settings of completion.
var otherNames = []string{"WAVE365_STORAGE_KEY", envSMTPUser, envSMTPPassword, envWebhook, "WAVE365_ACTIVE_HELP", "WAVE365_COMPLETION_DESCRIPTIONS"}

// strangeNames refuses an environment variable with our prefix that is not a setting, as is done with flags: whoever sets one
// relies on it. A flag of another command is accepted.
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
	var flags []string // without the prefix, which would make any two names similar
	for _, name := range known {
		flags = append(flags, strings.TrimPrefix(name, envName("")))
	}
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
			if near := wave.Nearest(flag, flags); near != "" {
				hint = "did you mean " + envName(near) + "? Otherwise unset it"
			}
			return usageError{fault.New(fault.Invalid, "usage", name+" is set in the environment, and there is no such setting", hint)}
		case spelled != name && runtime.GOOS != "windows": // where case counts it would not be read
			return usageError{fault.New(fault.Invalid, "usage", spelled+" is set in the environment, where names are in capitals", "write "+name+", or unset it")}
		}
	}
	return nil
}

// storageRoot returns the blob endpoint of the configured account, however it is spelled, in this cloud.
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

// endpointRoot returns the given blob endpoint: unchanged, unless it names an account of Azure Storage at another of its
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
