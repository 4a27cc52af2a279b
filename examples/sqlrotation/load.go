package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
	"github.com/irsakit/irsa/secrets/sqlsecret"
)

// secretARN is the secret with the login, in the account of the pod.
const secretARN = secretstest.StoryAppSecretARN

// load is what the workers share.
type load struct {
	db      *sql.DB
	logins  atomic.Int64 // to the database, refused ones included
	queries atomic.Int64

	mu     sync.Mutex
	failed int
	first  error
	worst  time.Duration
}

// result is what came of it.
type result struct {
	options
	rotations       int
	queries, logins int64
	failed          int
	first           error
	worst           time.Duration
	reads           int // calls of GetSecretValue
}

// rotateUnderLoad rotates the password of a user of pg while workers use it.
func rotateUnderLoad(ctx context.Context, pg *postgres, o options) (result, error) {
	fake, err := world()
	if err != nil {
		return result{}, err
	}
	dir, err := os.MkdirTemp("", "sqlrotation-pod")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	cfg, err := fake.LoadConfig(ctx, secretstest.Pod{Dir: dir})
	if err != nil {
		return result{}, err
	}
	store, err := secrets.New(ctx, cfg, secrets.Config{})
	if err != nil {
		return result{}, err
	}
	defer store.Close()
	login, err := secrets.Open[secrets.Login](ctx, store, secretARN)
	if err != nil {
		return result{}, err
	}
	defer login.Close()
	if err := pg.setPassword(ctx, login.Value().Username, login.Value().Password.Reveal()); err != nil {
		return result{}, err
	}

	l := &load{}
	open := func(s secrets.Login) (driver.Connector, error) {
		l.logins.Add(1)
		return stdlib.GetConnector(*pg.config(s.Username, s.Password.Reveal())), nil
	}
	l.db = sql.OpenDB(sqlsecret.New(login, open, secrets.UseConfig{CurrentOnly: o.currentOnly}))
	defer l.db.Close()
	l.db.SetConnMaxLifetime(500 * time.Millisecond) // so that there is always somebody who logs in
	l.db.SetMaxIdleConns(o.workers)

	rotations, err := l.run(ctx, o, rotation(ctx, fake, pg))
	return result{
		options: o, rotations: rotations, queries: l.queries.Load(), logins: l.logins.Load(),
		failed: l.failed, first: l.first, worst: l.worst,
		reads: fake.CallCount("secretsmanager", "GetSecretValue"),
	}, err
}

// world starts an AWS whose secret is a login.
func world() (*secretstest.AWS, error) {
	w := secretstest.Story()
	for i, s := range w.Account(secretstest.StoryClusterAccount).Secrets {
		if s.Name == secretstest.StoryAppSecretName {
			w.Account(secretstest.StoryClusterAccount).Secrets[i].Versions[0].String = new(`{"username":"app","password":"at-first"}`)
		}
	}
	return secretstest.New(w)
}

// rotation is one that changes the password in pg.
func rotation(ctx context.Context, fake *secretstest.AWS, pg *postgres) *secretstest.Rotation {
	return fake.Rotation(secretARN, secretstest.RotationConfig{
		Set: func(_, pending string) error {
			var to struct{ Username, Password string }
			if err := json.Unmarshal([]byte(pending), &to); err != nil {
				return err
			}
			return pg.setPassword(ctx, to.Username, to.Password)
		},
	})
}

// run lets the workers work and rotates meanwhile, and returns how often.
func (l *load) run(ctx context.Context, o options, r *secretstest.Rotation) (rotations int, err error) {
	working, done := context.WithTimeout(ctx, o.last)
	defer done()
	var workers sync.WaitGroup
	for range o.workers {
		workers.Go(func() {
			for working.Err() == nil {
				l.query(ctx)
			}
		})
	}
	defer workers.Wait()
	for sleep(working, o.every-o.window) {
		if err := r.Until(secretstest.SetSecret); err != nil {
			done()
			return rotations, err
		}
		sleep(ctx, o.window)
		if err := r.Run(); err != nil {
			done()
			return rotations, err
		}
		rotations++
	}
	return rotations, ctx.Err()
}

// query makes one query and waits a little.
func (l *load) query(ctx context.Context) {
	var one int
	start := time.Now()
	err := l.db.QueryRowContext(ctx, "SELECT 1").Scan(&one)
	took := time.Since(start)
	l.queries.Add(1)
	l.mu.Lock()
	l.worst = max(l.worst, took)
	if err != nil {
		if l.failed++; l.failed == 1 {
			l.first = err
		}
	}
	l.mu.Unlock()
	sleep(ctx, 10*time.Millisecond)
}

// sleep reports whether ctx lasts for d.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func (r result) write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "workers\t%d for %v\n", r.workers, r.last)
	fmt.Fprintf(t, "rotations\t%d, AWSCURRENT behind for %v in each\n", r.rotations, r.window)
	fmt.Fprintf(t, "queries\t%d\n", r.queries)
	fmt.Fprintf(t, "failed\t%d\n", r.failed)
	fmt.Fprintf(t, "slowest\t%v\n", r.worst.Round(time.Millisecond))
	fmt.Fprintf(t, "logins\t%d\n", r.logins)
	fmt.Fprintf(t, "secret reads\t%d\n", r.reads)
	return t.Flush()
}
