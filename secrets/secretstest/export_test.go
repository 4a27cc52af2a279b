package secretstest

import "github.com/irsakit/irsa/credentials/credentialstest"

// CheckNames are the names of the checks of [TestSource].
func CheckNames() []string {
	var names []string
	for _, c := range sourceChecks {
		names = append(names, c.name)
	}
	return names
}

// RunCheck runs one check in the caller's bubble and reports to t.
func RunCheck(t credentialstest.T, h Harness, name string) {
	for _, c := range sourceChecks {
		if c.name == name {
			h.run(t, c)
		}
	}
}
