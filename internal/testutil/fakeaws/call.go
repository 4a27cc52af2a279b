package fakeaws

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/irsakit/irsa/policy"
)

// operation serves one operation of a JSON 1.1 service. What it returns is
// marshalled as the response's body; its error should be an [*apiError], for
// any other becomes an InternalFailure.
type operation func(c *call) (any, error)

// jsonOperations are the operations of the JSON 1.1 services under their
// X-Amz-Target, such as "secretsmanager.GetSecretValue". Each service's file
// contributes its own with registerJSON from an init-time variable:
//
//	var _ = registerJSON(map[string]operation{
//		"TrentService.Decrypt": kmsDecrypt,
//	})
var jsonOperations = map[string]operation{}

func registerJSON(operations map[string]operation) struct{} {
	maps.Copy(jsonOperations, operations)
	return struct{}{}
}

// call is one request being served. It belongs to one goroutine.
type call struct {
	ctx       context.Context
	aws       *AWS
	service   string // "sts", "secretsmanager", "ssm", "kms"
	operation string // "GetSecretValue"
	region    string // of the credential scope; that of the host if unsigned
	requestID string
	header    http.Header
	sourceIP  string
	body      []byte      // of a JSON 1.1 request; decode with c.decode
	params    url.Values  // of a query protocol request
	caller    *session    // the verified principal; nil only where unsigned calls are allowed
	via       string      // service that calls for the caller, "secretsmanager"; "" if it calls itself
	fault     Fault       // that was injected
	record    *callRecord // becomes part of AWS.Calls when the call ends
}

// forward makes a call that c's service makes to another service for c's
// caller, as Secrets Manager calls KMS: the same caller, session and region,
// with via set and thus aws:ViaAWSService, aws:CalledVia and kms:ViaService in
// the conditions that authorize sees. The call is recorded on its own, after c.
func (c *call) forward(service, operation string, serve func(*call) error) error {
	inner := *c
	inner.service, inner.operation, inner.via = service, operation, c.service
	inner.requestID = c.aws.ids.uuid()
	inner.body, inner.params = nil, nil
	inner.record = newRecord(&inner)
	inner.record.Via = c.service + "." + dnsSuffix(c.region)
	err := serve(&inner)
	inner.record.finish(err)
	c.record.forwarded = append(c.record.forwarded, inner.record)
	return err
}

// now is what AWS's clock shows.
func (c *call) now() time.Time { return time.Now().Add(c.fault.Skew) }

// partition is the partition of the call's region.
func (c *call) partition() string { return policy.Partition(c.region) }
