package agent

import (
	"context"
	"errors"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// read returns the secret that an order names, if its bearer may have it.
func (a *Agent) read(ctx context.Context, who *bearer, o *order) (secrets.Value, error) {
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
	known := leave(worked(ctx, err))
	if !known && errors.Is(err, secrets.ErrIdentity) {
		err = &problem{answer: roleRefused(o.ref.Role), text: err.Error()}
	}
	return v, err
}

// worked reports whether the outcome of a read shows that its role has given
// credentials. It does not if nobody waited for it, or nobody was asked.
func worked(ctx context.Context, err error) bool {
	_, malformed := errors.AsType[*secrets.RefError](err)
	return err == nil || ctx.Err() == nil && !malformed && !errors.Is(err, secrets.ErrIdentity)
}

// permit reports whether a bearer may have what ref names, in the role that it
// names.
func (a *Agent) permit(who *bearer, ref secrets.Ref) error {
	switch {
	case !who.secrets.allows(ref):
		return errOtherSecrets
	case ref.Role != "" && (a.roles.max < 0 || !a.lends(who, ref)):
		return &problem{answer: roleRefused(ref.Role), text: "the token or the configuration does not allow role " + ref.Role}
	}
	return nil
}

// lends reports whether a bearer may take the role of ref. In a role of another
// account, a name is that of another secret than the one that the token's list
// means. So one who has such a list takes roles for names only by a list of roles.
func (a *Agent) lends(who *bearer, ref secrets.Ref) bool {
	listed := who.roles != nil || a.allowedRoles != nil
	if !listed && !ref.IsARN() && !who.secrets.all() {
		return false
	}
	return a.allowedRoles.match(ref.Role) && who.roles.match(ref.Role)
}

// fetch reads from the Store. What the Store holds is good for as long as its
// TTL and then fetched behind the reads, but one that comes only now and then
// would get the value of the read before it. So a value that is older than TTL
// is fetched first. While that fails the Store goes on trying, and the value it
// holds is as good as there is.
func (a *Agent) fetch(ctx context.Context, o *order) (secrets.Value, error) {
	ref := o.key
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
	answer: failure(400, "AccessDeniedException", "The token of this request is not allowed to read this secret"),
	text:   "the token is not allowed to read the secret",
}
