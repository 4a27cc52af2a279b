// Package manifest reads the manifests that teams already have for secrets in
// Kubernetes, and turns them into what to fetch and what files to write, without
// an operator, a driver, or access to the Kubernetes API.
//
//	set, err := manifest.Parse([]manifest.Input{{Name: "shop.yaml", Data: data}}, manifest.Options{
//		Namespace: "shop", ServiceAccount: "orders", Region: "eu-west-1",
//	})
//	readers := map[string]manifest.Reader{}
//	for _, a := range set.Accesses {
//		cfg, done, err := a.Config(awsConfig, credentials.Config{})
//		readers[a.Name], err = secrets.New(ctx, cfg, secrets.Config{})
//	}
//	for _, out := range set.Outputs {
//		files, err := out.Render(ctx, readers)
//	}
//
// Package filesink writes the files. [Output.Expected] names them beforehand, for
// checks in CI.
//
// # What is read
//
// SecretProviderClass (secrets-store.csi.x-k8s.io/v1) with the provider aws;
// SecretStore, ClusterSecretStore and ExternalSecret (external-secrets.io/v1 and
// v1beta1) with the provider aws and the services SecretsManager and
// ParameterStore; any number of documents, and lists as kubectl prints them.
// Stores must be among the documents.
//
// Every field is obeyed, warned of, or refused by its name and line:
//
//   - What is only about Kubernetes objects (types, labels, owners, the Secrets
//     that a driver mirrors) is a [Warning], and so are documents of other kinds.
//   - What would change which value is delivered, who may read it or where it
//     lands is an error if it cannot be obeyed: other providers, access keys in
//     Kubernetes Secrets, other service accounts than the pod's, templates in
//     ConfigMaps, namespaces by label, generators.
//   - Unknown fields are errors, unless [Options.Lenient] is set, and so are
//     fields that the version of a manifest does not have.
//
// The YAML is read as Kubernetes reads it, which is YAML 1.1, but nothing is
// guessed: where text is wanted, a word without quotes that is a boolean or a
// number there, such as y or 0400, is an error. Keys and anchors that come twice
// are, too, and what readers of YAML take differently: a "<<" that would replace
// keys above it, tabs in double quotes, ends of lines that are of YAML 1.1 only.
// Templates of Helm must be rendered before.
//
// # Where it differs
//
// What the AWS provider of the Secrets Store CSI driver and the External Secrets
// Operator do with a manifest is done here, but for these:
//
//   - No path of a file leads out of its directory, and no file is written over
//     another. The driver's provider has holes in both.
//   - The failover Region of a SecretProviderClass is asked when the first does
//     not answer, and not when it refuses.
//   - Rewritten keys that become the same are an error, not one of them by
//     chance.
//   - Secrets that are denied in a search are an error, not left out.
//   - Tags of a search are compared as pairs of key and value.
//   - JSON must be valid, with no member twice.
//   - A secret that is scheduled for deletion is gone, as one that is not found.
//   - CreatedOnce and OnChange fetch once, when the program starts.
//   - Numbers that are merged keep their digits.
//
// # Templates
//
// Templates are Go's text/template with these functions, which are those of
// Sprig and of the External Secrets Operator that give the same for the same
// arguments:
//
//   - text: base cat clean contains dir ext fail hasPrefix hasSuffix html indent
//     isAbs js join lower nindent nospace print printf println quote repeat
//     replace required squote substr title toString trim trimAll trimPrefix
//     trimSuffix trunc untitle upper urlquery
//   - patterns: regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll
//     regexReplaceAllLiteral regexSplit
//   - lists: append compact concat first has initial last list prepend push rest
//     reverse sortAlpha split splitList splitn toStrings tuple uniq until without
//   - maps: dict dig get hasKey keys omit pick values
//   - values: add add1 all any atoi biggest coalesce default div empty int int64
//     max min mod mul sub ternary
//   - encodings: adler32sum b32dec b32enc b64dec b64enc fromJson fromYaml hexdec
//     sha1sum sha256sum sha512sum toJson toPrettyJson toRawJson
//   - PEM: certSANs filterCertChain filterPEM
//
// and must before the names of those that Sprig has so, and text/template's own
// but call. Where Sprig answers a wrong argument with nothing, they fail. Lists
// and maps that a template makes hold text and numbers only. All others are
// refused when the manifest is read: those that give random values or keys, look
// at the clock, the environment or the network, and those that nobody knows.
// Templates within templates (define, block, template) are refused too, and parts
// of what has none: .a.b, since all that was fetched is text.
//
// # Limits
//
// An input has at most 1 MiB and 1,000 documents, a document 20,000 tokens;
// aliases are counted written out. A find may find 1,000 secrets. A template makes
// at most 1 MiB and takes a bounded number of steps; of its problems the first 20
// are said. JSON may be nested 128 deep. Regular expressions are RE2 of at most
// 1,024 bytes that come to 5,000 with all repetitions written out, paths of gjson
// and JMESPath have at most 512 bytes and few of the parts that double what they
// are given.
//
// # Errors
//
// [Parse] joins a [*FieldError] for each field, which is
// secrets.ErrConfiguration. [Output.Render] returns the errors of the readers,
// wrapped, and a [*RenderError] for a secret that was read and does not fit.
//
// # Concurrency
//
// A [Set] and all in it are immutable and safe for concurrent use.
//
// # Security considerations
//
// Manifests decide which secrets are read, with whose identity, and where they
// land below a directory: whoever can write one can have any secret that the pod
// may read. They cannot reach other files, nor use up the process.
//
// No error or warning has anything of a secret: of a value that does not fit,
// the place in the manifest is said, and what kind of thing is wrong. The errors
// of encoding/json, gjson, go-jmespath and text/template, which quote values, are
// never wrapped. Contents are [secrets.Value], which cannot be printed.
package manifest
