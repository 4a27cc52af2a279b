package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/irsakit/irsa/secrets/agent"
)

const (
	envDialect   = "IRSA_AGENT_DIALECT"
	envTokenFile = "IRSA_AGENT_TOKEN_FILE"
)

// readEnvironment takes what variables say; they come after the file, which the
// image or a ConfigMap may have for many.
func (s *settings) readEnvironment(env lookup) error {
	if path, ok := env(envTokenFile); ok && path != "" {
		s.own.tokenFile = path
	}
	if name, ok := env(envDialect); ok && name != "" {
		if err := s.own.dialect.UnmarshalText([]byte(name)); err != nil {
			return fmt.Errorf("%s is none of route, agent and extension", envDialect)
		}
	}
	if s.own.dialect == agent.DialectExtension {
		return s.readExtension(env)
	}
	return nil
}

// readExtension takes the variables of the Lambda extension (AWS Secrets Manager
// User Guide, "Use AWS Secrets Manager secrets in AWS Lambda functions").
func (s *settings) readExtension(env lookup) error {
	const prefix = "PARAMETERS_SECRETS_EXTENSION_"
	v := variables{env: env}
	v.number(prefix+"HTTP_PORT", 1, 65535, &s.port)
	v.number(prefix+"MAX_CONNECTIONS", 1, 1000, &s.outbound)
	v.number(prefix+"CACHE_SIZE", 0, 1000, &s.cacheSize)
	if level, ok := v.get(prefix + "LOG_LEVEL"); ok && !s.setLevel(level) {
		v.problem(prefix+"LOG_LEVEL", "is none of debug, info, warn, error and none")
	}
	s.ttl = v.shortest(s, "TTL", time.Second, 300, false, s.ttl)
	s.timeout = v.shortest(s, "TIMEOUT_MILLIS", time.Millisecond, 300_000, true, s.timeout)
	cached := true
	if text, ok := v.get(prefix + "CACHE_ENABLED"); ok {
		var err error
		if cached, err = strconv.ParseBool(text); err != nil {
			v.problem(prefix+"CACHE_ENABLED", "is neither true nor false")
		}
	}
	if !cached || s.cacheSize == 0 {
		s.ttl, s.cacheSize = 0, max(s.cacheSize, 1)
	}
	return errors.Join(v.problems...)
}

// variables are those of the environment, with all that is wrong with them.
type variables struct {
	env      lookup
	problems []error
}

func (v *variables) get(name string) (string, bool) {
	text, ok := v.env(name)
	return text, ok && text != ""
}

func (v *variables) problem(name, text string) {
	v.problems = append(v.problems, fmt.Errorf("%s %s", name, text))
}

func (v *variables) number(name string, least, most int, to *int) bool {
	text, ok := v.get(name)
	if !ok {
		return false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		v.problem(name, fmt.Sprintf("is not a whole number from %d to %d", least, most))
		return false
	}
	*to = n
	return true
}

// shortest reads a duration that the extension has for secrets and for
// parameters apart, and the agent for both together. A TTL of zero is the shortest:
// there is no cache. A timeout of zero is the longest: there is the Store's.
func (v *variables) shortest(s *settings, suffix string, unit time.Duration, most int, endless bool, otherwise time.Duration) time.Duration {
	const forSecrets, forParameters = "SECRETS_MANAGER_", "SSM_PARAMETER_STORE_"
	var a, b int
	hasA := v.number(forSecrets+suffix, 0, most, &a)
	hasB := v.number(forParameters+suffix, 0, most, &b)
	switch {
	case !hasA && !hasB:
		return otherwise
	case !hasA:
		a = b
	case hasB && a != b:
		s.warnings = append(s.warnings, fmt.Sprintf("%s%s and %s%s differ: the shorter counts for both", forSecrets, suffix, forParameters, suffix))
		if endless && min(a, b) == 0 {
			a = max(a, b)
		} else {
			a = min(a, b)
		}
	}
	return time.Duration(a) * unit
}
