package demo

import (
	"embed"
	"strings"

	"strata"
)

//go:embed mappings/*.yaml
var mappingFiles embed.FS

//go:embed definitions.yaml
var definitions []byte

// Name is the name of the demo business.
var Name = Bilingual{Zh: "和味集", En: "Heweiji"}

// Mapping returns the mapping of one of the files that Summary lists: its name
// for messages and its YAML. Another file is NotFound.
func Mapping(file string) (name string, yaml []byte, err error) {
	name = "mappings/" + strings.TrimSuffix(file, ".csv") + ".yaml"
	if yaml, err = mappingFiles.ReadFile(name); err != nil {
		return "", nil, &strata.Error{Code: strata.NotFound, Field: file, Message: "the demo has no mapping for this file", Hint: "give one of " + strings.Join(fileNames[:], ", "), Cause: err}
	}
	return "demo/" + name, yaml, nil
}

// Definitions returns the demo's definitions as YAML, in a fresh slice.
func Definitions() []byte { return append([]byte(nil), definitions...) }
