package credentialstest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing/synctest"
	"time"
)

func checkRedaction(s *subject) {
	creds, _ := s.first()
	synctest.Wait()                    // fmt takes no locks
	type nested struct{ provider any } // fmt asks no methods of unexported fields
	var printed strings.Builder
	for _, v := range []any{s.provider, nested{s.provider}, []any{s.provider}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&printed, verb+"\n", v)
		}
		text, err := json.Marshal(v)
		printed.Write(text)
		fmt.Fprintln(&printed, err)
		slog.New(slog.NewTextHandler(&printed, nil)).Info("provider", "value", v)
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("provider", "value", v)
	}
	for what, secret := range map[string]string{
		"the secret access key": creds.SecretAccessKey, "the session token": creds.SessionToken,
	} {
		for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), strings.Trim(fmt.Sprint([]byte(secret)), "[]")} {
			if strings.Contains(printed.String(), form) {
				s.Errorf("%s can be printed", what)
				break
			}
		}
	}
}

func checkClose(s *subject) {
	s.inject(Slow(hang))
	failed := make(chan error, 1)
	go func() {
		_, _, err := s.retrieve(2 * hang)
		failed <- err
	}()
	time.Sleep(time.Second)
	begin := time.Now()
	if !s.close() {
		return
	}
	if waited := time.Since(begin); waited > time.Minute {
		s.Errorf("Close took %v while a call was under way", waited)
	}
	if err := <-failed; err == nil {
		s.Errorf("a Retrieve under way had no error when Close came")
	}
	calls := s.calls()
	if _, _, err := s.retrieve(patience); err == nil || s.calls() != calls {
		s.Errorf("after Close: Retrieve made %d calls and returned %v, want an error without a call", s.calls()-calls, err)
	}
}

func checkGoroutines(s *subject) {
	_, expiry := s.first()
	time.Sleep(2 * time.Until(expiry))
	if _, _, err := s.retrieve(patience); err != nil {
		s.Errorf("after two lifetimes: %v", err)
	}
	s.close()
	synctest.Wait()
	if n := bubbleGoroutines() - s.before; n > 0 {
		s.Errorf("%d goroutines are left", n)
	}
}

// bubbleGoroutines is the number of goroutines in the caller's bubble, which
// their stack traces name.
func bubbleGoroutines() int {
	stack := func(all bool) []byte {
		for size := 1 << 16; ; size *= 2 {
			buf := make([]byte, size)
			if n := runtime.Stack(buf, all); n < size {
				return buf[:n]
			}
		}
	}
	header, _, _ := bytes.Cut(stack(false), []byte("]:"))
	i := bytes.Index(header, []byte("synctest bubble "))
	if i < 0 {
		return 0
	}
	return bytes.Count(stack(true), append(header[i:len(header):len(header)], "]:"...))
}
