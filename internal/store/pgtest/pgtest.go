// Package pgtest gives tests a PostgreSQL: the one in TEST_POSTGRES_URL, else a throwaway cluster on a free loopback port
// made with the binaries of this machine, else none: the test is skipped and says why.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"zendesk-brevo/internal/freeport"

	"github.com/jackc/pgx/v5"
)

// EnvURL names the variable with the address of a PostgreSQL to use instead of a throwaway one. Its user must be allowed
// to create schemas.
const EnvURL = "TEST_POSTGRES_URL"

const startTimeout = 60 * time.Second

// errNone says that this machine has no PostgreSQL binaries.
var errNone = errors.New("no PostgreSQL: set " + EnvURL + ", or install initdb and postgres (pg_config --bindir, or /usr/lib/postgresql)")

var shared struct {
	sync.Once
	cluster *cluster
	url     string
	err     error
}

// Main runs the tests of a binary and stops the cluster that they may have started: os.Exit(pgtest.Main(m)).
func Main(m *testing.M) int {
	code := m.Run()
	if shared.cluster != nil {
		if err := shared.cluster.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			return max(code, 1)
		}
	}
	return code
}

// URL returns the address of an empty schema that is the test's own and is dropped after it. The first call of a binary
// starts the cluster, in a few seconds; the binary's TestMain must be Main's. Without any PostgreSQL the test is skipped.
func URL(t testing.TB) string {
	t.Helper()
	shared.Do(func() {
		if shared.url = os.Getenv(EnvURL); shared.url == "" {
			if shared.cluster, shared.err = start(); shared.err == nil {
				shared.url = shared.cluster.url()
			}
		}
	})
	if errors.Is(shared.err, errNone) {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatalf("pgtest: %v", shared.err)
	}
	schema := fmt.Sprintf("test_%d_%d", os.Getpid(), time.Now().UnixNano())
	run(t, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { run(t, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(shared.url)
	if err != nil {
		t.Fatalf("pgtest: %s is not a valid address", EnvURL)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func run(t testing.TB, query string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, shared.url)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is in flight
	if _, err := conn.Exec(ctx, query); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
}

// cluster is a running throwaway PostgreSQL.
type cluster struct {
	dir   string
	port  int
	cmd   *exec.Cmd
	stdin io.Closer // PostgreSQL stops when it closes, also when this process dies
	log   string
}

func (c *cluster) url() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}

func start() (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	who, err := credential()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, log: filepath.Join(dir, "log")}
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(dir))
	}
	if err := c.serve(bin, who); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

// serve starts PostgreSQL and waits until it answers.
func (c *cluster) serve(bin string, who *syscall.Credential) error {
	var err error
	if c.port, _, err = freeport.Reserve(); err != nil {
		return err
	}
	// The shell outlives this process only until its standard input closes.
	c.cmd = exec.Command("/bin/sh", "-c", `"$@" </dev/null >log 2>&1 & pid=$!; cat >/dev/null; kill -INT $pid; wait $pid`, "sh",
		filepath.Join(bin, "postgres"), "-D", filepath.Join(c.dir, "data"), "-p", strconv.Itoa(c.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "synchronous_commit=off",
		"-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=64MB")
	c.cmd.Dir, c.cmd.SysProcAttr = c.dir, &syscall.SysProcAttr{Credential: who, Setpgid: true}
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(startTimeout); ; time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		conn, err := pgx.Connect(ctx, c.url())
		if err == nil {
			err = conn.Close(ctx)
		}
		cancel()
		if err == nil {
			return nil
		}
		text, _ := os.ReadFile(c.log) // it may not be there yet
		if time.Now().After(end) || strings.Contains(string(text), "FATAL:  could not") {
			return errors.Join(fmt.Errorf("start postgres: %w: %s", err, text), c.end())
		}
	}
}

func (c *cluster) stop() error { return errors.Join(c.end(), os.RemoveAll(c.dir)) }

func (c *cluster) end() error {
	if err := c.stdin.Close(); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := c.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// binaries returns the folder that holds initdb and postgres, the newest version's first.
func binaries() (string, error) {
	var dirs []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	more, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is valid
	slices.Sort(more)
	slices.Reverse(more)
	for _, dir := range append(dirs, more...) {
		_, ierr := os.Stat(filepath.Join(dir, "initdb"))
		_, perr := os.Stat(filepath.Join(dir, "postgres"))
		if ierr == nil && perr == nil {
			return dir, nil
		}
	}
	return "", errNone
}

// credential is whom to run PostgreSQL as: it refuses to run as root. nil means the current user.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uerr, gerr); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}
