package manifest

import (
	"context"
	"io/fs"
)

// mountPlan is a SecretProviderClass: each object gives a file, and some more
// for parts of it.
type mountPlan struct {
	access *Access
	items  []mountItem
}

type mountItem struct {
	place
	request request
	path    string
	mode    fs.FileMode
	picks   []mountPick
}

// mountPick is a part of an object that gets a file of its own.
type mountPick struct {
	place
	search *search
	path   string
	mode   fs.FileMode
}

func (m *mountPlan) render(ctx context.Context, readers map[string]Reader) ([]File, error) {
	var requests []request
	for _, item := range m.items {
		requests = append(requests, item.request)
	}
	got, err := (&fetching{readers: readers}).fetch(ctx, requests)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, item := range m.items {
		data := got[item.request]
		files = append(files, newFile(item.path, item.mode, data))
		for _, pick := range item.picks {
			text, problem := pick.search.text(data)
			if problem != "" {
				return nil, unfit(pick.place, "%s", problem)
			}
			files = append(files, newFile(pick.path, pick.mode, []byte(text)))
		}
	}
	return files, nil
}

func (m *mountPlan) expected() (files []File, open bool) {
	for _, item := range m.items {
		files = append(files, File{Path: item.path, Mode: item.mode})
		for _, pick := range item.picks {
			files = append(files, File{Path: pick.path, Mode: pick.mode})
		}
	}
	return files, false
}
