package credentialstest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	// longest is beyond all that a check leaves under way.
	longest = 2 * hang
	// hang is a call without an answer, as far as a bubble can wait for it.
	hang = 12 * time.Hour
	// lastMinute is the part of a lifetime in which callers may wait (the AWS
	// SDKs' mandatory refresh window, aws-sdk-java-v2#7109).
	lastMinute = time.Minute
	// patience is that of a caller that should not have to wait.
	patience = 2 * time.Minute
)

func checkComplete(s *subject) {
	creds, expiry := s.first()
	if !creds.HasKeys() || creds.SessionToken == "" {
		s.Fatalf("keys or session token are missing")
	}
	if creds.Source == "" {
		s.Errorf("Source is empty")
	}
	if creds.AccountID == "" {
		s.Errorf("AccountID is empty")
	}
	if !creds.CanExpire {
		s.Errorf("CanExpire is false")
	}
	if off := creds.Expires.Sub(expiry); off != 0 {
		s.Errorf("Expires is off by %v from what STS gave", off)
	}
}

func checkSingleFlight(s *subject) {
	s.inject(Slow(time.Second))
	keys := s.retrieveAtOnce(100)
	if len(keys) != 1 {
		s.Errorf("callers at the same time have %d different access keys, want 1", len(keys))
	}
	if n := s.calls(); n != 1 {
		s.Errorf("%d calls for callers at the same time, want 1", n)
	}
}

// retrieveAtOnce lets n callers ask at the same time and returns the access keys
// that they got.
func (s *subject) retrieveAtOnce(n int) map[string]bool {
	var mu sync.Mutex
	var callers sync.WaitGroup
	keys := map[string]bool{}
	for range n {
		callers.Go(func() {
			creds, _, err := s.retrieve(time.Minute)
			if err != nil {
				s.Errorf("Retrieve: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			keys[creds.AccessKeyID] = true
		})
	}
	callers.Wait()
	return keys
}

func checkCancellation(s *subject) {
	s.inject(Slow(10 * time.Second))
	var others sync.WaitGroup
	hasty, cancel := context.WithCancel(s.Context())
	others.Go(func() { // the first: the flight is this caller's
		begin := time.Now()
		_, err := s.provider.Retrieve(hasty)
		if waited := time.Since(begin); waited != 3*time.Second || !errors.Is(err, context.Canceled) {
			s.Errorf("cancelled after 3s: Retrieve returned after %v with %v, want context.Canceled at once", waited, err)
		}
	})
	time.Sleep(time.Second)
	others.Go(func() {
		if _, waited, err := s.retrieve(time.Minute); err != nil || waited > 9*time.Second {
			s.Errorf("another caller's cancellation: %v after %v", err, waited)
		}
	})
	time.Sleep(2 * time.Second)
	cancel()
	others.Wait()
	if n := s.calls(); n != 1 {
		s.Errorf("%d calls, want the one that went on without its first caller", n)
	}
}

func checkHungCall(s *subject) {
	s.pod.AWS.Inject(When{Operation: s.Operation, Times: 1}, Slow(hang))
	if _, waited, err := s.retrieve(5 * time.Second); !errors.Is(err, context.DeadlineExceeded) || waited != 5*time.Second {
		s.Errorf("while the call hangs: %v after %v, want the caller's deadline after 5s", err, waited)
	}
	time.Sleep(5 * time.Minute)
	if _, _, err := s.retrieve(10 * time.Second); err != nil {
		s.Errorf("five minutes after a call that hangs: %v", err)
	}
}

// walk lets time pass in steps and asks for credentials at each, until end. It
// stops when visit returns false.
func (s *subject) walk(step time.Duration, end time.Time, visit func(aws.Credentials, time.Duration, error) bool) {
	for {
		time.Sleep(step)
		if !time.Now().Before(end) {
			return
		}
		if creds, waited, err := s.retrieve(patience); !visit(creds, waited, err) {
			return
		}
	}
}

func checkNoWaiting(s *subject) {
	creds, expiry := s.first()
	s.inject(Slow(30 * time.Second))
	s.walk(10*time.Second, expiry.Add(-lastMinute), func(got aws.Credentials, waited time.Duration, err error) bool {
		if err != nil || waited > 0 {
			s.Errorf("%v before expiry: a wait of %v, error %v", time.Until(expiry), waited, err)
			return false
		}
		return got.AccessKeyID == creds.AccessKeyID // until a slow answer has come
	})
}

func checkEarlyRefresh(s *subject) {
	_, expiry := s.first()
	s.walk(10*time.Second, time.Now().Add(3*time.Until(expiry)), func(got aws.Credentials, _ time.Duration, err error) bool {
		if left := time.Until(s.expiry(got)); err != nil || left < lastMinute {
			s.Errorf("credentials with %v left: %v", left, err)
			return false
		}
		return true
	})
	if n := s.calls(); n > 8 {
		s.Errorf("%d calls in three lifetimes", n)
	}
}

func checkThrottled(s *subject) { s.checkOutage(Throttled()) }

func checkUnavailable(s *subject) { s.checkOutage(Unavailable()) }

// checkOutage lets STS fail for as long as the first credentials are valid, and
// then get well.
func (s *subject) checkOutage(fault Fault) {
	_, expiry := s.first()
	remove := s.inject(fault)
	s.walk(10*time.Second, expiry, func(_ aws.Credentials, _ time.Duration, err error) bool {
		if err != nil {
			s.Errorf("%v before expiry: %v", time.Until(expiry), err)
		}
		return err == nil
	})
	remove()
	time.Sleep(15 * time.Minute)
	if _, _, err := s.retrieve(patience); err != nil {
		s.Errorf("a quarter of an hour after the outage: %v", err)
	}
	time.Sleep(time.Second) // for a refresh behind the caller
	if got, _, err := s.retrieve(patience); err != nil || !time.Now().Before(s.expiry(got)) {
		s.Errorf("a quarter of an hour after the outage, once more: %v, expiry in %v", err, time.Until(s.expiry(got)))
	}
}

func checkExpiredAnswer(s *subject) {
	creds, expiry := s.first()
	s.inject(ExpiredCredentials())
	s.walk(10*time.Second, expiry, func(got aws.Credentials, _ time.Duration, err error) bool {
		if err != nil || got.AccessKeyID != creds.AccessKeyID {
			s.Errorf("%v before expiry: got others, expiring in %v: %v", time.Until(expiry), time.Until(s.expiry(got)), err)
			return false
		}
		return true
	})
}

func checkTokenRotation(s *subject) {
	kubelet := s.pod.StartKubelet()
	defer func() {
		if err := kubelet.Stop(); err != nil {
			s.Errorf("kubelet: %v", err)
		}
	}()
	s.first()
	s.walk(10*time.Minute, time.Now().Add(48*time.Hour), func(_ aws.Credentials, _ time.Duration, err error) bool {
		if err != nil {
			s.Errorf("with a rotating token: %v", err)
		}
		return err == nil
	})
}

func checkDenial(s *subject) {
	remove := s.inject(Denied())
	s.walk(100*time.Millisecond, time.Now().Add(time.Minute), func(_ aws.Credentials, _ time.Duration, err error) bool {
		if err == nil {
			s.Errorf("credentials for a role that is denied")
		}
		return err != nil
	})
	if n := s.calls(); n > 60 {
		s.Errorf("%d calls in a minute for a role that is denied, want 60 at most", n)
	}
	remove()
	time.Sleep(30 * time.Second)
	if _, _, err := s.retrieve(patience); err != nil {
		s.Errorf("half a minute after the role was granted: %v", err)
	}
}
