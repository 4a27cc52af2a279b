package agent

import (
	"encoding/json"
	"net/http"

	"github.com/irsakit/irsa/secrets"
)

// maxEvent is the longest body of a POST; an event of EventBridge has 256 KiB.
const maxEvent = 256 << 10

// event is either a list of references or an event of EventBridge about secrets
// or parameters: a call that CloudTrail has recorded, the end of a rotation, or a
// change of Parameter Store. Members that are not here do not matter.
type event struct {
	Refs []string `json:"refs"`

	Source    string   `json:"source"`
	Resources []string `json:"resources"`
	Detail    struct {
		Name              string `json:"name"` // of the parameter
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

// subjects are the references that the event of EventBridge may be about.
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
	return append(found, d.RequestParameters.SecretID, d.ResponseElements.ARN, d.AdditionalEventData.SecretID)
}

// invalidate has the Store fetch secrets anew, as AWS's events tell to. What an
// event is about beside them, and what the token may not read, is left out.
func (x *exchange) invalidate() {
	if x.r.Method != http.MethodPost {
		notAllowed.write(x.w)
		return
	}
	var e event
	if err := json.NewDecoder(http.MaxBytesReader(x.w, x.r.Body, maxEvent)).Decode(&e); err != nil {
		plain(http.StatusBadRequest, "the body is neither refs nor an event").write(x.w)
		return
	}
	done := []string{}
	for _, s := range e.Refs {
		ref, err := secrets.ParseRef(s)
		if err == nil {
			err = x.permit(x.who, ref)
		} else {
			err = refuse("invalid ref")
		}
		if err != nil {
			answerTo(err, ref).write(x.w)
			return
		}
		done = append(done, s)
	}
	for _, s := range e.subjects() {
		if ref, err := secrets.ParseRef(s); err == nil && x.permit(x.who, ref) == nil {
			done = append(done, s)
		}
	}
	for _, ref := range done {
		x.store.Invalidate(ref)
	}
	writeJSON(x.w, http.StatusOK, map[string][]string{"invalidated": done})
}
