package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/manifest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// dayManifest has two directories, with an interval of their own each.
const dayManifest = `
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: class}
spec:
  provider: aws
  parameters:
    objects: |
      - {objectName: day0, objectType: secretsmanager, jmesPath: [{path: user, objectAlias: user0}, {path: password, objectAlias: password0}]}
      - {objectName: day1, objectType: secretsmanager, jmesPath: [{path: user, objectAlias: user1}, {path: password, objectAlias: password1}]}
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: aws}
spec: {provider: {aws: {service: SecretsManager, region: eu-west-1}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: external}
spec:
  refreshInterval: 5m
  secretStoreRef: {name: aws}
  data:
    - {secretKey: user2, remoteRef: {key: day2, property: user}}
    - {secretKey: password2, remoteRef: {key: day2, property: password}}
    - {secretKey: user3, remoteRef: {key: day3, property: user}}
    - {secretKey: password3, remoteRef: {key: day3, property: password}}
`

// dayDir is a directory of the day: which files it must have, how many secrets
// they are of, and how old values may be.
type dayDir struct {
	name    string
	files   []string
	secrets []int
	refresh time.Duration
}

var dayDirs = []dayDir{
	{"class", []string{"day0", "day1", "password0", "password1", "user0", "user1"}, []int{0, 1}, 2 * time.Minute},
	{"external", []string{"password2", "password3", "user2", "user3"}, []int{2, 3}, 5 * time.Minute},
}

// daySecrets is how many secrets there are.
const daySecrets = 4

// dayRecovery is how long it may take until files follow again after an outage:
// the pause of the last try, and what package credentials waits at most before
// it asks STS again.
const dayRecovery = lastRetry + 10*time.Minute + 10*time.Second

// trouble is something that goes wrong for a while.
type trouble struct {
	from, to time.Duration // into the day
	when     []credentialstest.When
	fault    credentialstest.Fault
	frozen   []string // the directories that cannot change meanwhile
}

func troubles() []trouble {
	h, m := time.Hour, time.Minute
	sm, both := []credentialstest.When{{Service: "secretsmanager"}}, []string{"class", "external"}
	return []trouble{
		{2*h - 5*m, 2*h + 10*m, sm, credentialstest.Throttled(), both},
		{4*h - m, 6*h - m, sm, credentialstest.Unavailable(), both},
		{8 * h, 11 * h, []credentialstest.When{{Service: "sts"}}, credentialstest.Unavailable(), nil}, // until credentials expire, files follow
		{13 * h, 14 * h, []credentialstest.When{{}}, credentialstest.ConnectionReset(), both},
		{16 * h, 16*h + 40*m, sm, credentialstest.ProxyPage(http.StatusOK), both},
		{18 * h, 18*h + 30*m, sm, credentialstest.Failing(), both},
		{20 * h, 21*h + 30*m, []credentialstest.When{{Operation: "BatchGetSecretValue"}, {Operation: "GetSecretValue", Resource: "day0"}}, credentialstest.Fault{
			Code: "AccessDeniedException", Message: "User is not authorized to perform this action", Status: http.StatusBadRequest,
		}, []string{"class"}},
	}
}

// A day of a sidecar, on the clock of a bubble and in a real directory, with a
// rotation of each secret every hour and an outage of every kind now and then.
// Whoever reads the files finds one complete set at any time, no older than it
// may be, and in an outage the one from before.
func TestDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDay(t)
		ctx, cancel := context.WithCancel(t.Context())
		var sidecar sync.WaitGroup
		sidecar.Go(func() {
			if err := d.options.serve(ctx, d.set, slog.New(slog.NewTextHandler(&d.log, nil))); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second) // until all is there for the first time
		var wg sync.WaitGroup
		wg.Go(d.rotate)
		wg.Go(d.trouble)
		for i, dir := range dayDirs {
			wg.Go(func() { d.readAll(dir, d.wake[i]) })
		}
		wg.Wait()
		cancel()
		sidecar.Wait()
		log := d.log.String()
		t.Logf("%d sets read, %d different ones; %d times written, %d times not; %d calls of Secrets Manager", d.reads, d.seen,
			strings.Count(log, "msg=written"), strings.Count(log, "not written"), d.fake.CallCount("secretsmanager", "BatchGetSecretValue"))
		if d.seen < 60 || strings.Count(log, "not written") < 100 {
			t.Error("the day was too quiet to show anything")
		}
		if strings.Contains(log, "value of") {
			t.Error("a secret was logged")
		}
	})
}

// day is one, of options that write set.
type day struct {
	t       *testing.T
	began   time.Time
	fake    *secretstest.AWS
	options *options
	set     *manifest.Set
	wake    []chan struct{} // the reader of each directory, with each call
	log     bytes.Buffer    // to be read when the sidecar has ended

	mu          sync.Mutex
	turned      [daySecrets][]time.Time // when each value became current
	reads, seen int
}

func newDay(t *testing.T) *day {
	t.Helper()
	w := secretstest.Story()
	own := w.Account(secretstest.StoryClusterAccount)
	own.Role("pod-role").Policies = []credentialstest.Policy{{Name: "read", Document: policy.MustParse(
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]}`)}}
	d := &day{t: t, began: time.Now()}
	for i := range daySecrets {
		own.Secrets = append(own.Secrets, secretstest.Secret{
			Name: fmt.Sprintf("day%d", i), Region: secretstest.StoryRegion, Suffix: "AbCdEf",
			Versions: []secretstest.Version{{String: new(dayValue(i, 0))}},
		})
		d.turned[i] = []time.Time{d.began}
	}
	var err error
	if d.fake, err = secretstest.New(w); err != nil {
		t.Fatal(err)
	}
	d.fake.KeepCalls(1)
	if d.options, err = parse([]string{"-dir", t.TempDir(), "manifest"}); err != nil {
		t.Fatal(err)
	}
	d.options.identity, err = d.fake.CredentialsConfig(secretstest.Pod{Dir: t.TempDir(), Token: credentialstest.TokenRequest{Lifetime: 48 * time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	d.options.manifests = []string{"-"}
	if d.set, err = d.options.read(strings.NewReader(dayManifest)); err != nil {
		t.Fatal(err)
	}
	for range dayDirs {
		d.wake = append(d.wake, make(chan struct{}, 1))
	}
	d.fake.InjectFunc(d.called)
	return d
}

// called wakes the readers, so that they read while files are written: but for
// that, no time passes then.
func (d *day) called(credentialstest.Call) credentialstest.Fault {
	for _, wake := range d.wake {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	return credentialstest.Fault{}
}

func dayARN(i int) string {
	return fmt.Sprintf("arn:aws:secretsmanager:eu-west-1:%s:secret:day%d-AbCdEf", secretstest.StoryClusterAccount, i)
}

// dayValue says in each of its parts which value it is. They get longer and
// shorter.
func dayValue(i, n int) string {
	part := fmt.Sprintf("<%d/%d> value of %s", i, n, strings.Repeat("x", 1000*(n%3)))
	return fmt.Sprintf(`{"user":%q,"password":%q}`, part, part)
}

func (d *day) over() bool { return time.Since(d.began) >= 24*time.Hour }

// rotate gives the secrets new values, one after the other, each once an hour.
func (d *day) rotate() {
	for n := 1; ; n++ {
		for i := range daySecrets {
			time.Sleep(time.Hour / daySecrets)
			if d.over() {
				return
			}
			// It is in the journal first, for a reader may be quick.
			d.mu.Lock()
			d.turned[i] = append(d.turned[i], time.Now())
			d.mu.Unlock()
			if _, err := d.fake.PutSecretValue(dayARN(i), secretstest.Version{String: new(dayValue(i, n))}); err != nil {
				d.t.Error(err)
			}
		}
	}
}

// trouble lets things go wrong, each in its time, and compares the set before
// with that after.
func (d *day) trouble() {
	for _, x := range troubles() {
		time.Sleep(time.Until(d.began.Add(x.from)))
		var mend []func()
		for _, when := range x.when {
			mend = append(mend, d.fake.Inject(when, x.fault))
		}
		time.Sleep(time.Second) // for what was under way
		var before []string
		for _, dir := range x.frozen {
			before = append(before, d.generation(dir))
		}
		time.Sleep(time.Until(d.began.Add(x.to)))
		for i, dir := range x.frozen {
			if after := d.generation(dir); after != before[i] {
				d.t.Errorf("%s changed in the outage of %v: %s, then %s", dir, x.from, before[i], after)
			}
		}
		for _, f := range mend {
			f()
		}
	}
}

// generation is the name of the set that readers find in a directory.
func (d *day) generation(dir string) string {
	name, err := os.Readlink(filepath.Join(d.options.dir, dir, "..data"))
	if err != nil {
		d.t.Error(err)
	}
	return name
}

// readAll reads a directory every minute, and some times in a row when
// there was a call.
func (d *day) readAll(dir dayDir, wake <-chan struct{}) {
	latest := make(map[int]int)
	last := ""
	for !d.over() {
		times := 1
		select {
		case <-time.After(time.Minute):
		case <-wake:
			times = 4
		}
		for range times {
			generation := d.generation(dir.name)
			set, err := readSet(filepath.Join(d.options.dir, dir.name))
			if err != nil {
				d.t.Errorf("%v into the day: %v", time.Since(d.began), err)
				return
			}
			d.judge(dir, set, latest)
			d.mu.Lock()
			d.reads++
			if generation != last {
				d.seen++
			}
			d.mu.Unlock()
			last = generation
		}
	}
}

// readSet reads what one ..data leads to.
func readSet(dir string) (map[string]string, error) {
	root, err := os.OpenRoot(filepath.Join(dir, "..data"))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, err
	}
	set := make(map[string]string)
	for _, e := range entries {
		data, err := root.ReadFile(e.Name())
		if err != nil {
			return nil, err
		}
		set[e.Name()] = string(data)
	}
	return set, nil
}

var dayPart = regexp.MustCompile(`<(\d)/(\d+)>`)

// judge compares a set with what was promised; latest has the number of each
// secret's value when it was read before.
func (d *day) judge(dir dayDir, set map[string]string, latest map[int]int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	wrong := func(format string, args ...any) {
		d.t.Errorf("%v into the day, %s: %s", now.Sub(d.began), dir.name, fmt.Sprintf(format, args...))
	}
	var names []string
	numbers := make(map[int]int)
	for name, text := range set {
		names = append(names, name)
		var i, n int
		if _, err := fmt.Sscanf(dayPart.FindString(text), "<%d/%d>", &i, &n); err != nil || !strings.HasSuffix(name, fmt.Sprint(i)) {
			wrong("%s has not its secret's value", name)
			continue
		}
		var whole struct{ user, password string }
		whole.user = fmt.Sprintf("<%d/%d> value of %s", i, n, strings.Repeat("x", 1000*(n%3)))
		if text != whole.user && text != dayValue(i, n) {
			wrong("%s has part of a value", name)
		}
		if other, had := numbers[i]; had && other != n {
			wrong("a mixture of values %d and %d of secret %d", other, n, i)
		}
		numbers[i] = n
	}
	if slices.Sort(names); !slices.Equal(names, dir.files) {
		wrong("the files are %v", names)
	}
	for _, i := range dir.secrets {
		n := numbers[i]
		if n < latest[i] {
			wrong("value %d of secret %d after value %d", n, i, latest[i])
		}
		latest[i] = n
		if next := n + 1; next < len(d.turned[i]) && !d.mayLag(dir, d.turned[i][next], now) {
			wrong("value %d of secret %d, %v after the next", n, i, now.Sub(d.turned[i][next]))
		}
	}
}

// mayLag reports whether a set may have at now a value that was replaced at some
// time.
func (d *day) mayLag(dir dayDir, replaced, now time.Time) bool {
	if now.Sub(replaced) <= dir.refresh {
		return true
	}
	for _, x := range troubles() {
		touched := len(x.frozen) != 1 || slices.Contains(x.frozen, dir.name)
		// What fell due shortly before may have been tried only then.
		if touched && replaced.Add(dir.refresh).After(d.began.Add(x.from)) && replaced.Before(d.began.Add(x.to+dir.refresh)) {
			return now.Before(d.began.Add(x.to + dayRecovery))
		}
	}
	return false
}
