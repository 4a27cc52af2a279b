package fakeaws

import (
	"encoding/json"
	"net/http"
)

const jsonType = "application/x-amz-json-1.1"

// decode reads the request of a JSON 1.1 operation into v. Unknown members are
// ignored, as AWS does.
func (c *call) decode(v any) error {
	if len(c.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		// The text of a json error can quote the input.
		return errorf("SerializationException", "The request's body is not what the operation expects.")
	}
	return nil
}

// writeJSONError sends an error of the JSON 1.1 protocol.
func (c *call) writeJSONError(w http.ResponseWriter, e *apiError) {
	body, err := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message,omitempty"`
	}{e.Code, e.Message})
	if err != nil {
		panic(err) // two strings
	}
	c.write(w, e.status(), jsonType, body)
}
