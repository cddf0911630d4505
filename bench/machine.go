package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Machine says what a run was measured on.
type Machine struct {
	Processor string  `json:"processor"`
	Cores     int     `json:"cores"`
	MemoryMB  float64 `json:"memory_mb"`
	System    string  `json:"system"`
	Go        string  `json:"go"`
	DiskRead  float64 `json:"disk_read_mb_per_s"` // of the store's files, one after the other, page cache dropped
	LoadFirst string  `json:"load_first"`         // load averages at the start and at the end
	LoadLast  string  `json:"load_last"`
}

func thisMachine() Machine {
	return Machine{
		Processor: field("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), MemoryMB: kilobytes(field("/proc/meminfo", "MemTotal")) / 1000,
		System: runtime.GOOS + " " + firstLine("/proc/sys/kernel/osrelease"), Go: runtime.Version(), LoadFirst: firstLine("/proc/loadavg"),
	}
}

// field is a line NAME: VALUE of a file under /proc.
func field(file, name string) string {
	text, _ := os.ReadFile(file)
	for line := range bytes.Lines(text) {
		if key, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func firstLine(file string) string {
	text, _ := os.ReadFile(file)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

func kilobytes(text string) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSuffix(text, " kB"), 64)
	return n * 1.024
}

// peakMemory is the most that this process has had in memory, in MB.
func peakMemory() float64 { return kilobytes(field("/proc/self/status", "VmHWM")) / 1000 }

// eachFile calls fn for every file under dir.
func eachFile(dir string, fn func(*os.File) error) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(fn(file), file.Close())
	})
}

// dropCache makes the files under dir come from the disk when they are read
// next. As root it empties the page cache of the machine; else it asks the
// system to forget these files.
func dropCache(dir string) error {
	syscall.Sync()
	if os.WriteFile("/proc/sys/vm/drop_caches", []byte("3\n"), 0o200) == nil {
		return nil
	}
	const dontNeed = 4 // POSIX_FADV_DONTNEED
	return eachFile(dir, func(file *os.File) error {
		if _, _, code := syscall.Syscall6(syscall.SYS_FADVISE64, file.Fd(), 0, 0, dontNeed, 0, 0); code != 0 {
			return code
		}
		return nil
	})
}

// diskSpeed reads the files under dir from the disk, in MB a second.
func diskSpeed(dir string) (float64, error) {
	if err := dropCache(dir); err != nil {
		return 0, err
	}
	total, begun, buffer := int64(0), time.Now(), make([]byte, 1<<20)
	err := eachFile(dir, func(file *os.File) error {
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{file}, buffer)
		total += n
		return err
	})
	return float64(total) / 1e6 / time.Since(begun).Seconds(), err
}
