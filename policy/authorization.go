package policy

import (
	"encoding/json"
	"slices"
	"strings"
)

// decodedMessage is what sts:DecodeAuthorizationMessage decodes.
type decodedMessage struct {
	Allowed           *bool
	ExplicitDeny      bool
	MatchedStatements items[matchedStatement]
	Context           struct {
		Principal  struct{ ID, ARN string }
		Action     string
		Resource   string
		Conditions items[struct {
			Key    string
			Values items[struct{ Value string }]
		}]
	}
}

// items is how the message wraps its lists.
type items[T any] struct{ Items []T }

type matchedStatement struct {
	StatementID string
	Effect      string
	Actions     items[struct{ Value string }]
}

// ParseAuthorization reads what sts:DecodeAuthorizationMessage answers: the
// message itself, or the JSON around it that the CLI prints. The Denial of the
// event says whether a statement denies and its Sids which; the message does
// not say in what policy. It returns [ErrNoAuthorization] if that is not what
// it is given.
func ParseAuthorization(data []byte) (Event, error) {
	for _, value := range slices.Concat(readings(data)...) {
		var outer struct{ DecodedMessage string }
		if json.Unmarshal(value, &outer) == nil && outer.DecodedMessage != "" {
			value = json.RawMessage(outer.DecodedMessage)
		}
		var m decodedMessage
		_ = json.Unmarshal(value, &m) // leaves out what has another type
		if m.Allowed != nil && m.Context.Action != "" {
			return m.event(), nil
		}
	}
	return Event{}, ErrNoAuthorization
}

func (m decodedMessage) event() Event {
	ctx := m.Context
	d := Denial{Principal: ctx.Principal.ARN, Action: m.action(), Resource: ctx.Resource, Explicit: m.ExplicitDeny}
	e := Event{Denial: d.completed()}
	for _, s := range m.MatchedStatements.Items {
		if s.StatementID != "" {
			e.Sids = append(e.Sids, oneLine(s.StatementID))
		}
	}
	e.Request = Request{Principal: d.Principal, Action: d.Action, Resource: d.Resource, Context: Context{}}
	if id, _, _ := strings.Cut(ctx.Principal.ID, ":"); isUniqueID(id) {
		e.Request.PrincipalID = id
	}
	for _, c := range ctx.Conditions.Items {
		values := []string{}
		for _, v := range c.Values.Items {
			values = append(values, v.Value)
		}
		if strings.Contains(c.Key, ":") {
			e.Request.Context[c.Key] = values
		}
	}
	if region := e.Request.Context["aws:RequestedRegion"]; len(region) == 1 {
		e.Region = oneLine(region[0])
	}
	return e
}

// action is the action with its service, which the message leaves out at
// times. The resource then tells it.
func (m decodedMessage) action() string {
	action := m.Context.Action
	if strings.Contains(action, ":") {
		return action
	}
	if arn, ok := splitARN(m.Context.Resource); ok {
		return arn.Service + ":" + action
	}
	for _, s := range m.MatchedStatements.Items {
		for _, a := range s.Actions.Items {
			if service, name, ok := strings.Cut(a.Value, ":"); ok && strings.EqualFold(name, action) {
				return service + ":" + action
			}
		}
	}
	return action
}
