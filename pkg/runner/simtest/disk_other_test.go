//go:build !linux

package simtest

import (
	"errors"
	"os"
	"testing"
)

func mountSmall(string) error { return errors.ErrUnsupported }

func unmount(string) error { return nil }

func remove(path string) error { return os.Remove(path) }

func fill(*testing.T, string) {}
