package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/irsakit/irsa/secrets"
)

const (
	// maxEvent is the longest body of a POST; an event of EventBridge has 256 KiB.
	maxEvent = 256 << 10
	// maxInvalidated bounds what one body is about, for each takes a look at all
	// that is held.
	maxInvalidated = 100
)

// event is an event of EventBridge about secrets or parameters: a label that has
// moved (Secrets Manager User Guide, "Secret Label Updated event"), a call that
// CloudTrail has recorded, the end of a rotation, or a change of Parameter Store.
// Members that are not here do not matter.
type event struct {
	Source    string   `json:"source"`
	Resources []string `json:"resources"`
	Detail    struct {
		Name              string `json:"name"` // of the secret or parameter
		RequestParameters struct {
			SecretID string `json:"secretId"`
			Name     string `json:"name"`
		} `json:"requestParameters"`
		ResponseElements struct {
			ARN string `json:"arn"`
		} `json:"responseElements"`
		AdditionalEventData struct {
			SecretID string `json:"SecretId"`
		} `json:"additionalEventData"`
	} `json:"detail"`
}

// subjects are the references that the event may be about.
func (e event) subjects() []string {
	d := e.Detail
	found := append([]string{}, e.Resources...)
	if e.Source == "aws.ssm" {
		for _, name := range []string{d.Name, d.RequestParameters.Name} {
			if name != "" {
				found = append(found, "ssm:"+name)
			}
		}
		return found
	}
	return append(found, d.Name, d.RequestParameters.SecretID, d.ResponseElements.ARN, d.AdditionalEventData.SecretID)
}

// invalidate has the Store fetch secrets anew, as the client or AWS's events tell
// to.
func (x *exchange) invalidate() {
	if x.r.Method != http.MethodPost {
		notAllowed.write(x.w)
		return
	}
	done, err := x.toInvalidate()
	if err != nil {
		answerTo(err, secrets.Ref{}).write(x.w)
		return
	}
	for _, s := range done {
		x.store.Invalidate(s)
		if ref, _ := secrets.ParseRef(s); ref.Service == secrets.ParameterStore && !ref.Ciphertext {
			ref.Ciphertext = true // as it is read for who does not ask for decryption
			x.store.Invalidate(ref.String())
		}
	}
	writeJSON(x.w, http.StatusOK, map[string][]string{"invalidated": done})
}

// toInvalidate returns the references that the body is about. An event has what
// may be no reference, or none for this token, which is left out.
func (x *exchange) toInvalidate() ([]string, error) {
	all, isEvent, err := invalidated(http.MaxBytesReader(x.w, x.r.Body, maxEvent))
	switch {
	case err != nil:
		return nil, err
	case len(all) > maxInvalidated:
		return nil, refuse("more than %d refs in one body", maxInvalidated)
	}
	done := []string{}
	for _, s := range all {
		ref, err := secrets.ParseRef(s)
		if err != nil {
			err = refuse("invalid ref: %v", err)
		} else {
			err = x.permit(x.who, ref)
		}
		switch {
		case err == nil:
			done = append(done, s)
		case !isEvent:
			return nil, err
		}
	}
	return done, nil
}

// invalidated reads a body, which is either {"refs": […]} or an event of
// EventBridge, told by its source.
func invalidated(body io.Reader) (refs []string, isEvent bool, err error) {
	text, err := io.ReadAll(body)
	if err != nil {
		if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
			return nil, false, refuse("the body is longer than %d bytes", maxEvent)
		}
		return nil, false, refuse("the body cannot be read")
	}
	members, err := membersOf(text)
	if err != nil {
		return nil, false, err
	}
	_, isEvent = members["source"]
	_, hasRefs := members["refs"]
	switch {
	case isEvent && hasRefs:
		return nil, false, refuse(`the body has both "refs" and "source"`)
	case isEvent:
		var e event
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, true, wrongType(err)
		}
		return e.subjects(), true, nil
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if name != "refs" {
			return nil, false, refuse("unknown member: %.40q", name)
		}
	}
	if err := json.Unmarshal(members["refs"], &refs); err != nil || refs == nil {
		return nil, false, refuse(`member "refs" is no list of references`)
	}
	return refs, false, nil
}

// membersOf returns the members of the JSON object that is all of text, each of
// which is there once.
func membersOf(text []byte) (map[string]json.RawMessage, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	if first, err := in.Token(); err != nil || first != json.Delim('{') {
		return nil, refuse("the body is no JSON object")
	}
	members := map[string]json.RawMessage{}
	for in.More() {
		var value json.RawMessage
		key, err := in.Token()
		name, _ := key.(string)
		if err = errors.Join(err, in.Decode(&value)); err != nil {
			return nil, refuse("the body is no JSON object")
		}
		if _, twice := members[name]; twice {
			return nil, refuse("member %.40q is there twice", name)
		}
		members[name] = value
	}
	if _, err := in.Token(); err != nil {
		return nil, refuse("the body is no JSON object")
	}
	if _, err := in.Token(); err != io.EOF {
		return nil, refuse("the body has something behind the JSON object")
	}
	return members, nil
}

// wrongType names the member of an event that is not of its type.
func wrongType(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return refuse("member %.80q of the event has the type %s", wrong.Field, wrong.Value)
	}
	return refuse("the body is no event")
}
