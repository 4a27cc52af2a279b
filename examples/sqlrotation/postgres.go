package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// maxWorkers leaves the server room for connections that are about to close.
const maxWorkers = 200

// errNoPostgres means that there is none to start.
var errNoPostgres = errors.New("PostgreSQL is not installed: initdb and postgres are neither in PATH nor in /usr/lib/postgresql")

// postgres is a server of our own. It listens on a Unix socket only.
type postgres struct {
	dir   string // of the data and the socket
	admin *sql.DB
	exit  chan error
	end   context.CancelFunc
}

// startPostgres makes a new database cluster and starts its server.
func startPostgres(ctx context.Context) (_ *postgres, err error) {
	initdb, server := program("initdb"), program("postgres")
	if initdb == "" || server == "" {
		return nil, errNoPostgres
	}
	dir, err := os.MkdirTemp("", "sqlrotation")
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.WithoutCancel(ctx)) // stop ends it
	pg := &postgres{dir: dir, exit: make(chan error, 1), end: end}
	password := rand.Text()
	if err := pg.start(ctx, initdb, server, password); err != nil {
		end()
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	pg.admin = stdlib.OpenDB(*pg.config("postgres", password))
	if err := pg.ready(ctx); err != nil {
		return nil, errors.Join(err, pg.stop())
	}
	return pg, nil
}

func (pg *postgres) start(ctx context.Context, initdb, server, password string) error {
	who, err := owner(pg.dir)
	if err != nil {
		return err
	}
	data, passwordFile := filepath.Join(pg.dir, "data"), filepath.Join(pg.dir, "password")
	if err := os.WriteFile(passwordFile, []byte(password), 0o600); err != nil {
		return err
	}
	if who != nil {
		if err := os.Chown(passwordFile, int(who.Uid), int(who.Gid)); err != nil {
			return err
		}
	}
	setup := pg.command(ctx, who, initdb, "-D", data, "-U", "postgres", "-A", "scram-sha-256",
		"--pwfile", passwordFile, "-E", "UTF8", "--locale", "C", "--no-sync")
	if out, err := setup.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(pg.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	run := pg.command(ctx, who, server, "-D", data, "-k", pg.dir, "-c", "listen_addresses=",
		"-c", "max_connections="+strconv.Itoa(2*maxWorkers), "-c", "shared_buffers=16MB", "-c", "fsync=off")
	run.Stdout, run.Stderr = log, log
	run.Cancel = func() error { return run.Process.Signal(syscall.SIGINT) } // a fast shutdown
	run.WaitDelay = 20 * time.Second
	if err := run.Start(); err != nil {
		return err
	}
	go func() { pg.exit <- run.Wait() }()
	return nil
}

func (pg *postgres) command(ctx context.Context, who *syscall.Credential, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = pg.dir
	c.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	return c
}

// owner gives dir to the user that runs the server: PostgreSQL refuses to run as
// root. Nil is the present one.
func owner(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, int(uid), int(gid))
}

// program finds a program of PostgreSQL, of which Debian puts only some into
// PATH.
func program(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return ""
	}
	return slices.Max(found)
}

// config is how to connect as a user.
func (pg *postgres) config(name, password string) *pgx.ConnConfig {
	config, err := pgx.ParseConfig("host=" + pg.dir + " port=5432 dbname=postgres sslmode=disable connect_timeout=10")
	if err != nil {
		panic(err) // it holds nothing that varies but a directory of ours
	}
	config.User, config.Password = name, password
	return config
}

// ready waits until the server answers.
func (pg *postgres) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := pg.admin.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case exit := <-pg.exit:
			pg.exit <- exit
			log, _ := os.ReadFile(filepath.Join(pg.dir, "log"))
			return fmt.Errorf("postgres has ended: %w\n%s", exit, log)
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// setPassword makes the user if need be, and gives it a password.
func (pg *postgres) setPassword(ctx context.Context, name, password string) error {
	quoted := "'" + strings.ReplaceAll(password, "'", "''") + "'"
	var exists bool
	if err := pg.admin.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", name).Scan(&exists); err != nil {
		return err
	}
	statement := "CREATE ROLE "
	if exists {
		statement = "ALTER ROLE "
	}
	_, err := pg.admin.ExecContext(ctx, statement+pgx.Identifier{name}.Sanitize()+" LOGIN PASSWORD "+quoted)
	return err
}

// stop shuts the server down and removes its data.
func (pg *postgres) stop() error {
	closed := pg.admin.Close()
	pg.end()
	exit := <-pg.exit
	if errors.Is(exit, context.Canceled) {
		exit = nil
	}
	return errors.Join(closed, exit, os.RemoveAll(pg.dir))
}
