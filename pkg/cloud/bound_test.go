package cloud_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/bound"
	"wave365/pkg/fault"
)

// No answer is read past its bound, however it is packed, and none is asked for again.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	blanks := strings.Repeat(" ", 1<<20)
	var bomb bytes.Buffer // made beforehand: an answer has its time
	z := gzip.NewWriter(&bomb)
	for range 64 {
		_, _ = io.WriteString(z, blanks)
	}
	_ = z.Close()
	for name, write := range map[string]func(w http.ResponseWriter){
		"Announced": func(w http.ResponseWriter) { w.Header().Set("Content-Length", fmt.Sprint(5<<30)) },
		"Chunked": func(w http.ResponseWriter) {
			for range 64 {
				_, _ = io.WriteString(w, blanks)
			}
		},
		"Gzip": func(w http.ResponseWriter) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		},
		"Parts": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_, _ = io.WriteString(w, `{"value":[`+strings.Repeat("{},", 300_000)+`{}]}`)
		},
		"Tags": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/xml")
			_, _ = io.WriteString(w, "<a>"+strings.Repeat("<b/>", 500_000)+"</a>")
		},
		"ErrorBody": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadRequest)
			for range 64 {
				_, _ = io.WriteString(w, blanks)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; write(w) }))
			t.Cleanup(srv.Close)
			p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: srv.URL})
			if err != nil {
				t.Fatal(err)
			}
			req, err := runtime.NewRequest(t.Context(), http.MethodGet, srv.URL+"/a")
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Do(req)
			if fault.CodeOf(err) != bound.CodeTooLarge || !fault.Is(err, fault.Unavailable) || asked != 1 {
				t.Errorf("%v after %d requests", err, asked)
			}
		})
	}
}

// An honest page of a thousand, and the size of a disk told by HEAD, pass.
func TestHonestAnswersPass(t *testing.T) {
	t.Parallel()
	page := `{"value":[` + strings.Repeat(`{"id":"0b7e1f52","a":1,"b":[1,2,3],"c":{"d":"e"}},`, 999) + `{}]}`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", fmt.Sprint(127<<30))
			return
		}
		_, _ = io.WriteString(w, page)
	}))
	t.Cleanup(srv.Close)
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		req, err := runtime.NewRequest(t.Context(), method, srv.URL+"/a")
		if err != nil {
			t.Fatal(err)
		}
		resp, err := p.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		if body, err := runtime.Payload(resp); err != nil || method == http.MethodGet && string(body) != page {
			t.Errorf("%s: %d bytes, %v", method, len(body), err)
		}
	}
}

// Large answers are read one after the other, so that many at once do not take the memory of the machine.
func TestLargeAnswersOneByOne(t *testing.T) {
	t.Parallel()
	const size, far = 24, 14 // MiB; what lies in the sockets is less than far
	block := strings.Repeat(" ", 1<<20)
	var mu sync.Mutex
	under, most := 0, 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range size {
			if i == far {
				mu.Lock()
				under++
				most = max(most, under)
				mu.Unlock()
			}
			_, _ = io.WriteString(w, block)
		}
		mu.Lock()
		defer mu.Unlock()
		under--
	}))
	t.Cleanup(srv.Close)
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			req, err := runtime.NewRequest(t.Context(), http.MethodGet, srv.URL)
			if err != nil {
				t.Error(err)
				return
			}
			resp, err := p.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			if body, err := runtime.Payload(resp); err != nil || len(body) != size<<20 {
				t.Errorf("%d bytes, %v", len(body), err)
			}
		})
	}
	all.Wait()
	if most != 1 {
		t.Errorf("%d at once", most)
	}
}
