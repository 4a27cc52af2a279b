package policy

// documentElements are the members of a document in canonical order (IAM User
// Guide, reference_policies_grammar).
var documentElements = elements[Document]{
	bind("Version", func(d *Document) *string { return &d.Version }, decodeVersion, appendText),
	bind("Id", func(d *Document) *string { return &d.ID }, decodeString, appendText),
	{
		name: "Statement",
		decode: func(d *Document, n *node) error {
			s, err := decodeStatements(n)
			d.Statements, d.single = s.list, s.single
			return err
		},
		encode: func(d *Document, dst []byte) ([]byte, error) {
			return appendStatements(dst, statements{d.Statements, d.single})
		},
	},
}

// statementElements are the members of a statement in canonical order.
var statementElements = elements[Statement]{
	bind("Sid", func(s *Statement) *string { return &s.Sid }, decodeString, appendText),
	bind("Effect", func(s *Statement) *Effect { return &s.Effect }, decodeEffect, appendText),
	bind("Principal", func(s *Statement) *Principal { return &s.Principal }, decodePrincipal, appendPrincipal),
	bind("NotPrincipal", func(s *Statement) *Principal { return &s.NotPrincipal }, decodePrincipal, appendPrincipal),
	bind("Action", func(s *Statement) *Values { return &s.Action }, decodeStrings, appendValues),
	bind("NotAction", func(s *Statement) *Values { return &s.NotAction }, decodeStrings, appendValues),
	bind("Resource", func(s *Statement) *Values { return &s.Resource }, decodeStrings, appendValues),
	bind("NotResource", func(s *Statement) *Values { return &s.NotResource }, decodeStrings, appendValues),
	bind("Condition", func(s *Statement) *Condition { return &s.Condition }, decodeCondition, appendCondition),
}
