package define

// TreeJSON returns a text in YAML or JSON as JSON.
func TreeJSON(file string, data []byte) ([]byte, error) {
	n, err := readTree(file, data)
	if err != nil {
		return nil, err
	}
	return emitJSON(n), nil
}
