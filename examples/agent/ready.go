package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// ready asks a running agent whether it can serve: for probes of kind exec,
// since those of kind httpGet do not reach loopback.
func ready(ctx context.Context, s settings, stdout io.Writer) error {
	addr := s.probe
	if addr == "" {
		addr = s.healthAddress()
	}
	host, port, err := net.SplitHostPort(addr)
	switch {
	case err != nil && s.probe != "":
		return fmt.Errorf("-listen %q is no address such as 127.0.0.1:2774", s.probe)
	case err != nil || port == "0":
		return errors.New("the configuration names no port of a health listener: set irsa.health_listen, or give -listen")
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	// No proxy, whatever the environment says.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	switch {
	case err != nil:
		return err
	case response.StatusCode == http.StatusServiceUnavailable:
		return errors.New("not ready: " + strings.TrimSpace(string(text)))
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s is not the agent's health listener, one port up if nothing else is set: it answers %s", addr, response.Status)
	}
	_, err = fmt.Fprintln(stdout, "ready")
	return err
}
