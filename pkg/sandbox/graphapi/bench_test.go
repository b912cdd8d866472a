package graphapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"wave365/pkg/sandbox/graphapi"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
	"wave365/pkg/sandbox/tenant/source"
)

// crowd is a tenant of n licensed users, all in one group under one policy; every tenth has a Cloud PC.
func crowd(n int) *scenario.Scenario {
	s := friday()
	s.Users, s.Groups = nil, []scenario.Group{{Name: "Wave", ID: groupID}}
	s.Licenses[0].Seats = 2 * n
	s.Knobs.RequestsPer20s, s.Knobs.WritesPer20s = -1, -1
	for i := range n {
		upn := fmt.Sprintf("user%06d", i)
		s.Users = append(s.Users, scenario.User{UPN: upn, DisplayName: "User " + upn, Department: "Dept", Licenses: []string{"CPC_E_2C_8GB_128GB"}})
		s.Groups[0].Members = append(s.Groups[0].Members, upn)
		if i%10 == 0 {
			s.CloudPCs = append(s.CloudPCs, scenario.CloudPC{User: upn})
		}
	}
	return s
}

func BenchmarkRequests(b *testing.B) {
	s := crowd(10_000)
	tn, err := tenant.New(s, 1, start, disks{"ada": fixedDisk("ada.vhd", 64)})
	if err != nil {
		b.Fatal(err)
	}
	h := graphapi.New(graphapi.Config{Tenant: tn, Now: func() time.Time { return start }, Knobs: s.Knobs})
	im, err := tn.ImportSnapshot(start, firstID(b, tn), []source.Ref{{URL: "https://x/ada?sig=1"}})
	if err != nil {
		b.Fatal(err)
	}
	batch := `{"requests":[`
	for i := range 20 {
		if i > 0 {
			batch += ","
		}
		batch += fmt.Sprintf(`{"id":"%d","method":"GET","url":"/deviceManagement/virtualEndpoint/snapshots/retrieveSnapshotImportResult(snapshotId='%s')"}`, i, im.ID)
	}
	batch += "]}"
	for _, c := range []struct{ name, method, path, body string }{
		{"User", "GET", "/v1.0/users/user000077@contoso.example?$select=id,userPrincipalName,accountEnabled", ""},
		{"Import", "GET", ve + "snapshots/retrieveSnapshotImportResult(snapshotId='" + im.ID + "')", ""},
		{"CloudPCPage", "GET", ve + "cloudPCs?$select=id,status,userPrincipalName", ""},
		{"CloudPCOfUser", "GET", ve + "cloudPCs?$filter=userPrincipalName%20eq%20'user000010@contoso.example'", ""},
		{"Batch20", "POST", "/beta/$batch", batch},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					var body io.Reader
					if c.body != "" {
						body = strings.NewReader(c.body)
					}
					r := httptest.NewRequest(c.method, c.path, body)
					r.Header.Set("Authorization", "Bearer x")
					r.Header.Set("Content-Type", "application/json")
					rec := httptest.NewRecorder()
					h.ServeHTTP(rec, r)
					if rec.Code != http.StatusOK {
						b.Errorf("status %d: %s", rec.Code, rec.Body)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

func firstID(b *testing.B, tn *tenant.Tenant) string {
	us, _ := tn.Users(start, 0, 1)
	if len(us) == 0 {
		b.Fatal("no users")
	}
	return us[0].ID
}

// BenchmarkServer is the same over a real loopback connection.
func BenchmarkServer(b *testing.B) {
	s := crowd(1000)
	tn, err := tenant.New(s, 1, start, nil)
	if err != nil {
		b.Fatal(err)
	}
	srv := httptest.NewServer(graphapi.New(graphapi.Config{Tenant: tn, Now: func() time.Time { return start }, Knobs: s.Knobs}))
	defer srv.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv.URL+"/v1.0/users/user000077@contoso.example?$select=id", nil)
			if err != nil {
				b.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer x")
			resp, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

// BenchmarkTenant20k is the memory of 20,000 users with their group, licenses and 10,000 Cloud PCs.
func BenchmarkTenant20k(b *testing.B) {
	s := crowd(20_000)
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		tn, err := tenant.New(s, 1, start, nil)
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
		runtime.KeepAlive(tn)
	}
}
