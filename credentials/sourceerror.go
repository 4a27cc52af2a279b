package credentials

// SourceError is the failure of a source that the SDK asks for us: the
// instance profile, or what a profile names (credential_process, SSO, a login
// session). It is [ErrConfiguration], [ErrIdentity], [ErrDenied] or
// [ErrUnavailable]. Its text leaves out the SDK's, which may quote what a
// command printed.
type SourceError struct {
	Source Source
	// Setting is what names the source: "credential_process of profile
	// \"dev\""; empty for the instance profile.
	Setting string
	// Problem and Remedy are in words; Remedy may be empty.
	Problem string
	Remedy  string

	kind error
	err  error
}

// Error names the source, the problem and the remedy.
func (e *SourceError) Error() string {
	text := "credentials: " + string(e.Source) + ": "
	if e.Setting != "" {
		text += e.Setting + ": "
	}
	return sentence(text+e.Problem, e.Remedy)
}

// Unwrap returns the sentinel and the cause, if it can be shown.
func (e *SourceError) Unwrap() []error { return causes(e.kind, e.err) }

// RetryableError reports false. It keeps the SDK's service clients from
// repeating what has been retried already.
func (e *SourceError) RetryableError() bool { return false }
