package secretstest

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/irsakit/irsa/secrets"
)

func checkFind(s *subject) {
	source, ok := s.Source.(secrets.Finder)
	if !ok {
		return
	}
	text := s.refs("conformance/text")[0]
	q := secrets.Query{Service: text.Service, Region: text.Region, Role: text.Role, Path: "conformance/"}
	if q.Service == secrets.ParameterStore {
		q.Path = "/conformance"
	}
	find := func(want ...string) {
		refs, err := source.Find(s.Context(), q)
		if err != nil {
			s.Fatalf("Find: %v", err)
		}
		var got []string
		for _, ref := range refs {
			got = append(got, strings.TrimPrefix(ref.Name, "/"))
			if err := s.fetchRefs(s.Context(), []secrets.Ref{ref})[0].Err; err != nil {
				s.Errorf("%q is found and cannot be read: %v", ref, err)
			}
		}
		for _, name := range want {
			if !slices.Contains(got, name) {
				s.Errorf("%q is not found by %q, %v", name, q, q.Name)
			}
		}
		if q.Name != nil && len(got) != len(want) {
			s.Errorf("%q are found by %q, %v, want %q", got, q, q.Name, want)
		}
	}
	find("conformance/text", "conformance/json")
	q.Name = regexp.MustCompile("^/?conformance/t.xt$")
	find("conformance/text")
	q.Path, q.Name = "/conformance/text/more", nil
	find()
	if tags, err := source.Tags(s.Context(), text); err != nil {
		s.Errorf("Tags: %v", err)
	} else if len(tags) > 0 {
		s.Errorf("tags of a secret without any: %q", tags)
	}
	if _, err := source.Tags(s.Context(), s.refs(missing)[0]); !errors.Is(err, secrets.ErrNotFound) {
		s.Errorf("tags of a secret that does not exist: %v, want ErrNotFound", err)
	}
}
