package demo

import (
	"embed"
	"strings"
)

//go:embed mappings/*.yaml
var mappingFiles embed.FS

//go:embed definitions.yaml
var definitions []byte

// Name is the name of the demo business.
var Name = Bilingual{Zh: "和味集", En: "Heweiji"}

// Mapping returns the YAML of the mapping of one of the files that Summary
// lists, nil for another.
func Mapping(file string) []byte {
	yaml, err := mappingFiles.ReadFile("mappings/" + strings.TrimSuffix(file, ".csv") + ".yaml")
	if err != nil {
		return nil
	}
	return yaml
}

// Definitions returns the demo's definitions as YAML, in a fresh slice.
func Definitions() []byte { return append([]byte(nil), definitions...) }
