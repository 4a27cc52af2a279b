package fakeaws

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is more than any operation of the fake's services takes.
const maxBody = 1 << 20

// ServeHTTP serves all of AWS: the discovery documents of the issuers, then
// the JSON 1.1 services, which X-Amz-Target tells apart, then STS.
func (a *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if issuer, path := a.issuerOf(r); issuer != nil {
		issuer.serve(w, path)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusRequestEntityTooLarge)
		return
	}
	c := a.newCall(r, body)
	w.Header().Set("X-Amzn-Requestid", c.requestID)
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		c.serveJSON(w, r, target)
	} else {
		c.serveQuery(w, r)
	}
	a.log(c.record)
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
func (c *call) serveJSON(w http.ResponseWriter, r *http.Request, target string) {
	prefix, name, _ := strings.Cut(target, ".")
	c.begin(targets[prefix], name)
	out, err := c.runJSON(r, target)
	c.record.finish(err)
	if err != nil {
		c.writeJSONError(w, asAPIError(err))
		return
	}
	body, err := json.Marshal(out)
	if err != nil {
		c.record.finish(err)
		c.writeJSONError(w, asAPIError(err))
		return
	}
	c.write(w, http.StatusOK, jsonType, body)
}

func (c *call) runJSON(r *http.Request, target string) (any, error) {
	serve, ok := jsonOperations[target]
	if !ok {
		return nil, errorf("UnknownOperationException", "")
	}
	if err := c.authenticate(r); err != nil {
		return nil, err
	}
	return serve(c)
}

// write sends a response.
func (c *call) write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.Copy(w, bytes.NewReader(body)) // a client that has gone needs no answer
}
