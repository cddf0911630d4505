package main

import (
	"github.com/spf13/cobra"

	"strata/define"
)

func (c *call) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of definition files", Args: exactly(0, "no arguments"),
		Long: "Print the JSON Schema (2020-12) of definition files, for editors and for programs that write definitions:\n\n" +
			"  strata schema > definitions.schema.json\n\n" +
			"and in the first line of a file, for editors that use yaml-language-server:\n\n" +
			"  # yaml-language-server: $schema=definitions.schema.json",
		RunE: func(*cobra.Command, []string) error {
			_, err := c.stdout.Write(define.JSONSchema())
			return err
		},
	}
}
