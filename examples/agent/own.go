package main

import (
	"net"
	"time"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
)

// readOwn takes the table [irsa], which goes with both forms.
func (s *settings) readOwn(d *document) {
	const table = "irsa."
	o := &s.own
	d.text(table+"health_listen", &o.health)
	if _, _, err := net.SplitHostPort(o.health); err != nil && o.health != "" && o.health != "off" {
		d.problem(table+"health_listen", `is neither an address, such as ":9090", nor "off"`)
	}
	d.text(table+"socket", &o.socket)
	if d.text(table+"token_file", &o.tokenFile); o.tokenFile == "" {
		d.problem(table+"token_file", "is empty")
	}
	d.list(table+"roles", &o.roles)
	dialect := o.dialect.String()
	d.text(table+"dialect", &dialect)
	if err := o.dialect.UnmarshalText([]byte(dialect)); err != nil {
		d.problem(table+"dialect", "is none of route, agent and extension")
	}
	d.list(table+"preload", &o.preload)
	for _, ref := range o.preload {
		if _, err := secrets.ParseRef(ref); err != nil {
			d.problem(table+"preload", "has what is no reference: %v", err)
		}
	}
	d.list(table+"hosts", &o.hosts)
	d.duration(table+"max_stale", &o.maxStale)
	d.duration(table+"drain", &o.drain)
	d.flag(table+"strict", &o.strict)
	d.flag(table+"secret_metrics", &o.names)
	for _, path := range d.tables(table + "tokens") {
		t := tokenSetting{path: path}
		d.text(path+".file", &t.file)
		d.text(path+".env", &t.env)
		d.list(path+".secrets", &t.secrets)
		d.list(path+".roles", &t.roles)
		if (t.file == "") == (t.env == "") {
			d.problem(path, "takes either file or env")
		}
		o.tokens = append(o.tokens, t)
	}
}

// maxStale is how old a value may get while AWS is out of reach. The Store is told
// of it even if nothing is set, for what the metric says to be what holds.
func (s settings) maxStale() time.Duration {
	if s.own.maxStale > 0 {
		return s.own.maxStale
	}
	return max(time.Hour, 2*s.ttl)
}

// config is that of the agent, but for what it stands on.
func (s settings) config() agent.Config {
	c := agent.Config{
		Headers: s.headers, PathPrefix: s.prefix, Dialect: s.own.dialect, Hosts: s.own.hosts,
		Roles: s.own.roles, MaxRoles: s.maxRoles, MaxConns: s.maxConns,
		TTL: s.ttl, ReportTransient: !s.transient,
		Declared: s.own.preload, DrainTimeout: s.own.drain,
	}
	if c.TTL == 0 {
		c.TTL = -1 // as short as can be
	}
	return c
}
