package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/endpoint"
)

// The variables by which clients find a server.
const (
	envURI       = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	envToken     = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
	envTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
)

// serve answers clients until ctx ends.
func serve(ctx context.Context, o options, env func(string) string, stdout io.Writer) error {
	token, err := o.token(env)
	if err != nil {
		return err
	}
	cfg := endpoint.Config{
		Token:       token,
		Roles:       make(map[string]aws.CredentialsProvider),
		Hosts:       o.hosts,
		AllowRemote: o.remote,
		MinLifetime: o.minLifetime,
		Logger:      o.config.Logger,
	}
	if !o.rolesOnly {
		p, err := credentials.New(ctx, o.own())
		if err != nil {
			return err
		}
		defer p.Close()
		cfg.Provider = p
	}
	for name, hops := range o.roles {
		p, err := credentials.New(ctx, o.with(hops))
		if err != nil {
			return fmt.Errorf("role %s: %w", name, err)
		}
		defer p.Close()
		cfg.Roles[name] = p
	}
	server, err := endpoint.New(cfg)
	if err != nil {
		return err
	}
	l, err := server.Listen(ctx, o.listen)
	if err != nil {
		return err
	}
	announce(stdout, fromHere(l.Addr().String()), o)
	return server.Serve(ctx, l)
}

// token is what clients must send.
func (o options) token(env func(string) string) (endpoint.Token, error) {
	switch {
	case o.tokenFile != "":
		return endpoint.FileToken(o.tokenFile)
	case env(envToken) != "":
		return endpoint.StaticToken(env(envToken))
	}
	return endpoint.Token{}, fmt.Errorf("%w: name a file for the clients' token by -token-file, or set %s", errUsage, envToken)
}

// fromHere returns an address as clients on this machine reach it. SDKs send no
// token to the one that stands for all.
func fromHere(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host != "" && !net.ParseIP(host).IsUnspecified() {
		return addr
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// announce prints what clients need in their environment. A token itself does
// not go into what is often a log.
func announce(stdout io.Writer, addr string, o options) {
	if o.rolesOnly {
		fmt.Fprintf(stdout, "export %s=http://%s%sNAME\n", envURI, addr, endpoint.PathRole)
	} else {
		fmt.Fprintf(stdout, "export %s=http://%s%s\n", envURI, addr, endpoint.PathCredentials)
	}
	if o.tokenFile != "" {
		file, err := filepath.Abs(o.tokenFile) // clients have directories of their own
		if err != nil {
			file = o.tokenFile
		}
		fmt.Fprintf(stdout, "export %s=%s\n", envTokenFile, file)
	} else {
		fmt.Fprintf(stdout, "# and %s as it is set for this process\n", envToken)
	}
	for _, name := range o.names {
		fmt.Fprintf(stdout, "# http://%s%s%s is %s\n", addr, endpoint.PathRole, name, o.describe(name))
	}
}
