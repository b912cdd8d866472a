//go:build ignore

// Command sbom writes an SPDX 2.3 document about Go programs, from what the linker recorded in them: sbom VERSION FILE...
// The same files give the same document: its time is the commit's.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
)

type (
	checksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	reference struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	item struct {
		ID        string      `json:"SPDXID"`
		Name      string      `json:"name"`
		Version   string      `json:"versionInfo"`
		File      string      `json:"packageFileName,omitempty"`
		Download  string      `json:"downloadLocation"`
		Analyzed  bool        `json:"filesAnalyzed"`
		Sums      []checksum  `json:"checksums,omitempty"`
		Concluded string      `json:"licenseConcluded"`
		Declared  string      `json:"licenseDeclared"`
		Copyright string      `json:"copyrightText"`
		Refs      []reference `json:"externalRefs,omitempty"`
	}
	relation struct {
		From string `json:"spdxElementId"`
		Type string `json:"relationshipType"`
		To   string `json:"relatedSpdxElement"`
	}
	document struct {
		Version   string         `json:"spdxVersion"`
		License   string         `json:"dataLicense"`
		ID        string         `json:"SPDXID"`
		Name      string         `json:"name"`
		Namespace string         `json:"documentNamespace"`
		Creation  map[string]any `json:"creationInfo"`
		Packages  []item         `json:"packages"`
		Relations []relation     `json:"relationships"`
	}
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

var odd = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func id(name string) string { return "SPDXRef-" + odd.ReplaceAllString(name, "-") }

func none(i item) item {
	i.Concluded, i.Declared, i.Copyright = "NOASSERTION", "NOASSERTION", "NOASSERTION"
	if i.Download == "" {
		i.Download = "NOASSERTION"
	}
	return i
}

func run(version string, files []string) error {
	doc := document{Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: "wave365-" + version}
	all, created := sha256.New(), "1970-01-01T00:00:00Z"
	seen := map[string]bool{}
	for _, file := range files {
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		all.Write(sum[:])
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				created = s.Value
			}
		}
		name := filepath.Base(file)
		doc.Packages = append(doc.Packages, none(item{ID: id(name), Name: name, Version: version, File: name,
			Sums: []checksum{{"SHA256", fmt.Sprintf("%x", sum)}}}))
		doc.Relations = append(doc.Relations, relation{doc.ID, "DESCRIBES", id(name)})
		for _, m := range append([]*debug.Module{{Path: "std", Version: info.GoVersion}}, info.Deps...) {
			if m.Replace != nil {
				m = m.Replace
			}
			key := m.Path + "@" + m.Version
			doc.Relations = append(doc.Relations, relation{id(name), "STATIC_LINK", id(key)})
			if seen[key] {
				continue
			}
			seen[key] = true
			doc.Packages = append(doc.Packages, none(item{ID: id(key), Name: m.Path, Version: m.Version,
				Refs: []reference{{"PACKAGE-MANAGER", "purl", "pkg:golang/" + key}}}))
		}
	}
	slices.SortFunc(doc.Packages, func(a, b item) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	doc.Namespace = fmt.Sprintf("https://wave365.invalid/sbom/%s/%x", version, all.Sum(nil)[:8])
	doc.Creation = map[string]any{"created": created, "creators": []string{"Tool: wave365-sbom"}}
	out, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(out))
	return err
}
