package credentials

// move is what is done for a caller who asks for credentials.
type move uint8

const (
	serve  move = iota // what is in hand, without contact
	limit              // the same, only because the backoff forbids contact
	refuse             // with the error in hand, without contact
	lead               // a refresh, and answer by how it ends
	wait               // for the refresh under way, and look again when it ends
)

// situation is all that a move depends on.
type situation struct {
	phase      phase
	backoff    bool // B: a refresh has failed, the next has to wait
	denied     bool // E: an error is in hand that would only be repeated
	flying     bool // a refresh is under way
	background bool // refreshes are begun by the timer
}

// move is the table of the AWS SDKs' common refresh behaviour
// (aws-sdk-java-v2#7109, botocore#3733), read from the top; how a refresh that
// was led is answered is in [engine.settle]. The background changes one row. A
// service's rejection of a key makes V, A and M an X. Unlike those of the SDKs,
// its rejection of one that has expired ends B, and as long as that key is in
// hand B lasts 30 s at most instead of 5 to 10 minutes: see [term.useless].
//
//	          | contact | B       | E      | under way
//	N         | lead    | -       | refuse | wait
//	V         | serve   | serve   | serve  | serve
//	A, behind | serve   | serve   | serve  | serve
//	A         | lead    | limit   | refuse | serve
//	M, X      | lead    | limit   | refuse | wait
func (m situation) move() move {
	switch {
	case m.phase == phaseNone && m.denied:
		return refuse
	case m.phase == phaseNone:
		return m.refresh()
	case m.phase == phaseValid:
		return serve
	case m.phase == phaseAdvisory && m.background:
		return serve
	case m.backoff:
		return limit
	case m.denied:
		return refuse
	case m.phase == phaseAdvisory && m.flying:
		return serve
	}
	return m.refresh()
}

func (m situation) refresh() move {
	if m.flying {
		return wait
	}
	return lead
}
