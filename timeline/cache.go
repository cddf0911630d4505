package timeline

import (
	"bytes"
	"os"
	"strconv"
)

// The bounds of the cache where nothing is said. The blocks of 50 M events of
// a million customers take about as much as the largest.
const (
	leastCache   = 64 << 20
	largestCache = 1280 << 20
	unknownCache = 256 << 20 // where the machine does not say how much memory it has
)

// defaultCache is an eighth of the machine's memory, within bounds.
func defaultCache() int64 {
	text, _ := os.ReadFile("/proc/meminfo")
	for line := range bytes.Lines(text) {
		amount, ok := bytes.CutPrefix(line, []byte("MemTotal:"))
		if !ok {
			continue
		}
		kilobytes, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(amount), []byte("kB")))), 10, 64)
		if err == nil {
			return min(max(kilobytes*1024/8, leastCache), largestCache)
		}
	}
	return unknownCache
}
