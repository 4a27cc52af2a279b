package credentials

import "time"

// The kubelet renews a projected token once four fifths of its life are over,
// or once it is a day old (kubernetes/pkg/kubelet/token). It looks when it
// syncs the pod's volumes, so a healthy token may be older by rotationSlack.
const (
	maxTokenAge   = 24 * time.Hour
	rotationSlack = 2 * time.Minute
)

// RotationOverdue reports whether the kubelet should have replaced the token by
// now: less than a fifth of its life is left, or it is more than a day old,
// with some minutes of grace. The kubelet, or the API server that it asks, is
// then in trouble, hours before the token expires if that lives for a day. A
// token that does not say how long it lives is never overdue.
func (t Token) RotationOverdue(now time.Time) bool {
	life := t.Expiry.Sub(t.IssuedAt)
	if t.IssuedAt.IsZero() || life <= 0 {
		return false
	}
	due := t.IssuedAt.Add(min(life-life/5, maxTokenAge))
	return now.After(due.Add(min(rotationSlack, life/20)))
}
