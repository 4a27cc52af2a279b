package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// Load reads the declared secrets, with as few calls as there can be, and has
// them kept fresh from then on, until [Agent.Close]. What cannot be read is asked
// for again as often as the Store allows, see its ErrorTTL, also if it was
// refused: grants come late. Config.Logger is told why, once for each secret and
// kind of error. Load returns nil when it has them all; or, when ctx, the Agent or
// the Store ends, what is missing and why. It does nothing if nothing is declared.
func (a *Agent) Load(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(a.life, cancel)()
	again := time.NewTicker(time.Second)
	defer again.Stop()
	told := map[string]string{} // of missing secrets, the class of error that was logged
	for missing := a.config.Declared; ; {
		_, _ = a.store.GetAll(ctx, missing...) // all in one; keep tells who is missing
		var errs []error
		missing, errs = a.keep(ctx, missing)
		if len(missing) == 0 {
			return nil
		}
		err := errors.Join(errs...)
		if ctx.Err() == nil {
			a.tell(told, missing, errs)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
		}
		if a.life.Err() != nil && !errors.Is(err, secrets.ErrClosed) {
			err = errors.Join(secrets.ErrClosed, err)
		}
		if ctx.Err() != nil || errors.Is(err, secrets.ErrClosed) {
			return fmt.Errorf("agent: %d of %d declared secrets are missing: %w", len(missing), len(a.config.Declared), err)
		}
	}
}

// tell logs what is new about what is missing.
func (a *Agent) tell(told map[string]string, missing []string, errs []error) {
	for i, ref := range missing {
		if class := classOf(errs[i]); told[ref] != class {
			told[ref] = class
			a.config.logger().Error("a declared secret cannot be read", "secret", ref, "class", class, "error", errs[i])
		}
	}
}

// keep has secrets kept fresh, and returns those that there are none of.
func (a *Agent) keep(ctx context.Context, refs []string) (missing []string, errs []error) {
	for _, ref := range refs {
		stop, err := a.store.Keep(ctx, ref)
		if err != nil {
			missing, errs = append(missing, ref), append(errs, err)
			continue
		}
		a.mu.Lock()
		closed := a.life.Err() != nil
		if !closed {
			a.release = append(a.release, stop)
		}
		a.mu.Unlock()
		if closed {
			stop()
			missing, errs = append(missing, ref), append(errs, secrets.ErrClosed)
		}
	}
	return missing, errs
}

// Ready reports whether every declared secret is held and the Agent is not about
// to end.
func (a *Agent) Ready() bool {
	return !a.draining.Load() && a.missing() == 0
}

// missing is how many declared secrets are not held.
func (a *Agent) missing() int {
	n := 0
	for _, ref := range a.config.Declared {
		if st, ok := a.store.Status(ref); !ok || st.State != secrets.Fresh && st.State != secrets.Stale {
			n++
		}
	}
	return n
}
