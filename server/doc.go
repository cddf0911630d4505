// Package server serves the HTTP API and the files of the console; it has no
// rules of its own: what it shows is computed by the stages.
package server

//go:generate go test -run ^TestOpenAPIFileIsCurrent$ . -update
