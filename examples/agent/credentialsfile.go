package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/irsakit/irsa/credentials"
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
	path    string
	log     *slog.Logger
	changed chan struct{} // receives after other keys were read; nil: nobody asks

	mu     sync.Mutex      // not held while the file is read
	last   aws.Credentials // which end when the file says so; zero: it does not
	failed bool            // and logged
	owner  owner           // of last, or of others before
	stats  credentials.SessionStats
}

func newCredentialsFile(path string, log *slog.Logger) *credentialsFile {
	return &credentialsFile{path: path, log: log, changed: make(chan struct{}, 1)}
}

// Retrieve implements aws.CredentialsProvider. The error contains nothing of the
// file.
func (f *credentialsFile) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := readCredentials(ctx, f.path)
	if err != nil {
		err = fmt.Errorf("%v %w", f, err)
	}
	last, known := f.keep(creds, err)
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

// keep notes what was read, and returns what was before, and whether it is known
// that nothing can be.
func (f *credentialsFile) keep(creds aws.Credentials, err error) (last aws.Credentials, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	last, known = f.last, f.failed
	f.failed = err != nil
	if err != nil {
		f.stats.Failures.Unavailable++
		f.stats.LastFailure, f.stats.LastError = time.Now(), err.Error()
		return last, known
	}
	f.stats.Refreshes++
	f.stats.LastSuccess = time.Now()
	f.last = creds
	if creds.AccessKeyID != last.AccessKeyID {
		select {
		case f.changed <- struct{}{}:
		default: // whoever asks is told of the latest
		}
	}
	return last, known
}

// Identity is that of the keys read last, with what STS says of them.
func (f *credentialsFile) Identity() (credentials.Identity, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := credentials.Identity{Source: f.source(), AccessKeyID: f.last.AccessKeyID, Expires: f.last.Expires}
	if f.owner.key == id.AccessKeyID {
		id.ARN, id.Account = f.owner.arn, f.owner.account
		if f.owner.problem != "" {
			id.Source += credentials.Source("; STS does not say whose they are: " + f.owner.problem)
		}
	}
	return id, f.last.HasKeys()
}

// Stats is what has become of readings of the file, as if they were refreshes.
func (f *credentialsFile) Stats() credentials.Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.Source, s.AccessKeyID, s.Expires = f.source(), f.last.AccessKeyID, f.last.Expires
	if f.owner.key == s.AccessKeyID { // and not of keys before
		s.ARN = f.owner.arn
	}
	return credentials.Stats{Sessions: []credentials.SessionStats{s}}
}

func (f *credentialsFile) source() credentials.Source { return credentials.Source(fmt.Sprint(f)) }

// Format prints the file's name under every verb.
func (f *credentialsFile) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "credentials file %q", f.path) }

// readCredentials reads the profile [default] of a file in the form of the SDKs'
// credentials file. They end when the file says so.
func readCredentials(ctx context.Context, path string) (aws.Credentials, error) {
	text, err := readCredentialsFile(path)
	if err != nil {
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
		creds.Expires = expiryIn(text)
		return creds, nil
	}
}

// readCredentialsFile looks at what the SDK would pass over. Links are followed,
// since volumes of the kubelet hold such.
func readCredentialsFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, cause(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file")
	case info.Mode().Perm()&0o002 != 0:
		return nil, errors.New("can be written by everyone")
	case info.Size() > maxCredentialsFile:
		return nil, fmt.Errorf("is longer than %d bytes", maxCredentialsFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, cause(err)
	}
	return text, nil
}

// expiryIn is when the credentials of the profile [default] end, if the file says
// so: the SDKs know no such key, but programs that write the file have this one.
func expiryIn(text []byte) (t time.Time) {
	inDefault := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			inDefault = strings.HasPrefix(line, "[default]")
		}
		key, value, _ := strings.Cut(line, "=")
		if inDefault && strings.TrimSpace(key) == "x_security_token_expires" {
			t, _ = time.Parse(time.RFC3339, strings.TrimSpace(value)) // zero: it is told otherwise
		}
	}
	return t
}

// cause leaves out the path, which is named before it.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return fmt.Errorf("cannot be read: %w", err)
}
