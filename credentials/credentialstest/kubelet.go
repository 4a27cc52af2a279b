package credentialstest

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// maxTokenAge is the age at which the kubelet renews any token, and
// renewalJitter by how much it delays (Kubernetes, pkg/kubelet/token,
// token_manager.go).
const (
	maxTokenAge   = 24 * time.Hour
	renewalJitter = 10 * time.Second
)

// RotationDue returns when the kubelet renews the pod's token: once 80 % of its
// lifetime have passed, or 24 hours. The kubelet comes up to ten seconds later,
// which is not in the time.
func (p *Pod) RotationDue() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.issued.Add(min(p.token.Lifetime*8/10, maxTokenAge))
}

// RotateIfDue rotates the token if it is due, for tests that have their own
// clockwork; it reports whether it did.
func (p *Pod) RotateIfDue() (bool, error) {
	if time.Now().Before(p.RotationDue()) {
		return false, nil
	}
	return true, p.Rotate()
}

// Kubelet rotates a pod's token as the kubelet does, in a goroutine of its own.
// It is safe for concurrent use.
type Kubelet struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu    sync.Mutex
	stuck bool
	err   error
}

// retryPeriod is how often a kubelet that could not renew a token tries again:
// with the volumes, which it goes over about once a minute.
const retryPeriod = time.Minute

// StartKubelet begins to rotate the pod's token. In a synctest bubble it must be
// stopped before the bubble ends:
//
//	kubelet := pod.StartKubelet()
//	defer kubelet.Stop()
func (p *Pod) StartKubelet() *Kubelet {
	ctx, cancel := context.WithCancel(context.Background())
	k := &Kubelet{cancel: cancel}
	k.done.Go(func() { k.run(ctx, p) })
	return k
}

func (k *Kubelet) run(ctx context.Context, p *Pod) {
	for {
		due := time.Until(p.RotationDue()) + rand.N(renewalJitter)
		if k.isStuck() {
			due = max(due, retryPeriod)
		}
		select {
		case <-time.After(due):
		case <-ctx.Done():
			return
		}
		if k.isStuck() {
			continue
		}
		if _, err := p.RotateIfDue(); err != nil {
			k.mu.Lock()
			k.err = err
			k.mu.Unlock()
			return
		}
	}
}

// Stick keeps the token from being renewed, as trouble of the kubelet or the API
// server does, or lets it go on again. A renewal that fell due meanwhile comes
// within a minute.
func (k *Kubelet) Stick(stuck bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stuck = stuck
}

func (k *Kubelet) isStuck() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stuck
}

// Stop ends the rotation and waits for it. The error is what kept the kubelet
// from writing a token, if that happened: it then had stopped by itself.
func (k *Kubelet) Stop() error {
	k.cancel()
	k.done.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}
