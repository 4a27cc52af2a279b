package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// fleet is what is simulated.
type fleet struct {
	pods  int
	start time.Duration // all pods have started by then
	last  time.Duration
	every time.Duration // between two uses of the credentials by one pod
}

func (f fleet) check() error {
	switch {
	case f.pods < 1:
		return fmt.Errorf("%w: -pods must be positive", errUsage)
	case f.start < 0, f.every <= 0, f.last <= f.start:
		return fmt.Errorf("%w: -every must be positive, and -last longer than -start", errUsage)
	}
	return nil
}

// run plays the fleet's day; it must run in a bubble.
func (f fleet) run(c cache) (result, error) {
	world, err := credentialstest.New(credentialstest.PodWorld())
	if err != nil {
		return result{}, err
	}
	dir, err := os.MkdirTemp("", "fleetsim-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	day := &day{
		fleet:  f,
		cache:  c,
		world:  world,
		count:  &counter{next: world.HTTPClient().Transport, begin: time.Now(), perSecond: make([]int, int(f.last/time.Second)+1)},
		dir:    dir,
		random: rand.New(rand.NewPCG(1, 2)),
	}
	return day.play()
}

// day is a fleet under way.
type day struct {
	fleet  fleet
	cache  cache
	world  *credentialstest.AWS
	count  *counter
	dir    string
	random *rand.Rand

	mu   sync.Mutex
	errs []error
}

func (d *day) play() (result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d.fleet.last)
	defer cancel()
	var pods sync.WaitGroup
	for i := range d.fleet.pods {
		// A rollout starts its pods at no particular moment within the time.
		delay := time.Duration(d.random.Int64N(int64(d.fleet.start) + 1))
		phase := time.Duration(d.random.Int64N(int64(d.fleet.every)))
		pods.Go(func() {
			if err := d.pod(ctx, strconv.Itoa(i), delay, phase); err != nil {
				d.fail(err)
			}
		})
	}
	pods.Wait()
	return d.count.result(d.cache.name, d.fleet), errors.Join(d.errs...)
}

// fail keeps the first few errors; ten thousand of one kind say no more.
func (d *day) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.errs) < 3 {
		d.errs = append(d.errs, err)
	}
}

// pod lives until ctx ends.
func (d *day) pod(ctx context.Context, name string, delay, phase time.Duration) error {
	if !sleep(ctx, delay) {
		return nil
	}
	token := tokenFile{world: d.world, pod: "testapp-" + name}
	if err := token.create(filepath.Join(d.dir, name)); err != nil {
		return err
	}
	provider, end, err := d.cache.open(ctx, credentials.Config{
		Region:     credentialstest.PodRegion,
		RoleARN:    credentialstest.PodRoleARN,
		TokenFile:  token.path(),
		HTTPClient: &http.Client{Transport: d.count},
	})
	if err != nil {
		return err
	}
	defer end.Close()
	return d.live(ctx, provider, &token, phase)
}

// live uses the credentials at the fleet's rate, at a phase of the pod's own.
func (d *day) live(ctx context.Context, provider aws.CredentialsProvider, token *tokenFile, phase time.Duration) error {
	for wait := time.Duration(0); sleep(ctx, wait); wait = d.fleet.every {
		if err := token.rotateIfDue(); err != nil {
			return err
		}
		creds, err := provider.Retrieve(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case creds.CanExpire && !time.Now().Before(creds.Expires):
			return fmt.Errorf("%s: credentials that expired at %v", d.cache.name, creds.Expires)
		}
		if wait == 0 && !sleep(ctx, phase) {
			return nil
		}
	}
	return nil
}

// sleep reports whether ctx is still alive after d.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
