package policy

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Size returns how much of its quota the document takes as a policy of that
// kind, in the quota's units: characters without white space for most kinds,
// all characters for service and resource control policies, bytes for key
// policies (IAM User Guide, reference_iam-quotas; Organizations User Guide,
// orgs_reference_limits; KMS Developer Guide, resource-limits). A control
// policy that was built or changed counts as if it were saved without white
// space. A document that JSON cannot hold has no size, 0.
func (d *Document) Size(k Kind) int {
	text, err := d.MarshalJSON()
	if err != nil {
		return 0
	}
	return sizeAs(k, text, d.untouched(text))
}

// sizeAs is the size of a document in its kind's units, given without white
// space and, if known, as it was written.
func sizeAs(k Kind, compact, written []byte) int {
	switch {
	case k == KeyPolicy:
		return len(compact)
	case written != nil && (k == ServiceControlPolicy || k == ResourceControlPolicy):
		return utf8.RuneCount(written)
	}
	return utf8.RuneCount(compact)
}

// untouched returns the source if the document, whose JSON is given, is still
// what it was parsed from, else nil.
func (d *Document) untouched(text []byte) []byte {
	if d.src == nil {
		return nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, d.src.data); err != nil || !bytes.Equal(b.Bytes(), text) {
		return nil
	}
	return d.src.data
}
