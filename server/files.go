package server

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"strata"
)

// files serves the console: its hashed assets for ever, everything else fresh,
// and index.html for every address that the console itself reads.
type files struct {
	content map[string]file // by path without a leading slash
}

type file struct {
	data      []byte
	mime, tag string
	forever   bool
}

const indexFile = "index.html"

// newFiles reads the console's files, which are a few megabytes.
func newFiles(console fs.FS) (*files, error) {
	f := &files{content: map[string]file{}}
	err := fs.WalkDir(console, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		data, err := fs.ReadFile(console, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		kind := mime.TypeByExtension(path.Ext(name))
		if kind == "" {
			kind = http.DetectContentType(data)
		}
		f.content[name] = file{data: data, mime: kind, tag: `W/"` + hex.EncodeToString(sum[:12]) + `"`, forever: strings.HasPrefix(name, "assets/")}
		return nil
	})
	if err != nil {
		return nil, &strata.Error{Code: strata.Internal, Message: "the console's files cannot be read", Cause: err}
	}
	if _, ok := f.content[indexFile]; !ok {
		return nil, &strata.Error{Code: strata.NotFound, Message: "the console has no " + indexFile, Hint: "run `make ui build`"}
	}
	return f, nil
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		sendProblem(w, &strata.Error{Code: strata.NotFound, Message: "there is nothing at " + r.URL.Path})
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	found, ok := f.content[name]
	if !ok && path.Ext(name) != "" && !strings.Contains(r.Header.Get("Accept"), "text/html") {
		sendProblem(w, &strata.Error{Code: strata.NotFound, Message: "there is no file " + r.URL.Path})
		return
	}
	if !ok {
		found = f.content[indexFile]
	}
	h := w.Header()
	h.Set("Content-Type", found.mime)
	h.Set("ETag", found.tag)
	h.Set("Cache-Control", "no-cache")
	if found.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == found.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method == http.MethodGet {
		w.Write(found.data)
	}
}
