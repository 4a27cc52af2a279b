//go:build unix

package filesink_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	file := func(paths ...string) []filesink.File {
		var list []filesink.File
		for _, path := range paths {
			list = append(list, filesink.File{Path: path, Data: value("marker")})
		}
		return list
	}
	long := strings.Repeat("n", 255)
	deep := strings.TrimSuffix(strings.Repeat(long+"/", 16), "/")
	tests := map[string]struct {
		files []filesink.File
		want  string // in the error; empty: it is written
	}{
		"absolute":                {file("/etc/passwd"), "absolute"},
		"up":                      {file("../passwd"), `".."`},
		"up in the middle":        {file("a/../../passwd"), `".."`},
		"up at the end":           {file("a/.."), `".."`},
		"just up":                 {file(".."), `".."`},
		"the scheme's link":       {file("..data"), `".."`},
		"below the scheme's link": {file("..data/x"), `".."`},
		"a generation":            {file("..2026_01_01_00_00_00.1/x"), `".."`},
		"reserved below":          {file("a/..data"), `".."`},
		"three dots":              {file("..."), `".."`},
		"empty":                   {file(""), "no path"},
		"dot":                     {file("."), "single dot"},
		"dot in front":            {file("./a"), "single dot"},
		"two slashes":             {file("a//b"), "empty name"},
		"slash at the end":        {file("a/"), "empty name"},
		"NUL":                     {file("a\x00b"), "zero byte"},
		"not UTF-8":               {file("a\xffb"), "not UTF-8"},
		"long name":               {file(long), ""},
		"too long name":           {file(long + "n"), "256 bytes"},
		"too long name below":     {file("a/" + long + "n"), "256 bytes"},
		"huge name":               {file(strings.Repeat("n", 10<<20)), "bytes; there is room for"},
		"too long path":           {file(deep), "bytes; there is room for"},
		"deep":                    {file(strings.Repeat("n/", 64) + "n"), ""},
		"too deep":                {file(strings.Repeat("n/", 65) + "n"), "65 directories"},
		"twice":                   {file("a", "b", "a"), "twice"},
		"file and directory":      {file("a/b/c", "a/b"), "directory of another"},
		"directory and file":      {file("a", "a/b"), "directory of another"},
		"names that sort between": {file("a", "a-b", "a.b/c"), ""},
		"a dot in front":          {file(".hidden", "a/.b"), ""},
		"odd but possible":        {file("a b", "ü", `c\d`, "e\nf", "*"), ""},
		"no data":                 {[]filesink.File{{Path: "a"}}, "no data"},
		"set-user-id":             {[]filesink.File{{Path: "a", Data: value("x"), Mode: fs.ModeSetuid | 0o755}}, "mode"},
		"a directory":             {[]filesink.File{{Path: "a", Data: value("x"), Mode: fs.ModeDir | 0o755}}, "mode"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			sink := open(t, dir, filesink.Config{})
			good := map[string]string{"good": "1"}
			write(t, sink, good)
			changed, err := sink.Write(t.Context(), test.files)
			if test.want == "" {
				if err != nil || len(visible(t, dir)) != len(test.files) {
					t.Errorf("error %v, files %v", err, visible(t, dir))
				}
				return
			}
			if _, ok := errors.AsType[*filesink.FileError](err); !ok || !errors.Is(err, secrets.ErrConfiguration) || changed {
				t.Fatalf("changed %v, error %#v", changed, err)
			}
			if text := err.Error(); !strings.Contains(text, test.want) || len(text) > 1000 || strings.Contains(text, "marker") {
				t.Errorf("error %q, want %q", text, test.want)
			}
			checkVisible(t, dir, good)
		})
	}
}

func TestCheckPaths(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat(strings.Repeat("n", 199)+"/", 20) + strings.Repeat("n", 95)
	tests := map[string]struct {
		paths   []string
		refused string // empty: none
	}{
		"none":      {nil, ""},
		"good":      {[]string{"a/b", "a/c", "d"}, ""},
		"up":        {[]string{"a", "../x"}, "../x"},
		"twice":     {[]string{"a", "b", "a"}, "a"},
		"directory": {[]string{"a", "a/b"}, "a"},
		"longest":   {[]string{longest}, ""},
		"too long":  {[]string{longest + "n"}, longest + "n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := filesink.CheckPaths(test.paths...)
			if f, ok := errors.AsType[*filesink.FileError](err); ok != (test.refused != "") || ok && f.Path != test.refused || !ok && err != nil {
				t.Errorf("%v", err)
			}
		})
	}
}

// As long as the operating system takes it, and not a byte more.
func TestLongestPath(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sink := open(t, dir, filesink.Config{})
	room := 4095 - len(dir) - len("/..2026_11_22_03_45_00.123456789/")
	path := strings.Repeat(strings.Repeat("n", 199)+"/", room/200+1)[:room]
	path = strings.TrimSuffix(path, "/")
	path += strings.Repeat("n", room-len(path))
	write(t, sink, map[string]string{path: "1"})
	if got, err := os.ReadFile(filepath.Join(dir, path)); err != nil || string(got) != "1" {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := sink.Write(t.Context(), files(map[string]string{path + "n": "1"})); !errors.Is(err, secrets.ErrConfiguration) {
		t.Errorf("one more byte: %v", err)
	}
}

func TestRefusedConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config filesink.Config
		field  string
	}{
		"set-user-id":        {filesink.Config{Mode: fs.ModeSetuid | 0o755}, "Config.Mode"},
		"sticky":             {filesink.Config{DirMode: fs.ModeSticky | 0o755}, "Config.DirMode"},
		"unusable directory": {filesink.Config{DirMode: 0o555}, "Config.DirMode"},
		"unlisted directory": {filesink.Config{DirMode: 0o311}, "Config.DirMode"},
		"for everybody":      {filesink.Config{DirMode: 0o777}, "Config.DirMode"},
		"decimal":            {filesink.Config{DirMode: 755}, "Config.DirMode"},
		"UID":                {filesink.Config{UID: new(-1)}, "Config.UID"},
		"GID":                {filesink.Config{GID: new(-1)}, "Config.GID"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			_, err := filesink.Open(dir, test.config)
			c, ok := errors.AsType[*filesink.ConfigError](err)
			if !ok || c.Field != test.field || !errors.Is(err, secrets.ErrConfiguration) || !strings.Contains(err.Error(), test.field) {
				t.Errorf("%#v", err)
			}
			if exists(t, dir) {
				t.Error("it made the directory")
			}
		})
	}
}
