package credentialstest

// CheckNames are the names of the suite's checks.
func CheckNames() []string {
	var names []string
	for _, c := range checks {
		names = append(names, c.name)
	}
	return names
}

// RunCheck runs one check in the caller's bubble and reports to t.
func RunCheck(t T, h Harness, name string) {
	for _, c := range checks {
		if c.name == name {
			h.run(t, c)
		}
	}
}
