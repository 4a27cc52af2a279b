package manifest

// What a manifest may ask for at most. Each bound is far beyond what manifests
// in use have, and keeps what a hostile one costs small.
const (
	// maxInput is the bytes of one Input.
	maxInput = 1 << 20
	// maxDocuments is the YAML documents of one Input.
	maxDocuments = 1000
	// maxTokens is the tokens of one YAML document: the time that the parser
	// takes grows with their square.
	maxTokens = 20_000
	// maxNodes is the values in one YAML document, aliases written out.
	maxNodes = 100_000
	// maxDepth is how deep YAML may be nested.
	maxDepth = 64

	// maxText is the length of a field, templates and lists of objects aside.
	maxText = 4 << 10
	// maxRegexp is the length of a regular expression.
	maxRegexp = 1 << 10
	// maxExpanded is the size of a regular expression, repetitions written out.
	maxExpanded = 5_000
	// maxPath is the length of a gjson path or a JMESPath expression.
	maxPath = 512

	// maxJSONDepth is how deep a secret that is JSON may be nested.
	maxJSONDepth = 128
	// maxFound is how many secrets one find may find.
	maxFound = 1000
	// maxRendered is the bytes of a template's output, and of any value on the
	// way there.
	maxRendered = 1 << 20
	// maxProblems is how many problems of one template are said.
	maxProblems = 20
	// maxSteps is how often the bodies of a template's loops may run.
	maxSteps = 100_000

	// maxKey is the length of a key or of the name of an object (Kubernetes API
	// reference, Secret; RFC 1123).
	maxKey = 253
	// maxFileName and maxFilePath are what Linux takes as a name, and what
	// leaves room in a path for the directory.
	maxFileName = 255
	maxFilePath = 1024
)
