//go:build !linux

package filesink

import "errors"

func processes(string) ([]int, error) { return nil, errors.ErrUnsupported }

func isProcess(int, string) bool { return false }
