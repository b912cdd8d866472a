package place

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

func network(folder string) string {
	volume := filepath.VolumeName(folder)
	if share(volume) {
		return "a network folder (" + volume + ")"
	}
	if root, err := windows.UTF16PtrFromString(volume + `\`); err == nil && windows.GetDriveType(root) == windows.DRIVE_REMOTE {
		return "a network drive (" + volume + ")"
	}
	// OneDrive lists its folders in the environment, whatever they are called.
	for _, name := range []string{"OneDrive", "OneDriveCommercial", "OneDriveConsumer"} {
		if within(folder, os.Getenv(name)) {
			return "a folder that OneDrive synchronizes"
		}
	}
	return ""
}

// share reports whether a volume name is on another machine: \\server\share, \\?\UNC\server\share.
func share(volume string) bool {
	v := strings.ToUpper(filepath.FromSlash(volume))
	if strings.HasPrefix(v, `\\?\UNC\`) {
		return true
	}
	return strings.HasPrefix(v, `\\`) && !strings.HasPrefix(v, `\\?\`) && !strings.HasPrefix(v, `\\.\`)
}

func within(folder, top string) bool {
	if top == "" {
		return false
	}
	folder, top = strings.ToLower(filepath.Clean(folder)), strings.ToLower(filepath.Clean(top))
	return folder == top || strings.HasPrefix(folder, top+`\`)
}
