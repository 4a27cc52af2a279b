package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/irsakit/irsa/secrets"
)

// prefetch is what is read once after the start, if it can be.
type prefetch struct {
	ratio   float64
	jitter  int // seconds
	refs    []string
	queries []secrets.Query // by the keys of tags, one for each role
}

// maxTagKey is the longest key of a tag, in characters (API reference of
// TagResource).
const maxTagKey = 128

func (s *settings) readPrefetch(d *document, path string) {
	p := &s.prefetch
	d.fraction(path+".cache_buffer_ratio", 0.1, 1, &p.ratio)
	d.number(path+".max_jitter_seconds", 0, 10, &p.jitter)
	for _, at := range d.tables(path + ".secrets") {
		var id, role string
		d.text(at+".secret_id", &id)
		d.role(at+".role_arn", &role)
		ref, err := secrets.ParseRef(id)
		if err != nil {
			d.problem(at, "is no secret: %v", err)
			continue
		}
		ref.Role = role
		p.refs = append(p.refs, ref.String())
	}
	for _, at := range d.tables(path + ".filter_tags") {
		var key, role string
		d.text(at+".key", &key)
		if n := utf8.RuneCountInString(key); n == 0 || n > maxTagKey {
			d.problem(at+".key", "is not the key of a tag, which has 1 to %d characters", maxTagKey)
		}
		d.role(at+".role_arn", &role)
		p.find(key, role)
	}
}

// find adds the key of a tag. As for AWS's agent, the secrets of a role are those
// that have all of its keys.
func (p *prefetch) find(key, role string) {
	i := slices.IndexFunc(p.queries, func(q secrets.Query) bool { return q.Role == role })
	if i < 0 {
		i = len(p.queries)
		p.queries = append(p.queries, secrets.Query{Role: role})
	}
	p.queries[i].TagKeys = append(p.queries[i].TagKeys, key)
}

// The pace of AWS's agent: well below the hundred calls a second that
// BatchGetSecretValue and ListSecrets have in an account.
const (
	prefetchBatch = 20
	prefetchPause = 34 * time.Millisecond
)

// prefetch reads what AWS's agent would. What cannot be had is logged, and read
// when somebody asks for it.
func (svc *service) prefetch(ctx context.Context) {
	p := svc.settings.prefetch
	if len(p.refs)+len(p.queries) == 0 {
		return
	}
	sleep(ctx, time.Duration(p.jitter)*rand.N(time.Second))
	refs, read := svc.toPrefetch(ctx), 0
	for batch := range slices.Chunk(refs, prefetchBatch) {
		values, err := svc.store.GetAll(ctx, batch...)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			svc.log.Warn("not all was prefetched", "error", err)
		}
		read += len(values)
		sleep(ctx, prefetchPause)
	}
	svc.log.Info("prefetch has ended", "secrets", len(refs), "read", read)
}

// toPrefetch returns the secrets that are named, and then those that are found,
// as far as there is room. All roles share the cache, and so the room in it.
func (svc *service) toPrefetch(ctx context.Context) []string {
	p := svc.settings.prefetch
	room := max(int(float64(svc.settings.cacheSize)*p.ratio), 1)
	refs := slices.Clone(p.refs)
	for _, q := range p.queries {
		if len(refs) >= room {
			break
		}
		found, err := svc.store.Find(ctx, q)
		if err != nil && ctx.Err() == nil {
			svc.log.Warn("no secrets were found to prefetch", "tags", q.TagKeys, "role", q.Role, "error", err)
		}
		for _, ref := range found {
			if !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	}
	if len(refs) > room {
		svc.log.Warn("there is more to prefetch than room for it", "secrets", len(refs), "room", room)
		refs = refs[:room]
	}
	return refs
}
