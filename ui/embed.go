// Package ui carries the built console inside the binary.
package ui

import (
	"embed"
	"io/fs"

	"strata"
)

// all: keeps names that begin with a dot or an underscore; dist/.keep is the
// only file there before the first build of the console.
//
//go:embed all:dist
var dist embed.FS

// Dist returns the files of the built console, index.html at its root. Where
// the console was not built before the binary, the error has the code
// NotFound and says what to run.
func Dist() (fs.FS, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(files, "index.html"); err != nil {
		return nil, &strata.Error{
			Code:    strata.NotFound,
			Message: "the console is not part of this binary: it was built before ui/dist",
			Hint:    "run `make ui build` and start the new binary",
		}
	}
	return files, nil
}
