package agent

import (
	"context"
	"errors"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// read returns the secret that an order names, if its bearer may have it.
func (a *Agent) read(ctx context.Context, who *bearer, o order) (secrets.Value, error) {
	if err := a.permit(who, o.ref); err != nil {
		return secrets.Value{}, err
	}
	if o.ref.Role == "" {
		return a.fetch(ctx, o)
	}
	leave, err := a.roles.enter(o.ref.Role, time.Now())
	if err != nil {
		return secrets.Value{}, err
	}
	v, err := a.fetch(ctx, o)
	known := leave(err == nil || !errors.Is(err, secrets.ErrIdentity))
	if err != nil && !known {
		err = &problem{roleRefused(o.ref.Role), err.Error()}
	}
	return v, err
}

// permit reports whether a bearer may have what ref names, in the role that it
// names.
func (a *Agent) permit(who *bearer, ref secrets.Ref) error {
	switch {
	case !who.secrets.allows(ref):
		return errOtherSecrets
	case ref.Role != "" && (a.roles.max < 0 || !a.allowedRoles.match(ref.Role) || !who.roles.match(ref.Role)):
		return &problem{roleRefused(ref.Role), "the token or the configuration does not allow role " + ref.Role}
	}
	return nil
}

// fetch reads from the Store. What the Store holds is good for as long as its
// TTL and then fetched behind the reads, but one that comes only now and then
// would get the value of the read before it. So a value that is older than TTL
// is fetched first. While that fails the Store goes on trying, and the value it
// holds is as good as there is.
func (a *Agent) fetch(ctx context.Context, o order) (secrets.Value, error) {
	ref := o.ref.String()
	a.reads.Add(1)
	st, _ := a.store.Status(ref)
	held := st.State == secrets.Fresh || st.State == secrets.Stale
	report := a.config.ReportTransient
	switch {
	case o.fresh:
		if _, err := a.store.Refresh(ctx, ref); err != nil {
			return secrets.Value{}, err
		}
	case !held:
	case st.State == secrets.Fresh && time.Since(st.Read) <= a.ttl, st.State == secrets.Stale && !report:
		a.hits.Add(1)
	case report:
		if _, err := a.store.Refresh(ctx, ref); err != nil {
			return secrets.Value{}, err
		}
	default:
		a.renew(ctx, ref)
	}
	return a.store.Get(ctx, ref)
}

// renew waits for a fetch, but not for long. What its outcome means for the value
// that is held, the Store decides.
func (a *Agent) renew(ctx context.Context, ref string) {
	ctx, cancel := context.WithTimeout(ctx, a.config.refreshWait())
	defer cancel()
	_, _ = a.store.Refresh(ctx, ref)
}

// errOtherSecrets is the answer to a token whose list a secret is not on.
var errOtherSecrets = &problem{
	failure(400, "AccessDeniedException", "The token of this request is not allowed to read this secret"),
	"the token is not allowed to read the secret",
}
