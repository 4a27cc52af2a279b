package credentials_test

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// trouble is what goes wrong, and for how long.
type trouble struct {
	from, until time.Time
	fault       credentialstest.Fault
}

// troubles are a month's: one begins every few hours, whatever the age of the
// credentials is then, and is over before the next.
func troubles(start, end time.Time) []trouble {
	random := rand.New(rand.NewPCG(1, 2))
	between := func(low, high time.Duration) time.Duration {
		return low + time.Duration(random.Int64N(int64(high-low)))
	}
	kinds := []func() credentialstest.Fault{
		credentialstest.Throttled,
		credentialstest.Unavailable,
		credentialstest.ConnectionReset,
		credentialstest.LostAnswer,
		credentialstest.Hanging,
		credentialstest.ExpiredCredentials,
		credentialstest.IssuerUnreachable,
		func() credentialstest.Fault { return credentialstest.Slow(between(time.Second, 50*time.Second)) },
		func() credentialstest.Fault {
			return credentialstest.Skewed(between(-10*time.Minute, 10*time.Minute))
		},
	}
	var all []trouble
	for t := start.Add(time.Hour); t.Before(end); t = all[len(all)-1].until {
		t = t.Add(between(10*time.Minute, 5*time.Hour))
		all = append(all, trouble{t, t.Add(between(time.Second, 45*time.Minute)), kinds[random.IntN(len(kinds))]()})
	}
	return all
}

// A month in the life of a pod, with its kubelet, through the whole SDK, with a
// caller every few seconds.
func TestMonth(t *testing.T) {
	t.Parallel()
	for name, healthy := range map[string]bool{"healthy": true, "with troubles": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				pod.AWS.KeepCalls(1)
				kubelet := pod.StartKubelet()
				defer kubelet.Stop()
				m := month{start: time.Now()}
				end := m.start.AddDate(0, 0, 30)
				if !healthy {
					m.troubles = troubles(m.start, end)
				}
				defer pod.AWS.InjectFunc(m.decide)()
				m.live(t, newProvider(t, pod.Config()), end)
			})
		})
	}
}

// month is a pod's life.
type month struct {
	start      time.Time
	troubles   []trouble
	next       int           // trouble that is not over
	quiet      time.Duration // without trouble and what one leaves behind
	quietCalls atomic.Int64
	calls      atomic.Int64
	inQuiet    atomic.Bool
	fault      atomic.Pointer[credentialstest.Fault]
}

// decide is what goes wrong with a call.
func (m *month) decide(credentialstest.Call) credentialstest.Fault {
	m.calls.Add(1)
	if m.inQuiet.Load() {
		m.quietCalls.Add(1)
	}
	if f := m.fault.Load(); f != nil {
		return *f
	}
	return credentialstest.Fault{}
}

// step is how often callers come.
const step = 3 * time.Second

// clock puts the faults of the time in force.
func (m *month) clock(now time.Time) {
	const aftermath = 12 * time.Minute // the longest backoff and a refresh
	if m.next < len(m.troubles) && !now.Before(m.troubles[m.next].until) {
		m.next++
	}
	m.fault.Store(nil)
	if m.next < len(m.troubles) && !now.Before(m.troubles[m.next].from) {
		m.fault.Store(&m.troubles[m.next].fault)
	}
	quiet := m.fault.Load() == nil && (m.next == 0 || now.Sub(m.troubles[m.next-1].until) > aftermath)
	m.inQuiet.Store(quiet)
	if quiet {
		m.quiet += step
	}
}

func (m *month) live(t *testing.T, p *credentials.Provider, end time.Time) {
	var held aws.Credentials
	var ends time.Time // when AWS takes held no longer
	expired, unserved := 0, 0
	for now := time.Now(); now.Before(end); now = time.Now() {
		m.clock(now)
		creds, err := p.Retrieve(t.Context())
		valid := now.Before(ends)
		if waited := time.Since(now); waited != 0 && valid {
			t.Fatalf("after %v a caller waited %v, with %v left", now.Sub(m.start), waited, ends.Sub(now))
		}
		if err != nil && valid {
			t.Fatalf("after %v with %v left: %v", now.Sub(m.start), ends.Sub(now), err)
		}
		switch {
		case err != nil:
			unserved++
		case creds.AccessKeyID != held.AccessKeyID:
			held, ends = creds, time.Now().Add(time.Hour-step)
		case !valid:
			expired++
			if f := m.fault.Load(); f != nil && f.Skew != 0 {
				t.Fatalf("after %v expired credentials, though STS answers", now.Sub(m.start))
			}
			if now.Sub(ends) > 45*time.Minute+10*time.Minute+step {
				t.Fatalf("after %v credentials are %v past expiry", now.Sub(m.start), now.Sub(ends))
			}
		}
		time.Sleep(step)
	}
	s := p.Stats().Sessions[0]
	perCall := m.quiet / time.Duration(m.quietCalls.Load())
	t.Logf("%v with expired credentials, %v without any; %d refreshes in %d calls, %d failed refreshes; %v without trouble, a call every %v",
		time.Duration(expired)*step, time.Duration(unserved)*step, s.Refreshes, m.calls.Load(), s.Latency.Count-s.Refreshes, m.quiet, perCall.Round(time.Second))
	// The spread ends refreshes after 50 minutes on average.
	if least := 50 * time.Minute; perCall < least*95/100 {
		t.Errorf("a call every %v, want one every %v", perCall, least)
	}
	if unserved > 0 {
		t.Errorf("%v without credentials", time.Duration(unserved)*step)
	}
	if len(m.troubles) == 0 && (expired > 0 || s.Refreshes != int(m.calls.Load())) {
		t.Errorf("%d callers with expired credentials, %d calls for %d refreshes", expired, m.calls.Load(), s.Refreshes)
	}
}
