package fakeaws

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// maxBody is more than any operation of the fake's services takes.
const maxBody = 1 << 20

// ServeHTTP serves all of AWS: the discovery documents of the issuers, the Pod
// Identity agent, then the JSON 1.1 services, which X-Amz-Target tells apart,
// then STS.
func (a *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusRequestEntityTooLarge)
		return
	}
	c := a.newCall(r, body)
	serve := c.route(r)
	c.fault = a.faults.of(c)
	w.Header().Set("Date", c.now().UTC().Format(http.TimeFormat))
	w.Header().Set("X-Amzn-Requestid", c.requestID)
	if !c.strike(w) {
		serve(w, r)
	}
}

// route names the call and returns what serves it.
func (c *call) route(r *http.Request) http.HandlerFunc {
	if issuer, path := c.aws.issuerOf(r); issuer != nil {
		c.begin(discoveryService, discoveryOperation(path))
		return func(w http.ResponseWriter, _ *http.Request) { c.serveDiscovery(w, issuer) }
	}
	if forAgent(r) {
		c.begin(podIdentityService, podIdentityOperation)
		return c.serveAgent
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		prefix, name, _ := strings.Cut(target, ".")
		c.begin(targets[prefix], name)
		return c.serveJSON
	}
	c.params = parameters(r, c.body)
	c.begin("sts", c.params.Get("Action"))
	return c.serveQuery
}

// newCall begins the call that a request makes.
func (a *AWS) newCall(r *http.Request, body []byte) *call {
	c := &call{
		ctx:       r.Context(),
		aws:       a,
		requestID: a.ids.uuid(),
		header:    r.Header,
		sourceIP:  r.RemoteAddr,
		body:      body,
	}
	if ip, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		c.sourceIP = ip
	}
	if at, ok := parseHost(r.Host); ok {
		c.region = at.region
	}
	c.record = newRecord(c)
	return c
}

// begin names the call once it is known what it asks for.
func (c *call) begin(service, operation string) {
	c.service, c.operation = service, operation
	c.record.Service, c.record.Operation = service, operation
	c.record.Region = c.region
}

// targets are the services by the prefix of X-Amz-Target.
var targets = map[string]string{
	"secretsmanager": "secretsmanager",
	"AmazonSSM":      "ssm",
	"TrentService":   "kms",
}

// serveJSON serves a call of the JSON 1.1 protocol (Smithy, "AWS JSON 1.1
// protocol").
func (c *call) serveJSON(w http.ResponseWriter, r *http.Request) {
	out, err := c.runJSON(r)
	c.end(err)
	if err != nil {
		c.writeJSONError(w, asAPIError(err))
		return
	}
	c.writeJSON(w, jsonType, out)
}

func (c *call) runJSON(r *http.Request) (any, error) {
	if err := c.injected(); err != nil {
		return nil, err
	}
	serve, ok := jsonOperations[r.Header.Get("X-Amz-Target")]
	if !ok {
		return nil, errorf("UnknownOperationException", "")
	}
	if err := c.authenticate(r); err != nil {
		return nil, err
	}
	return serve(c)
}

// writeJSON sends what an operation answers.
func (c *call) writeJSON(w http.ResponseWriter, contentType string, out any) {
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // the types are our own
	}
	c.write(w, http.StatusOK, contentType, body)
}

// write sends a response, or as much of it as the call's fault lets through.
func (c *call) write(w http.ResponseWriter, status int, contentType string, body []byte) {
	if c.fault.Lose {
		hangUp(w)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if c.fault.Cut {
		cut(w, body[:len(body)/2])
		return
	}
	_, _ = w.Write(body) // a client that has gone needs no answer
}
