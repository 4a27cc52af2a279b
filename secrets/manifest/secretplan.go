package manifest

import (
	"context"
	"maps"
	"slices"

	"github.com/irsakit/irsa/secrets"
)

// secretPlan is an ExternalSecret.
type secretPlan struct {
	out      *Output
	deletion string
	from     []*bulk
	data     []*keyed
	template *secretTemplate // nil: none
}

// keyed is an entry of data: one value under a key of the manifest.
type keyed struct {
	extraction
	key string
}

// bulk is an entry of dataFrom: values under keys that come from AWS.
type bulk struct {
	place
	handling
	extract  *extraction
	find     *finder
	rewrites []rewriter
}

// finder is a search.
type finder struct {
	place
	access *Access
	query  secrets.Query
}

// found is what a search found: what to fetch, by name.
type found map[string]request

func (f *finder) find(ctx context.Context, readers map[string]Reader) (found, error) {
	reader := readers[f.access.Name]
	if reader == nil {
		return nil, noReader(f.access)
	}
	refs, err := reader.Find(ctx, f.query)
	if err != nil {
		return nil, err
	}
	if len(refs) > maxFound {
		return nil, unfit(f.place, "finds %d secrets; %d is the limit", len(refs), maxFound)
	}
	names := found{}
	for _, text := range refs {
		ref, err := secrets.ParseRef(text)
		if err != nil {
			return nil, err
		}
		names[ref.Name] = request{access: f.access, ref: text}
	}
	return names, nil
}

func (s *secretPlan) render(ctx context.Context, readers map[string]Reader) ([]File, error) {
	searches := map[*bulk]found{}
	var requests []request
	for _, b := range s.from {
		if b.find == nil {
			requests = append(requests, b.extract.request)
			continue
		}
		names, err := b.find.find(ctx, readers)
		if err != nil {
			return nil, err
		}
		searches[b] = names
		requests = slices.AppendSeq(requests, maps.Values(names))
	}
	for _, k := range s.data {
		requests = append(requests, k.request)
	}
	got, err := (&fetching{readers: readers, gone: s.deletion != retain}).fetch(ctx, requests)
	if err != nil {
		return nil, err
	}
	values, err := s.values(got, searches)
	if err != nil {
		return nil, err
	}
	return s.files(values)
}

// values puts together what was fetched: the entries of dataFrom in their order,
// each over the ones before it, then those of data over them all.
func (s *secretPlan) values(got answers, searches map[*bulk]found) (map[string][]byte, error) {
	values := map[string][]byte{}
	for _, b := range s.from {
		more, err := b.values(got, searches[b])
		if err != nil {
			return nil, err
		}
		maps.Copy(values, more)
	}
	for _, k := range s.data {
		data, ok := got[k.request]
		if !ok {
			continue // gone, as the deletion policy allows
		}
		data, err := k.value(data)
		if err == nil {
			data, err = k.handle(data)
		}
		if err != nil {
			return nil, err
		}
		values[k.key] = data
	}
	return values, nil
}

// values are those of one entry, under their final keys.
func (b *bulk) values(got answers, names found) (map[string][]byte, error) {
	values, err := b.raw(got, names)
	if err != nil {
		return nil, err
	}
	if len(b.rewrites) == 0 {
		values, err = b.convert(b.place, values)
	}
	for _, r := range b.rewrites {
		if err == nil {
			values, err = r.rewrite(values)
		}
	}
	if err != nil {
		return nil, err
	}
	delete(values, "")
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if problem := keyProblem(key); problem != "" {
			return nil, unfit(b.place, "%s", problem)
		}
		if values[key], err = b.handle(values[key]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// raw are the values under the keys that AWS has for them.
func (b *bulk) raw(got answers, names found) (map[string][]byte, error) {
	if b.find == nil {
		data, ok := got[b.extract.request]
		if !ok {
			return map[string][]byte{}, nil
		}
		data, err := b.extract.value(data)
		if err != nil {
			return nil, err
		}
		members, problem := jsonMembers(data)
		if problem != "" {
			return nil, unfit(b.extract.place, "%s", problem)
		}
		return members, nil
	}
	values := map[string][]byte{}
	for name, request := range names {
		if data, ok := got[request]; ok {
			values[name] = data
		}
	}
	return values, nil
}

// value is the part of a secret that the property names.
func (e *extraction) value(data []byte) ([]byte, error) {
	if e.property == "" {
		return data, nil
	}
	part, problem := property(data, e.property)
	if problem != "" {
		return nil, unfit(e.propertyAt, "%s", problem)
	}
	return part, nil
}

// files are those of the Secret that the ExternalSecret would make.
func (s *secretPlan) files(values map[string][]byte) ([]File, error) {
	if len(values) == 0 {
		if s.deletion == retain {
			return nil, &RenderError{
				Position: s.out.place.at, Problem: "finds nothing, and keeps what there was, as its deletionPolicy is Retain",
				kind: secrets.ErrNotFound,
			}
		}
		if s.deletion == remove {
			return nil, nil
		}
	}
	if s.template != nil {
		var err error
		if values, err = s.template.apply(values); err != nil {
			return nil, err
		}
	}
	var files []File
	for key, data := range values {
		files = append(files, newFile(key, 0, data))
	}
	return files, nil
}

func (s *secretPlan) expected() (files []File, open bool) {
	keys := map[string]bool{}
	if s.template == nil || s.template.keep {
		open = len(s.from) > 0
		for _, k := range s.data {
			keys[k.key] = true
		}
	}
	if s.template != nil {
		open = open || len(s.template.literals) > 0
		for _, t := range s.template.data {
			keys[t.key] = true
		}
	}
	for key := range keys {
		files = append(files, File{Path: key})
	}
	return files, open
}
