package credentials_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/irsakit/irsa/credentials"
)

// answerNames replaces the resolver of this process for one test. The nth
// question for an IPv4 address is answered by addresses[n], later ones by the
// last. There are no IPv6 addresses.
func answerNames(t *testing.T, addresses ...[]string) *atomic.Int64 {
	t.Helper()
	old := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = old })
	var asked atomic.Int64
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				serveNames(server, func() []string {
					n := asked.Add(1)
					return addresses[min(int(n), len(addresses))-1]
				})
			}()
			return client, nil
		},
	}
	return &asked
}

// serveNames answers one question over a stream (RFC 1035, 4).
func serveNames(conn io.ReadWriter, lookup func() []string) {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return
	}
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5 // the root, type and class
	var found []string
	if query[end-3] == 1 { // type A
		found = lookup()
	}
	reply := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, byte(len(found)), 0, 0, 0, 0}, query[12:end]...)
	for _, a := range found {
		reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		reply = append(reply, netip.MustParseAddr(a).AsSlice()...)
	}
	conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
}

func TestContainerNames(t *testing.T) {
	var reached atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Add(1)
		io.WriteString(w, goodAnswer())
	}))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	setenv(t, map[string]string{"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://endpoint.test:" + port})
	tests := map[string]struct {
		addresses [][]string
		text      string // "" if it is allowed
		asked     int64
	}{
		"loopback":       {[][]string{{"127.0.0.1"}}, "", 2},
		"elsewhere":      {[][]string{{"192.0.2.1"}}, "192.0.2.1", 1},
		"one of several": {[][]string{{"127.0.0.1", "192.0.2.1"}}, "192.0.2.1", 1},
		// The name is given another address after it was looked at.
		"rebound": {[][]string{{"127.0.0.1"}, {"192.0.2.1"}}, "192.0.2.1:" + port, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reached.Store(0)
			asked := answerNames(t, test.addresses...)
			_, err := newProvider(t, credentials.Config{}).Retrieve(t.Context())
			if got := asked.Load(); got != test.asked {
				t.Errorf("%d lookups, want %d", got, test.asked)
			}
			if test.text == "" {
				if err != nil || reached.Load() != 1 {
					t.Errorf("reached %d times: %v", reached.Load(), err)
				}
				return
			}
			wantText(t, err, test.text, "plain HTTP is not sent")
			if !errors.Is(err, credentials.ErrConfiguration) || reached.Load() != 0 {
				t.Errorf("reached %d times: %v", reached.Load(), err)
			}
		})
	}
}

// A client of the caller's that cannot be seen through is asked nothing for a
// name that leads elsewhere.
func TestContainerNamesBeforeOtherClients(t *testing.T) {
	setenv(t, map[string]string{"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://endpoint.test/"})
	answerNames(t, []string{"192.0.2.1"})
	_, err := newProvider(t, credentials.Config{HTTPClient: noNetwork(t)}).Retrieve(t.Context())
	wantText(t, err, "192.0.2.1")
}

// A name that cannot be resolved may be resolved later.
func TestContainerNameUnknown(t *testing.T) {
	setenv(t, map[string]string{"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://endpoint.test/"})
	answerNames(t, nil)
	_, err := newProvider(t, credentials.Config{HTTPClient: noNetwork(t)}).Retrieve(t.Context())
	wantText(t, err, "http://endpoint.test: no answer")
	if !errors.Is(err, credentials.ErrUnavailable) {
		t.Errorf("not ErrUnavailable: %v", err)
	}
}
