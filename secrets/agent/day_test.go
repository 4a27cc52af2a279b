package agent_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

const (
	dayTTL  = 5 * time.Minute // how old values are at most, beside an outage
	dayHold = time.Hour       // and in one: MaxStale
	// slack is when an outage has been forgotten: fetches that have failed are
	// tried again after a minute at the latest.
	slack = time.Minute + 10*time.Second
	// pause is how long package credentials waits at most before it asks STS
	// again once the credentials in hand have expired and been rejected.
	pause = 30 * time.Second
)

// trouble is something that goes wrong for a while.
type trouble struct {
	from, to time.Duration // into the day
	when     credentialstest.When
	fault    credentialstest.Fault
	refusal  bool // of one secret, and not an outage
}

// forgotten is when all has recovered from it.
func (x trouble) forgotten() time.Duration {
	if x.when.Service == "" || x.when.Service == "sts" {
		return x.to + slack + pause
	}
	return x.to + slack
}

// troubles are those of the day. Only one of the outages outlasts MaxStale.
func troubles() []trouble {
	h, m := time.Hour, time.Minute
	sm := credentialstest.When{Service: "secretsmanager"}
	return []trouble{
		{2 * h, 2*h + 20*m, sm, credentialstest.Unavailable(), false},
		{4*h + 30*m, 4*h + 55*m, credentialstest.When{Service: "sts"}, credentialstest.Unavailable(), false},
		{6*h - 2*m, 6*h + 10*m, sm, credentialstest.Throttled(), false},
		{8 * h, 8*h + 30*m, credentialstest.When{}, credentialstest.ConnectionReset(), false},
		{10 * h, 12 * h, credentialstest.When{}, credentialstest.Unavailable(), false},
		{15 * h, 15*h + 15*m, sm, credentialstest.Hanging(), false},
		{17 * h, 17*h + 30*m, sm, credentialstest.ProxyPage(200), false},
		{20 * h, 20*h + 30*m, credentialstest.When{Service: "secretsmanager", Resource: dayName(refusedInTheEvening)}, credentialstest.Fault{
			Code: "AccessDeniedException", Message: "User is not authorized to perform this action", Status: http.StatusBadRequest,
		}, true},
	}
}

const (
	daySecrets          = 4
	refusedInTheEvening = 3
)

func dayName(i int) string { return fmt.Sprintf("day/s%d", i) }

func dayARN(i int) string {
	return "arn:aws:secretsmanager:eu-west-1:" + account + ":secret:" + dayName(i) + "-AbCdEf"
}

// journal is which value each secret had, and when it ceased to be current.
type journal struct {
	mu      sync.Mutex
	current [daySecrets]string
	until   map[string]time.Time
}

func (j *journal) turn(i int, value string, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.until[j.current[i]] = now
	j.current[i] = value
}

// replaced returns when a value ceased to be current; the zero time if it has
// not, and false if there never was such a value.
func (j *journal) replaced(i int, value string) (time.Time, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if value == j.current[i] {
		return time.Time{}, true
	}
	at, ok := j.until[value]
	return at, ok
}

// A day of readers, with a rotation of every secret each hour and an outage of
// every kind now and then: nobody gets an error that is not due, nor a value that
// is older than it may be.
func TestDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDay(t)
		var wg sync.WaitGroup
		wg.Go(d.rotate)
		wg.Go(d.trouble)
		for i := range daySecrets {
			wg.Go(func() { d.readAll(i) })
		}
		wg.Wait()
		d.close()
		t.Logf("%d reads, %d errors, all due; %d calls of Secrets Manager, %d of STS",
			d.reads, d.errors, d.fake.CallCount("secretsmanager", "BatchGetSecretValue")+d.fake.CallCount("secretsmanager", "GetSecretValue"),
			d.fake.CallCount("sts", "AssumeRoleWithWebIdentity"))
		if d.errors == 0 || d.refused == 0 || d.reads < 20000 {
			t.Errorf("%d reads, %d errors, %d of them refusals: the day was too quiet to show anything", d.reads, d.errors, d.refused)
		}
	})
}

// day is one, with an agent that holds the secrets declared.
type day struct {
	t       *testing.T
	began   time.Time
	fake    *secretstest.AWS
	agent   *agent.Agent
	journal journal
	close   func()

	mu            sync.Mutex
	reads, errors int
	refused       int // of the errors, those of the secret that is refused
}

func newDay(t *testing.T) *day {
	t.Helper()
	w := world()
	own := w.Account(account)
	declared := make([]string, daySecrets)
	for i := range declared {
		declared[i] = dayName(i)
		own.Secrets = append(own.Secrets, secretstest.Secret{
			Name: declared[i], Region: secretstest.StoryRegion, Suffix: "AbCdEf",
			Versions: []secretstest.Version{{String: new(dayValue(i, 0))}},
		})
	}
	fake, err := secretstest.New(w)
	if err != nil {
		t.Fatal(err)
	}
	fake.KeepCalls(1)
	cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir(), Token: credentialstest.TokenRequest{
		Namespace: secretstest.StoryNamespace, ServiceAccount: secretstest.StoryServiceAccount, Lifetime: 48 * time.Hour,
	}})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	store, err := secrets.New(t.Context(), cfg, secrets.Config{TTL: dayTTL, MaxStale: dayHold})
	if err != nil {
		t.Fatal(err)
	}
	made, err := agent.New(agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}, Declared: declared, TTL: dayTTL})
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := &day{t: t, began: time.Now(), fake: fake, agent: made, journal: journal{until: map[string]time.Time{}}}
	for i := range declared {
		d.journal.current[i] = dayValue(i, 0)
	}
	d.close = func() {
		provider, _ := credentials.FromConfig(cfg)
		_, _, _ = made.Close(), store.Close(), provider.Close() // nil, all of them
	}
	return d
}

func dayValue(i, version int) string { return fmt.Sprintf("value %d of secret %d", version, i) }

func (d *day) over() bool { return time.Since(d.began) >= 24*time.Hour }

// rotate gives the secrets new values, one after the other, each once an hour.
func (d *day) rotate() {
	for n := 1; ; n++ {
		for i := range daySecrets {
			time.Sleep(time.Hour / daySecrets)
			if d.over() {
				return
			}
			if _, err := d.fake.PutSecretValue(dayARN(i), secretstest.Version{String: new(dayValue(i, n))}); err != nil {
				d.t.Error(err)
			}
			d.journal.turn(i, dayValue(i, n), time.Now())
		}
	}
}

// trouble lets things go wrong, each in its time.
func (d *day) trouble() {
	for _, x := range troubles() {
		time.Sleep(time.Until(d.began.Add(x.from)))
		mend := d.fake.Inject(x.when, x.fault)
		whole := func() {}
		if x.refusal { // a batch has no one resource: without it, secrets are read one by one
			whole = d.fake.Inject(credentialstest.When{Operation: "BatchGetSecretValue"}, x.fault)
		}
		time.Sleep(x.to - x.from)
		mend()
		whole()
	}
}

// readAll reads a secret every ten seconds.
func (d *day) readAll(i int) {
	time.Sleep(time.Duration(i) * time.Second)
	for ; !d.over(); time.Sleep(10 * time.Second) {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(d.t.Context(), http.MethodGet, "http://localhost/secretsmanager/get?secretId="+dayName(i), nil)
		r.Header.Set("X-Aws-Parameters-Secrets-Token", tok)
		asked := time.Now()
		d.agent.ServeHTTP(w, r)
		var body struct{ SecretString string }
		if w.Code == http.StatusOK {
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				d.t.Errorf("the answer is no JSON: %v", err)
			}
		}
		d.judge(i, asked, w.Code, body.SecretString)
	}
}

// judge compares an answer with what was promised.
func (d *day) judge(i int, asked time.Time, status int, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	at := asked.Sub(d.began).Round(time.Second)
	if status != http.StatusOK {
		d.errors++
		if i == refusedInTheEvening && at > 20*time.Hour && at < 20*time.Hour+30*time.Minute {
			d.refused++
		}
		if !d.errorDue(i, asked) {
			d.t.Errorf("%v into the day, secret %d: status %d", at, i, status)
		}
		return
	}
	replaced, known := d.journal.replaced(i, value)
	switch {
	case !known:
		d.t.Errorf("%v into the day, secret %d: %q, which it never was", at, i, value)
	case !replaced.IsZero() && asked.Sub(replaced) > dayTTL && !d.outageSince(replaced, asked):
		d.t.Errorf("%v into the day, secret %d: %q, which it has not been for %v", at, i, value, asked.Sub(replaced))
	}
}

// errorDue reports whether a read may fail: after MaxStale in an outage, and
// while the secret is refused.
func (d *day) errorDue(i int, asked time.Time) bool {
	for _, x := range troubles() {
		from, to := d.began.Add(x.from), d.began.Add(x.forgotten())
		if x.refusal {
			if i == refusedInTheEvening && asked.After(from) && asked.Before(to) {
				return true
			}
			continue
		}
		// What was held then was read within TTL before the outage.
		if asked.After(from.Add(dayHold-dayTTL)) && asked.Before(to) {
			return true
		}
	}
	return false
}

// outageSince reports whether there was an outage in which a value could have
// been kept past its TTL.
func (d *day) outageSince(replaced, asked time.Time) bool {
	for _, x := range troubles() {
		if asked.After(d.began.Add(x.from)) && replaced.Before(d.began.Add(x.forgotten())) {
			return asked.Sub(replaced) <= dayHold
		}
	}
	return false
}
