package credentials

import "strings"

// environ reads an environment variable; one of only white space is empty.
type environ func(name string) string

// trimmed returns get with white space cut off.
func trimmed(get func(string) string) environ {
	return func(name string) string { return strings.TrimSpace(get(name)) }
}

// set returns those of the names that are set.
func (e environ) set(names ...string) []string {
	var found []string
	for _, name := range names {
		if e(name) != "" {
			found = append(found, name)
		}
	}
	return found
}

// first returns the first of the names that is set, else the first name.
func (e environ) first(names ...string) setting {
	for _, name := range names {
		if value := e(name); value != "" {
			return setting{name, value}
		}
	}
	return setting{name: names[0]}
}

// profile is the profile that the environment names; its value is empty if it
// names none.
func (e environ) profile() setting { return e.first("AWS_PROFILE", "AWS_DEFAULT_PROFILE") }
