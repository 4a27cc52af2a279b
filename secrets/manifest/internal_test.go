package manifest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The list in the package documentation is the functions that there are.
func TestFunctionsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "# Templates")
	list, _, _ = strings.Cut(list, "and must before")
	var documented, have []string
	for _, group := range strings.Split(list, "//   - ")[1:] {
		_, names, _ := strings.Cut(group, ": ")
		documented = append(documented, regexp.MustCompile(`\w+`).FindAllString(names, -1)...)
	}
	must := regexp.MustCompile(`^must[A-Z]`)
	for name := range functions {
		if !must.MatchString(name) && name != "trimall" { // an old name
			have = append(have, name)
		}
	}
	slices.Sort(documented)
	slices.Sort(have)
	if diff := cmp.Diff(have, documented); diff != "" {
		t.Errorf("doc.go (-have +documented):\n%s", diff)
	}
	for name := range unwanted {
		if functions[name] != nil || slices.Contains(builtin, name) {
			t.Errorf("%s is there and refused", name)
		}
	}
}
