package agent

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync"
	"time"
)

const (
	// sessionCookie holds the id of a session of the page.
	sessionCookie = "irsa_session"
	// sessionTime is how long one lasts.
	sessionTime = time.Hour
	// maxSessions bounds them.
	maxSessions = 32
)

// sessionID is the digest of what the cookie holds.
type sessionID [sha256.Size]byte

// session is somebody who has shown a token on the login page.
type session struct {
	who  *bearer
	ends time.Time
}

// sessions are those of the page. A session shows the page and opens nothing
// else: cookies go to every port of a host, so that another program on this
// machine may get to see one.
type sessions struct {
	mu   sync.Mutex
	open map[sessionID]session
}

// start begins a session and returns what to put into the cookie. When there are
// too many the one that ends first gives way.
func (s *sessions) start(who *bearer, now time.Time) string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	value := hex.EncodeToString(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	var first sessionID
	for id, one := range s.open {
		if old, ok := s.open[first]; !ok || one.ends.Before(old.ends) {
			first = id
		}
	}
	if len(s.open) >= maxSessions {
		delete(s.open, first)
	}
	s.open[sha256.Sum256([]byte(value))] = session{who, now.Add(sessionTime)}
	return value
}

// find returns whose session a request is part of; nil if of none. The id is
// looked up by its digest, so that the time this takes tells nothing of it.
func (s *sessions) find(r *http.Request, now time.Time) *bearer {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	id := sessionID(sha256.Sum256([]byte(cookie.Value)))
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.open[id]
	if !ok {
		return nil
	}
	if now.After(found.ends) {
		delete(s.open, id)
		return nil
	}
	return found.who
}

// end ends the session that a request is part of.
func (s *sessions) end(r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, sha256.Sum256([]byte(cookie.Value)))
	}
}

func (s *sessions) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.open)
}

// cookie returns the cookie for a session; an empty value removes it. There is no
// TLS on loopback, so that it cannot be Secure.
func cookie(value string) *http.Cookie {
	c := &http.Cookie{
		Name: sessionCookie, Value: value, Path: pagePath, MaxAge: int(sessionTime.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}
