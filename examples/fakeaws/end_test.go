package main

import (
	"net"
	"strings"
	"testing"
)

// Who is connected and says nothing, as clients with a connection to spare are,
// does not make of its end a failure.
func TestEndsBesideSilence(t *testing.T) {
	t.Parallel()
	var silent net.Conn
	t.Cleanup(func() { // after the end of the fake, which must go well
		if silent != nil {
			silent.Close()
		}
	})
	endpoint, _ := startFake(t)
	var err error
	if silent, err = net.Dial("tcp", strings.TrimPrefix(endpoint, "http://")); err != nil {
		t.Fatal(err)
	}
	mint(t, endpoint, "testapp", "") // when it is answered, who came before has been let in
}
