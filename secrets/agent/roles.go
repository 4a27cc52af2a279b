package agent

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// idleRole is how long a role is kept that nobody uses, when another wants its
// place: as long as a session lasts if nobody asks for more.
const idleRole = time.Hour

// roles are those in use, of which there is a bounded number.
type roles struct {
	max int

	mu   sync.Mutex
	used map[string]*roleUse
}

// roleUse is what is known of a role.
type roleUse struct {
	last    time.Time
	readers int  // under way
	known   bool // it has given credentials
}

// enter takes a role into use. The function that it returns ends the use; it is
// told whether the role gave credentials, and returns whether it ever has. One
// that never did gives its place up.
func (r *roles) enter(arn string, now time.Time) (leave func(works bool) (known bool), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	use := r.used[arn]
	if use == nil {
		if len(r.used) >= r.max && !r.evict(now) {
			return nil, r.exceeded(arn)
		}
		use = &roleUse{}
		r.used[arn] = use
	}
	use.last = now
	use.readers++
	return func(works bool) bool { return r.leave(arn, use, works) }, nil
}

func (r *roles) leave(arn string, use *roleUse, works bool) (known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	use.readers--
	use.known = use.known || works
	if !use.known && use.readers == 0 {
		delete(r.used, arn)
	}
	return use.known
}

// evict gives up the role that was not used for longest, if that is long enough.
func (r *roles) evict(now time.Time) bool {
	oldest, last := "", now.Add(-idleRole)
	for arn, use := range r.used {
		if use.readers == 0 && !use.last.After(last) {
			oldest, last = arn, use.last
		}
	}
	delete(r.used, oldest)
	return oldest != ""
}

// count is how many roles are in use.
func (r *roles) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.used)
}

func (r *roles) exceeded(arn string) *problem {
	text := fmt.Sprintf("The maximum number of assumed roles (%d) has been reached. "+
		"Unable to assume the following role to create a client: %s", r.max, arn)
	return &problem{answer: failure(http.StatusBadRequest, "MaxRolesExceeded", text), text: text}
}

// roleRefused is the answer to a request whose role cannot be had.
func roleRefused(arn string) *answer {
	return failure(http.StatusForbidden, "AccessDeniedException", "Failed to create caching client from role: "+arn)
}
