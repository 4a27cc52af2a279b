package fakeaws

import (
	"encoding/xml"
	"mime"
	"net/http"
	"net/url"
)

// stsNamespace is the XML namespace of STS, and its version the API's.
const (
	stsVersion   = "2011-06-15"
	stsNamespace = "https://sts.amazonaws.com/doc/" + stsVersion + "/"
)

// serveQuery serves a call of the query protocol, which is STS's (Smithy, "AWS
// query protocol").
func (c *call) serveQuery(w http.ResponseWriter, r *http.Request) {
	out, err := c.runQuery(r)
	c.end(err)
	if err != nil {
		c.writeXMLError(w, asAPIError(err))
		return
	}
	c.writeXML(w, http.StatusOK, queryResponse{
		XMLName:   xml.Name{Space: stsNamespace, Local: c.operation + "Response"},
		Result:    out,
		RequestID: c.requestID,
	})
}

// parameters come as a form or in the URL: they are the form's, or the URL's where there is no form.
func parameters(r *http.Request, body []byte) url.Values {
	if r.Method != http.MethodPost {
		return r.URL.Query()
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return nil
	}
	form, _ := url.ParseQuery(string(body)) // what cannot be parsed is left out
	return form
}

func (c *call) runQuery(r *http.Request) (any, error) {
	if err := c.injected(); err != nil {
		return nil, err
	}
	op, ok := stsOperations[c.operation]
	if version := c.params.Get("Version"); !ok || version != stsVersion {
		return nil, errorf("InvalidAction", "Could not find operation %s for version %s", c.operation, version)
	}
	if !op.unsigned {
		if err := c.authenticate(r); err != nil {
			return nil, err
		}
	}
	return op.serve(c)
}

// queryResponse is the frame of a result; its element's name is the
// operation's, and that of Result comes from its XMLName.
type queryResponse struct {
	XMLName   xml.Name
	Result    any
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

// queryError is the frame of an error.
type queryError struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

func (c *call) writeXMLError(w http.ResponseWriter, e *apiError) {
	fault := "Sender"
	if e.status() >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	c.writeXML(w, e.status(), queryError{Type: fault, Code: e.Code, Message: e.Message, RequestID: c.requestID})
}

func (c *call) writeXML(w http.ResponseWriter, status int, v any) {
	body, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // the types are our own
	}
	c.write(w, status, "text/xml", append(body, '\n'))
}
