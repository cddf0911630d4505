package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata"
	"strata/erasure"
)

// findText names the files of a data directory in which one of the texts
// stands, tables decompressed.
func findText(t *testing.T, data string, texts ...string) (found []string) {
	t.Helper()
	b, err := openBusiness(data, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var list [][]byte
	for _, text := range texts {
		list = append(list, []byte(text))
	}
	if err := b.store.Find(t.Context(), list, func(file string) { found = append(found, file) }); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, x := range list {
			if bytes.Contains(text, x) {
				found = append(found, path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// An owner erases a customer while the server runs: counts follow at once, and
// neither member number nor phone stands anywhere any more.
func TestEraseWhileServing(t *testing.T) {
	dir := t.TempDir()
	damageShop(t, dir)
	data := filepath.Join(dir, "data")
	if len(findText(t, data, "13800131005", "M005")) == 0 {
		t.Fatal("the search finds nothing before the erasure either")
	}
	s := serve(t, data)
	var before, after struct {
		Customers struct {
			Value string `json:"value"`
		} `json:"customers"`
	}
	s.get("/overview", &before)
	var x struct {
		Customer string
		Events   int
		Keys     []string
	}
	if status := s.get("/customers/M005/erasure", &x); status != http.StatusOK || x.Customer != "M005" || x.Events != 5 || len(x.Keys) != 2 {
		t.Fatalf("preview %d %+v", status, x)
	}
	post := func(confirm, reason string) int {
		body, _ := json.Marshal(map[string]string{"confirm": confirm, "reason": reason})
		answer, err := s.client.Post(s.base+"/api/v1/customers/M005/erasure", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	for _, wrong := range [][2]string{{"M006", "asked for it"}, {"M005", " "}, {"", "asked for it"}} {
		if status := post(wrong[0], wrong[1]); status < 400 || status >= 500 {
			t.Errorf("confirmed by %q: %d", wrong, status)
		}
	}
	if status := post("M005", "asked for it"); status != http.StatusOK {
		t.Fatalf("erasing: %d", status)
	}
	if status := s.get("/customers/M005", nil); status != http.StatusNotFound {
		t.Errorf("the customer's page: %d", status)
	}
	// What a source sends of the person is refused, and nothing of it is kept.
	key := writeKey(t, data, "shop", "--user-id", "member_no")
	if a := send(t, s.base, key, "/v1/identify", `{"messageId":"e1","userId":"M005","traits":{"phone":"13800131005"}}`); a.statuses() != "refused" || !strings.Contains(a.Results[0].Reason, "erased") {
		t.Errorf("a call of the erased person: %+v", a)
	}
	s.get("/overview", &after)
	if before.Customers.Value != "61" || after.Customers.Value != "60" {
		t.Errorf("%s customers before, %s after", before.Customers.Value, after.Customers.Value)
	}
	if out := mustRun(t, dir, "verify"); !strings.Contains(out, "60 customers") || !strings.Contains(out, ": 0 differences") {
		t.Error(out)
	}
	if out := mustRun(t, dir, "doctor"); !strings.Contains(out, ": 0 findings") {
		t.Error(out)
	}
	s.interrupt()
	if found := findText(t, data, "13800131005", "M005"); len(found) > 0 {
		t.Errorf("the customer still stands in %q", found)
	}
}

// An erasure that ended with its entry in the ledger is finished by the next
// process that opens the data directory.
func TestEraseIsFinished(t *testing.T) {
	dir := t.TempDir()
	damageShop(t, dir)
	data := filepath.Join(dir, "data")
	b, err := openBusiness(data, strata.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	c, err := b.customer("M005")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := b.people.Keys(c)
	if err != nil {
		t.Fatal(err)
	}
	e := erasure.Entry{ID: "cut short", At: 1, Customer: c}
	for _, k := range keys {
		e.Keys = append(e.Keys, b.marks.Of(k).String())
	}
	if err := b.ledger.Append(e); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if out := mustRun(t, dir, "verify"); !strings.Contains(out, "60 customers") {
		t.Error(out)
	}
	if found := findText(t, data, "13800131005", "M005"); len(found) > 0 {
		t.Errorf("the customer still stands in %q", found)
	}
}

// A restored copy says on its first page that nothing goes out.
func TestRestoredCopyHolds(t *testing.T) {
	dir := t.TempDir()
	damageShop(t, dir)
	mustRun(t, dir, "backup", "backups")
	mustRun(t, dir, "restore", "backups", "--data", "copy")
	s := serve(t, filepath.Join(dir, "copy"))
	var overview struct {
		Held *struct{ Since, Taken string }
	}
	if status := s.get("/overview", &overview); status != http.StatusOK || overview.Held == nil || overview.Held.Taken == "" {
		t.Fatalf("%d %+v", status, overview)
	}
	mustRun(t, dir, "--data", "copy", "resume", "--reason", "looked through")
	overview.Held = nil
	s.get("/overview", &overview)
	if overview.Held != nil {
		t.Error("still held after resume")
	}
	s.interrupt()
}
