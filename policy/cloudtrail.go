package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Event is a refused call as AWS recorded it: by CloudTrail, or in what
// sts:DecodeAuthorizationMessage tells.
type Event struct {
	Denial Denial `json:"denial"`
	// Request is the call, as far as the record tells. It is not closed, since
	// records leave condition keys out.
	Request Request   `json:"-"`
	ID      string    `json:"id,omitempty"`
	Time    time.Time `json:"time,omitzero"`
	Region  string    `json:"region,omitempty"`
	// Via is the service that made the call on the caller's behalf, such as
	// "secretsmanager.amazonaws.com".
	Via string `json:"via,omitempty"`
	// Sids are the statements that matched, where the record names them.
	Sids []string `json:"sids,omitempty"`
}

// ErrNoEvent says that there is no CloudTrail event in what was given.
var ErrNoEvent = errors.New("policy: no CloudTrail event, which is a JSON object with eventSource and eventName")

// ErrNoAuthorization says that there is no decoded authorization message in
// what was given.
var ErrNoAuthorization = errors.New("policy: no decoded authorization message, which is a JSON object with allowed and context")

// ParseEvents reads CloudTrail events (CloudTrail User Guide,
// cloudtrail-event-reference) and returns those that were refused: one event,
// several one after the other or in an array, a log file with its Records, the
// answer of LookupEvents, the detail of an EventBridge event, each also with a
// log line's text around it. It returns [ErrNoEvent] if it sees none, refused
// or not.
func ParseEvents(data []byte) ([]Event, error) {
	for _, values := range readings(data) {
		var events []Event
		seen := false
		for _, value := range values {
			for _, record := range recordsIn(value, 0) {
				seen = true
				if e, refused := record.event(); refused {
					events = append(events, e)
				}
			}
		}
		if seen {
			return events, nil
		}
	}
	return nil, ErrNoEvent
}

// readings are the ways to read JSON objects and arrays out of data: all of it,
// what each line holds, and what the first brace begins.
func readings(data []byte) [][]json.RawMessage {
	whole, complete := decodeAll(data)
	if complete {
		return [][]json.RawMessage{whole}
	}
	var lines []json.RawMessage
	for line := range bytes.Lines(data) {
		values, _ := decodeAll(line)
		lines = append(lines, values...)
	}
	return [][]json.RawMessage{lines, whole}
}

// decodeAll decodes one JSON value after the other, from the first brace or
// bracket that begins one, and reports whether they go on to the end. It tries
// a few, so that its time stays linear.
func decodeAll(data []byte) (values []json.RawMessage, complete bool) {
	const tries = 4
	for range tries {
		i := bytes.IndexAny(data, "{[")
		if i < 0 {
			return nil, false
		}
		data = data[i:]
		dec := json.NewDecoder(bytes.NewReader(data))
		for {
			var v json.RawMessage
			if err := dec.Decode(&v); err != nil {
				complete = errors.Is(err, io.EOF)
				break
			}
			values = append(values, v)
		}
		if values != nil {
			return values, complete
		}
		data = data[1:]
	}
	return nil, false
}
