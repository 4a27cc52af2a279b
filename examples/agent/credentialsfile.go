package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

const (
	// credentialsLease is how long whoever keeps the credentials of a file, as
	// roles that are assumed with them do, may do so before they ask again.
	credentialsLease = 5 * time.Minute
	// maxCredentialsFile is the longest file that is read.
	maxCredentialsFile = 64 << 10
)

// credentialsFile gives temporary credentials that somebody else keeps renewing in
// a file. It reads it whenever AWS is asked, which costs little beside that, so
// that new ones count at once. While the file cannot be used, those read last do:
// AWS knows when they end. It is safe for concurrent use.
type credentialsFile struct {
	path string
	log  *slog.Logger

	mu     sync.Mutex // not held while the file is read
	last   aws.Credentials
	failed bool // and logged
}

// Retrieve implements aws.CredentialsProvider. The error contains nothing of the
// file.
func (f *credentialsFile) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := readCredentials(ctx, f.path)
	if err != nil {
		err = fmt.Errorf("%v %w", f, err)
	}
	f.mu.Lock()
	last, known := f.last, f.failed
	if f.failed = err != nil; err == nil {
		f.last = creds
	}
	f.mu.Unlock()
	switch {
	case err == nil:
	case !last.HasKeys():
		return aws.Credentials{}, err
	case !known:
		f.log.WarnContext(ctx, "the credentials read before are used on", "error", err)
		fallthrough
	default:
		creds = last
	}
	creds.Source, creds.CanExpire, creds.Expires = "credentials_file_path", true, time.Now().Add(credentialsLease)
	return creds, nil
}

// Format prints the file's name under every verb.
func (f *credentialsFile) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "credentials file %q", f.path) }

// readCredentials reads the profile [default] of a file in the form of the SDKs'
// credentials file.
func readCredentials(ctx context.Context, path string) (aws.Credentials, error) {
	if err := checkCredentialsFile(path); err != nil {
		return aws.Credentials{}, err
	}
	p, err := config.LoadSharedConfigProfile(ctx, config.DefaultSharedConfigProfile, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{}, []string{path}
	})
	_, missing := err.(config.SharedConfigProfileNotExistError) // itself: it may be another profile that is missing
	switch creds := p.Credentials; {
	case missing:
		return creds, errors.New("has no profile [default]")
	case err != nil: // whose text may quote a line
		return creds, errors.New("is not in the form of a credentials file, or has one key without the other")
	case !creds.HasKeys():
		return creds, errors.New("has no keys in its profile [default]")
	case creds.SessionToken == "":
		return creds, errors.New("has no aws_session_token in its profile [default]; keys that do not expire are not taken")
	default:
		return creds, nil
	}
}

// checkCredentialsFile looks at what the SDK would pass over. Links are followed,
// since volumes of the kubelet hold such.
func checkCredentialsFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return cause(err)
	case !info.Mode().IsRegular():
		return errors.New("is not a regular file")
	case info.Mode().Perm()&0o002 != 0:
		return errors.New("can be written by everyone")
	case info.Size() > maxCredentialsFile:
		return fmt.Errorf("is longer than %d bytes", maxCredentialsFile)
	}
	file, err := os.Open(path)
	if err != nil {
		return cause(err)
	}
	return file.Close()
}

// cause leaves out the path, which is named before it.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return fmt.Errorf("cannot be read: %w", err)
}
