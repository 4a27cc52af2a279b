package main

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/irsakit/irsa/secrets/agent"
)

// off is the level at which nothing is logged.
const off = slog.Level(math.MaxInt)

// settings are what the configuration, the environment and the command line say.
type settings struct {
	provider bool   // launched in the form of version 3
	probe    string // address that ready asks
	enabled  bool
	warnings []string

	level     slog.Level
	port      int
	region    string
	prefix    string
	maxConns  int
	maxRoles  int
	transient bool // failures that may pass are not reported
	validate  bool
	credsFile string        // has the credentials; empty: they are the pod's own
	ttl       time.Duration // zero: every read asks
	timeout   time.Duration // of a fetch; zero: the Store's own
	outbound  int           // connections to a service of AWS; zero: any number
	cacheSize int
	headers   []string
	variables []string
	prefetch  prefetch
	own       ownSettings
}

// ownSettings are those that AWS's agent does not have.
type ownSettings struct {
	health    string // address; "off": none; empty: one port up, on loopback
	socket    string
	tokenFile string
	tokens    []tokenSetting
	roles     []string
	dialect   agent.Dialect
	preload   []string
	hosts     []string
	maxStale  time.Duration
	drain     time.Duration
	strict    bool // no start without credentials and what is preloaded
	names     bool // of secrets in metrics
}

// tokenSetting is a token and what its bearer may have.
type tokenSetting struct {
	path           string // in the configuration
	file, env      string // where it is: one of the two
	secrets, roles []string
}

// defaults are those of AWS's agent.
func defaults() settings {
	return settings{
		enabled: true, port: 2773, prefix: "/v1/", maxConns: 800, maxRoles: 20, transient: true, validate: true,
		ttl: 5 * time.Minute, cacheSize: 1000, headers: agent.DefaultHeaders(),
		variables: []string{"AWS_TOKEN", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"},
		prefetch:  prefetch{ratio: 0.8},
		own:       ownSettings{tokenFile: "/var/run/irsa/token"},
	}
}

// The tables of the form of version 3.
const (
	tableLogging = "logging."
	tableSecrets = "capabilities.secrets_manager."
)

// flatKeys are the flat keys and where the form of version 3 has them.
var flatKeys = map[string]string{
	"log_level":               tableLogging + "log_level",
	"log_to_file":             tableLogging + "log_to_file",
	"http_port":               tableSecrets + "http_port",
	"region":                  tableSecrets + "region",
	"path_prefix":             tableSecrets + "path_prefix",
	"max_conn":                tableSecrets + "max_conn",
	"max_roles":               tableSecrets + "max_roles",
	"ignore_transient_errors": tableSecrets + "ignore_transient_errors",
	"validate_credentials":    tableSecrets + "validate_credentials",
	"credentials_file_path":   tableSecrets + "credentials_file_path",
	"ttl_seconds":             tableSecrets + "cache.ttl_seconds",
	"cache_size":              tableSecrets + "cache.cache_size",
	"ssrf_headers":            tableSecrets + "security.ssrf_headers",
	"ssrf_env_variables":      tableSecrets + "security.ssrf_env_variables",
	"prefetch":                tableSecrets + "prefetch",
}

// read takes the settings from a file.
func (s *settings) read(path string, text []byte) error {
	d, err := readDocument(path, text)
	if err != nil {
		return err
	}
	at := func(flat string) string {
		if d.nested {
			return flatKeys[flat]
		}
		return flat
	}
	if d.nested {
		d.flag(tableSecrets+"enabled", &s.enabled)
	}
	s.readLogging(d, at)
	d.number(at("http_port"), 0, 65535, &s.port)
	if s.port > 0 && s.port < 1024 {
		d.problem(at("http_port"), "is %d, and neither 0 nor from 1024 to 65535", s.port)
	}
	if d.text(at("region"), &s.region); strings.Trim(s.region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		d.problem(at("region"), "is %q, and no Region such as eu-west-1", s.region)
	}
	if d.text(at("path_prefix"), &s.prefix); !strings.HasPrefix(s.prefix, "/") {
		d.problem(at("path_prefix"), "does not begin with a slash")
	}
	d.number(at("max_conn"), 1, 1000, &s.maxConns)
	d.number(at("max_roles"), 1, 20, &s.maxRoles)
	d.flag(at("ignore_transient_errors"), &s.transient)
	d.flag(at("validate_credentials"), &s.validate)
	if file := at("credentials_file_path"); d.has(file) {
		if d.text(file, &s.credsFile); s.credsFile == "" {
			d.problem(file, "names no file")
		}
	}
	seconds := int(s.ttl / time.Second)
	d.number(at("ttl_seconds"), 0, 3600, &seconds)
	s.ttl = time.Duration(seconds) * time.Second
	d.number(at("cache_size"), 1, 1000, &s.cacheSize)
	s.readSecurity(d, at)
	s.readPrefetch(d, at("prefetch"))
	s.readOwn(d)
	return d.err(flatKeys)
}

func (s *settings) readLogging(d *document, at func(string) string) {
	level := "info"
	d.text(at("log_level"), &level)
	if !s.setLevel(level) {
		d.problem(at("log_level"), "is none of debug, info, warn, error and none")
	}
	toFile := false
	if d.flag(at("log_to_file"), &toFile); toFile {
		s.warnings = append(s.warnings, at("log_to_file")+" is not supported: the log goes to standard error")
	}
}

func (s *settings) setLevel(name string) bool {
	if strings.EqualFold(name, "none") {
		s.level = off
		return true
	}
	var level slog.Level
	switch strings.ToLower(name) {
	case "debug", "info", "warn", "error":
	default:
		return false
	}
	s.level = level
	return s.level.UnmarshalText([]byte(name)) == nil
}

func (s *settings) readSecurity(d *document, at func(string) string) {
	headers, variables := at("ssrf_headers"), at("ssrf_env_variables")
	if d.list(headers, &s.headers); len(s.headers) == 0 {
		d.problem(headers, "is empty: no client could prove itself")
	}
	for _, h := range s.headers {
		if h == "" || strings.ContainsAny(h, " :") {
			d.problem(headers, "has %q, which is no name of a header", h)
		}
	}
	if d.list(variables, &s.variables); len(s.variables) == 0 {
		d.problem(variables, "is empty")
	}
}

// logger writes to standard error, which is what sidecars' logs are taken from.
func (s settings) logger(stderr io.Writer) *slog.Logger {
	if s.level == off {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: s.level}))
}

// healthAddress is where the second listener is; empty if there is none.
func (s settings) healthAddress() string {
	switch {
	case s.own.health == "off":
		return ""
	case s.own.health != "":
		return s.own.health
	case s.port == 0 || s.port == math.MaxUint16:
		return "127.0.0.1:0"
	}
	return fmt.Sprintf("127.0.0.1:%d", s.port+1)
}
