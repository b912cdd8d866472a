// Package place decides whether a folder is suitable for a database: on a local disk, and not in a folder that a sync
// client copies. It checks names and the kind of file system, not permissions or free space.
package place

import (
	"os"
	"path/filepath"
	"strings"
)

// Refuse returns why no database should be kept at the absolute path, as in "a folder that OneDrive synchronizes"; ""
// when there is no objection. The file and its folders need not exist. Links are followed.
func Refuse(path string) string {
	if why := Synced(path); why != "" {
		return why
	}
	folder := nearest(filepath.Dir(path))
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		rest, _ := filepath.Rel(folder, path)
		path, folder = filepath.Join(real, rest), real
	}
	if why := Synced(path); why != "" {
		return why
	}
	return network(folder)
}

// nearest returns the folder or its nearest parent that exists.
func nearest(folder string) string {
	for {
		if _, err := os.Stat(folder); err == nil {
			return folder
		}
		up := filepath.Dir(folder)
		if up == folder {
			return folder
		}
		folder = up
	}
}

// clients are folder names that sync clients use. "x*" means: begins with x.
var clients = []struct{ folder, client string }{
	{"onedrive", "OneDrive"},
	{"onedrive - *", "OneDrive"},
	{"onedrive-*", "OneDrive"},
	{"dropbox", "Dropbox"},
	{"dropbox (*", "Dropbox"},
	{"google drive", "Google Drive"},
	{"googledrive", "Google Drive"},
	{"googledrive-*", "Google Drive"},
	{"my drive", "Google Drive"},
	{"iclouddrive", "iCloud"},
	{"icloud drive", "iCloud"},
	{"mobile documents", "iCloud"},
	{"com~apple~clouddocs", "iCloud"},
	{"cloudstorage", "a cloud client"},
	{"box", "Box"},
	{"box sync", "Box"},
	{"nextcloud", "Nextcloud"},
}

// Synced is the part of Refuse that only checks names: any folder of the path, with either separator.
func Synced(path string) string {
	for _, part := range strings.FieldsFunc(strings.ToLower(path), func(r rune) bool { return r == '/' || r == '\\' }) {
		for _, c := range clients {
			begin, open := strings.CutSuffix(c.folder, "*")
			if part == c.folder || open && strings.HasPrefix(part, begin) {
				return "a folder that " + c.client + " synchronizes (" + part + ")"
			}
		}
	}
	return ""
}
