package fakeaws

// AWS is a running fake. It is an http.Handler that serves every service at
// every host; it is safe for concurrent use and reads time.Now, so that it
// follows a synctest bubble's clock.
type AWS struct {
	ids     *ids
	issuers []*issuer
	faults  faults
	state
}
