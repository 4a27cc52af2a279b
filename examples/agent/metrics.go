package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
)

// The metrics, as the README lists them.
var (
	buildInfo   = &metric{"irsa_agent_build_info", gauge, "1, with the version.", []string{"version", "goversion"}}
	isReady     = &metric{"irsa_agent_ready", gauge, "1 if /readyz says so.", nil}
	requests    = &metric{"irsa_agent_requests_total", counter, "Requests answered; status 0: the client left before.", []string{"route", "status"}}
	connections = &metric{"irsa_agent_connections", gauge, "Connections open now.", nil}
	turnedAway  = &metric{"irsa_agent_connections_turned_away_total", counter, "Connections beyond max_conn.", nil}
	cutShort    = &metric{"irsa_agent_connections_cut_short_total", counter, "Connections closed since large requests took too much memory.", nil}
	watches     = &metric{"irsa_agent_watches", gauge, "Watches under way.", nil}
	rolesInUse  = &metric{"irsa_agent_roles", gauge, "Roles of requests in use.", nil}

	refreshes     = &metric{"irsa_credentials_refreshes_total", counter, "Refreshes that brought credentials.", []string{"role_arn"}}
	refreshFailed = &metric{"irsa_credentials_refresh_failures_total", counter, "Refreshes that brought none.", []string{"role_arn", "class"}}
	audience      = &metric{"irsa_credentials_audience_mismatches_total", counter, "Failed refreshes for the token's audience.", []string{"role_arn"}}
	expiry        = &metric{"irsa_credentials_expiry_timestamp_seconds", gauge, "When the credentials in hand end.", []string{"role_arn"}}
	lastSuccess   = &metric{"irsa_credentials_last_success_timestamp_seconds", gauge, "When a refresh last brought credentials.", []string{"role_arn"}}
	servedExpired = &metric{"irsa_credentials_served_expired_total", counter, "Answers with credentials past their end.", []string{"role_arn"}}
	rejected      = &metric{"irsa_credentials_rejected_total", counter, "Keys in hand that a service has rejected.", []string{"role_arn"}}
	refreshTook   = &metric{"irsa_credentials_refresh_duration_seconds", summary, "Refreshes with all their attempts.", []string{"role_arn"}}

	fileReads    = &metric{"irsa_credentials_file_reads_total", counter, "Readings of credentials_file_path that gave credentials.", nil}
	fileFailed   = &metric{"irsa_credentials_file_read_failures_total", counter, "Readings of credentials_file_path that gave none.", nil}
	fileRead     = &metric{"irsa_credentials_file_last_success_timestamp_seconds", gauge, "When credentials_file_path was last read with success.", nil}
	fileModified = &metric{"irsa_credentials_file_modified_timestamp_seconds", gauge, "When credentials_file_path was last written.", nil}
	fileExpiry   = &metric{"irsa_credentials_file_expiry_timestamp_seconds", gauge, "When the credentials of credentials_file_path end, if it says so.", nil}

	hits       = &metric{"irsa_cache_hits_total", counter, "Reads answered without waiting for AWS.", nil}
	misses     = &metric{"irsa_cache_misses_total", counter, "Reads that waited for AWS.", nil}
	staleReads = &metric{"irsa_cache_stale_reads_total", counter, "Reads answered with a value whose refresh has failed.", nil}
	evictions  = &metric{"irsa_cache_evictions_total", counter, "Secrets dropped for the limits.", nil}
	cacheBytes = &metric{"irsa_cache_bytes", gauge, "What the secrets held take.", nil}

	byState     = &metric{"irsa_secrets", gauge, "Secrets known.", []string{"state"}}
	maxAge      = &metric{"irsa_secrets_max_age_seconds", gauge, "How long ago the oldest value held was read.", nil}
	maxStale    = &metric{"irsa_secrets_max_stale_age_seconds", gauge, "The same of those whose last refresh failed; 0 without any.", nil}
	staleLimit  = &metric{"irsa_secrets_stale_limit_seconds", gauge, "How old a value may get while AWS is out of reach, by max_stale.", nil}
	changes     = &metric{"irsa_secrets_changes_total", counter, "New versions.", nil}
	fetchErrors = &metric{"irsa_secrets_fetch_errors_total", counter, "Secrets asked for that brought an error.", []string{"class"}}
	fetchTook   = &metric{"irsa_secrets_fetch_duration_seconds", summary, "Fetches with retries.", nil}
	throttled   = &metric{"irsa_secrets_throttled_total", counter, "Fetches that AWS asked to make fewer of.", nil}
	kmsDenied   = &metric{"irsa_kms_denied_total", counter, "Fetches refused for the key.", nil}
	kmsThrottle = &metric{"irsa_kms_throttled_total", counter, "Fetches throttled by KMS.", nil}
	calls       = &metric{"irsa_upstream_calls_total", counter, "Requests sent to AWS, repeated ones included.", []string{"service"}}
	cost        = &metric{"irsa_upstream_cost_dollars_total", counter, "What these cost, about.", nil}

	secretAge    = &metric{"irsa_secret_age_seconds", gauge, "How long ago the value held was read.", []string{"ref"}}
	secretState  = &metric{"irsa_secret_state", gauge, "1, with the state.", []string{"ref", "state"}}
	secretFailed = &metric{"irsa_secret_failed_fetches", gauge, "Failed fetches in a row.", []string{"ref"}}

	goroutines = &metric{"go_goroutines", gauge, "Goroutines.", nil}
	resident   = &metric{"process_resident_memory_bytes", gauge, "Resident memory, where the system tells.", nil}
	started    = &metric{"process_start_time_seconds", gauge, "When the process started.", nil}
)

// began is when the process started, nearly.
var began = time.Now()

// metrics returns what the service has done, in the text format.
func (svc *service) metrics() []byte {
	snap, m := svc.agent.Snapshot(), samples{}
	m.add(buildInfo, 1, version(), runtime.Version())
	m.add(isReady, boolean(svc.ready()))
	for _, r := range snap.Requests {
		m.count(requests, r.Count, r.Route.String(), strconv.Itoa(r.Status))
	}
	m.count(connections, snap.Connections)
	m.count(turnedAway, snap.TurnedAway)
	m.count(cutShort, snap.CutShort)
	m.count(watches, snap.Watches)
	m.count(rolesInUse, int64(snap.Roles))
	if svc.file != nil {
		m.file(svc.file)
		snap.Sessions = snap.Sessions[1:] // what is left are of STS
	}
	m.credentials(snap.Sessions)
	m.store(snap)
	m.secrets(snap.Secrets, svc.settings.own.names, time.Now())
	m.add(staleLimit, svc.settings.maxStale().Seconds())
	m.count(goroutines, int64(runtime.NumGoroutine()))
	m.timestamp(started, began)
	if n := residentMemory(); n > 0 {
		m.count(resident, n)
	}
	return m.text()
}

func (m samples) took(d *metric, l credentials.Latency, labels ...string) {
	m.sum(d, l.Total.Seconds(), int64(l.Count), labels...)
}

func (m samples) timestamp(d *metric, t time.Time, labels ...string) {
	if !t.IsZero() {
		m.add(d, float64(t.UnixMilli())/1e3, labels...)
	}
}

// credentials tells of sessions by role.
func (m samples) credentials(sessions []credentials.SessionStats) {
	for arn, s := range byRole(sessions) {
		m.count(refreshes, int64(s.Refreshes), arn)
		f := s.Failures
		for class, n := range map[string]int{
			"configuration": f.Configuration, "identity": f.Identity, "denied": f.Denied, "unavailable": f.Unavailable,
		} {
			m.count(refreshFailed, int64(n), arn, class)
		}
		m.count(audience, int64(s.AudienceMismatches), arn)
		m.count(servedExpired, int64(s.ServedExpired), arn)
		m.count(rejected, int64(s.Invalidations), arn)
		m.took(refreshTook, s.Latency, arn)
		m.timestamp(expiry, s.Expires, arn)
		m.timestamp(lastSuccess, s.LastSuccess, arn)
	}
}

// file tells of the file that credentials come from.
func (m samples) file(f *credentialsFile) {
	s := f.Stats().Sessions[0]
	m.count(fileReads, int64(s.Refreshes))
	m.count(fileFailed, int64(s.Failures.Unavailable))
	m.timestamp(fileRead, s.LastSuccess)
	m.timestamp(fileExpiry, s.Expires)
	if info, err := os.Stat(f.path); err == nil {
		m.timestamp(fileModified, info.ModTime())
	}
}

// byRole adds up the sessions of each role, of which there may be several. What
// ends first is what matters.
func byRole(sessions []credentials.SessionStats) map[string]credentials.SessionStats {
	roles := make(map[string]credentials.SessionStats)
	for _, s := range sessions {
		if t, ok := roles[s.RoleARN]; ok {
			s = sum(s, t)
		}
		roles[s.RoleARN] = s
	}
	return roles
}

func sum(s, t credentials.SessionStats) credentials.SessionStats {
	s.Refreshes += t.Refreshes
	s.Failures.Configuration += t.Failures.Configuration
	s.Failures.Identity += t.Failures.Identity
	s.Failures.Denied += t.Failures.Denied
	s.Failures.Unavailable += t.Failures.Unavailable
	s.AudienceMismatches += t.AudienceMismatches
	s.ServedExpired += t.ServedExpired
	s.Invalidations += t.Invalidations
	s.Latency.Count += t.Latency.Count
	s.Latency.Total += t.Latency.Total
	if s.Expires.IsZero() || !t.Expires.IsZero() && t.Expires.Before(s.Expires) {
		s.Expires = t.Expires
	}
	if t.LastSuccess.After(s.LastSuccess) {
		s.LastSuccess = t.LastSuccess
	}
	return s
}

// store tells of reads and of what they took of AWS.
func (m samples) store(snap agent.Snapshot) {
	s, f := snap.Store, snap.Fetches
	m.count(hits, snap.Hits)
	m.count(misses, snap.Reads-snap.Hits)
	m.count(staleReads, s.StaleReads)
	m.count(evictions, s.Evictions)
	m.add(cacheBytes, float64(s.Bytes))
	m.count(changes, s.Changes)
	e := s.ErrorsByClass
	for class, n := range map[string]int64{
		"identity": e.Identity, "denied": e.Denied, "not_found": e.NotFound, "deleted": e.Deleted,
		"decryption": e.Decryption, "configuration": e.Configuration, "unavailable": e.Unavailable,
	} {
		m.count(fetchErrors, n, class)
	}
	m.took(fetchTook, f.Took)
	m.count(throttled, f.Throttled)
	m.count(kmsDenied, f.KMSDenied)
	m.count(kmsThrottle, f.KMSThrottled)
	m.count(calls, s.Calls.SecretsManager, "secretsmanager")
	m.count(calls, s.Calls.ParameterStore, "ssm")
	m.count(calls, s.Calls.KMS, "kms")
	m.add(cost, s.Calls.Cost())
}

// secrets tells how old what is held is; by name only if that is asked for.
func (m samples) secrets(all []secrets.Status, names bool, now time.Time) {
	states := map[secrets.State]int{secrets.Absent: 0, secrets.Fresh: 0, secrets.Stale: 0, secrets.Refused: 0}
	var oldest, oldestStale time.Duration
	for _, st := range all {
		states[st.State]++
		age := max(now.Sub(st.Read), 0)
		held := st.State == secrets.Fresh || st.State == secrets.Stale
		if held {
			oldest = max(oldest, age)
		}
		if st.State == secrets.Stale {
			oldestStale = max(oldestStale, age)
		}
		if !names {
			continue
		}
		m.add(secretState, 1, st.Ref, st.State.String())
		m.add(secretFailed, float64(st.Failures), st.Ref)
		if held {
			m.add(secretAge, age.Seconds(), st.Ref)
		}
	}
	for state, n := range states {
		m.add(byState, float64(n), state.String())
	}
	m.add(maxAge, oldest.Seconds())
	m.add(maxStale, oldestStale.Seconds())
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// residentMemory is what the kernel counts, on Linux.
func residentMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}
