//go:build !windows

package report

import (
	"errors"
	"os"
)

// syncFolder makes the renames in dir durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
