package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"wave365/pkg/fleet/credentials"
)

// composed is a service of a compose file.
type composed struct {
	Image   string
	Build   struct{ Context, Dockerfile string }
	Command []string
	Volumes []string
	Network string         `yaml:"network_mode"`
	Depends map[string]any `yaml:"depends_on"`
}

// TestFleetFiles reads .ci/fleet: its YAML is sound, what it names in the sources is there, and the program takes the command
// lines of its containers, with arguments that it would not refuse.
func TestFleetFiles(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	folder := filepath.Join(root, ".ci", "fleet")
	data, err := os.ReadFile(filepath.Join(folder, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]composed
		Volumes  map[string]any
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	ours := map[string]int{}
	listens := map[string]string{} // commands by address
	for _, s := range file.Services {
		if i := slices.Index(s.Command, "--listen"); i > 0 {
			if other := listens[s.Command[i+1]]; other != "" {
				t.Errorf("two containers listen on %s", s.Command[i+1])
			}
			listens[s.Command[i+1]] = s.Command[0]
		}
	}
	for name, s := range file.Services {
		for other := range s.Depends {
			if _, ok := file.Services[other]; !ok {
				t.Errorf("%s depends on %s, which is no service", name, other)
			}
		}
		if _, other, ok := strings.Cut(s.Network, "service:"); ok && file.Services[other].Image == "" {
			t.Errorf("%s shares the network of %s, which is no service", name, other)
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, named := file.Volumes[from]; named {
				continue
			}
			if _, err := os.Stat(filepath.Join(folder, from)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if s.Image != "wave365-fleet" {
			continue
		}
		if _, err := os.Stat(filepath.Join(folder, s.Build.Context, s.Build.Dockerfile)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		ours[s.Command[0]]++
		if err := takes("wave365 '" + strings.Join(s.Command, "' '") + "'"); err != nil {
			t.Errorf("%s: %v: %v", name, s.Command, err)
		}
		for _, word := range s.Command {
			if path, ok := strings.CutPrefix(word, "/waves/"); ok {
				if _, err := os.Stat(filepath.Join(root, "waves", path)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if at, ok := strings.CutPrefix(word, "--sandbox=http://"); ok && listens[at] != "sandbox" {
				t.Errorf("%s: no sandbox listens on %s", name, at)
			}
		}
	}
	if ours["worker"] != 2 || ours["sandbox"] != 2 || ours["submit"] != 1 || file.Services["postgres"].Image == "" || file.Services["river"].Image == "" {
		t.Errorf("services: %v of ours", ours)
	}

	containerApp(t, filepath.Join(folder, "containerapp.yaml"))

	container, err := os.ReadFile(filepath.Join(folder, "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	modules, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go ([0-9]+\.[0-9]+)`).FindSubmatch(modules)
	text := string(container)
	if !strings.Contains(text, "library/golang:"+string(version[1])+"-") {
		t.Errorf("the image builds with another version of Go than go.mod's %s", version[1])
	}
	if m := regexp.MustCompile(`CMD \["([a-z]+)"\]`).FindStringSubmatch(text); m == nil || takes("wave365 "+m[1]) != nil {
		t.Errorf("the image starts %v", m)
	}
	if m := regexp.MustCompile(`go build .* (\./\S+)`).FindStringSubmatch(text); m == nil {
		t.Error("the image builds nothing")
	} else if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
		t.Error(err)
	}
}

// containerApp reads the file of the Container App: the program takes its command line and its credentials, the probes ask for what
// is served, where it is served, and a worker may stop in peace.
func containerApp(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type named struct{ Name, Value string }
	var file struct {
		Properties struct {
			Configuration struct{ Secrets []named }
			Template      struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Args   []string
					Probes []struct {
						Type string
						Get  struct {
							Path string
							Port int
						} `yaml:"httpGet"`
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	template := file.Properties.Template
	if len(template.Containers) != 1 || len(file.Properties.Configuration.Secrets) != 1 || template.Grace < 30 {
		t.Fatalf("%+v", file)
	}
	worker := template.Containers[0]
	if err := takes("wave365 '" + strings.Join(worker.Args, "' '") + "'"); err != nil {
		t.Errorf("%v: %v", worker.Args, err)
	}
	i := slices.Index(worker.Args, "--listen")
	for _, p := range worker.Probes {
		if want := map[string]string{"Liveness": "/livez", "Readiness": "/healthz"}[p.Type]; p.Get.Path != want || i < 0 || worker.Args[i+1] != fmt.Sprintf("0.0.0.0:%d", p.Get.Port) {
			t.Errorf("the probe %+v of %v", p, worker.Args)
		}
	}
	if len(worker.Probes) != 2 {
		t.Errorf("%d probes", len(worker.Probes))
	}
	given := filepath.Join(t.TempDir(), "fleet.yaml")
	if err := os.WriteFile(given, []byte(file.Properties.Configuration.Secrets[0].Value), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := credentials.Read(given); err != nil || len(c.Tenants) != 1 {
		t.Errorf("the credentials of the Container App: %+v, %v", c, err)
	}
}
