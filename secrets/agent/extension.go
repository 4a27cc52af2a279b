package agent

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// The Lambda extension answers what AWS's SDK for Go gives it, marshalled whole:
// with nulls, dates of ISO 8601 and an empty ResultMetadata. Its clients tell
// success by SecretString or Parameter being there.
type (
	extensionSecret struct {
		ARN            *string
		CreatedDate    *time.Time
		Name           *string
		SecretBinary   []byte
		SecretString   *string
		VersionID      *string `json:"VersionId"`
		VersionStages  []string
		ResultMetadata struct{}
	}
	extensionParameter struct {
		Parameter      parameter
		ResultMetadata struct{}
	}
	parameter struct {
		ARN              *string
		DataType         *string
		LastModifiedDate *time.Time
		Name             *string
		Selector         *string
		SourceResult     *string
		Type             string
		Value            *string
		Version          int64
	}
)

// appendExtensionSecret appends a secret as the extension answers it.
func appendExtensionSecret(b []byte, v secrets.Value) []byte {
	out := extensionSecret{
		ARN: optional(v.ARN()), CreatedDate: optional(v.Created().UTC()), Name: optional(v.Name()),
		VersionID: optional(v.Version()), VersionStages: v.Stages(),
	}
	data := v.RevealBytes()
	defer clear(data)
	if isBinary(v, data) {
		out.SecretBinary = data
	} else {
		out.SecretString = new(string(data))
	}
	return appendJSON(b, out)
}

// parameterEncoder returns the encoder of the parameter that ref names. AWS
// repeats the selector of the request.
func parameterEncoder(ref secrets.Ref) func([]byte, secrets.Value) []byte {
	return func(b []byte, v secrets.Value) []byte {
		p := parameter{
			ARN: optional(v.ARN()), DataType: optional(v.DataType()), LastModifiedDate: optional(v.Created().UTC()),
			Name: optional(v.Name()), Type: v.Type(), Value: new(v.Reveal()),
		}
		p.Version, _ = strconv.ParseInt(v.Version(), 10, 64) // AWS's are numbers
		if selector := or(ref.Version, ref.Stage); selector != "" {
			p.Selector = new(":" + selector)
		}
		return appendJSON(b, extensionParameter{Parameter: p})
	}
}

// optional is nil for the zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func appendJSON(b []byte, v any) []byte {
	out, _ := json.Marshal(v) // of these types always succeeds
	return append(b, out...)
}
