package blobapi

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"wave365/pkg/sandbox/blobapi/signature"
)

func (s *server) createContainer(w http.ResponseWriter, c *call) *refusal {
	if !validContainer(c.container) {
		return refuse(http.StatusBadRequest, "InvalidResourceName", "The specifed resource name contains invalid characters.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.containers[c.container] != nil {
		return refuse(http.StatusConflict, "ContainerAlreadyExists", "The specified container already exists.")
	}
	made := &container{
		Name: c.container, ETag: s.nextETag(), Modified: c.now, Metadata: c.metadata(), blobs: make(map[string]*Blob), made: true,
	}
	s.containers[c.container] = made
	made.stamp(w.Header())
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (s *server) deleteContainer(w http.ResponseWriter, c *call) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	container := s.containers[c.container]
	if container == nil {
		return errNoContainer
	}
	for name := range container.blobs {
		s.remove(container, name)
	}
	delete(s.containers, c.container)
	s.gone[[2]string{c.container, ""}] = true
	w.WriteHeader(http.StatusAccepted)
	return nil
}

func (s *server) containerProperties(w http.ResponseWriter, c *call) *refusal {
	s.mu.RLock()
	defer s.mu.RUnlock()
	container := s.containers[c.container]
	if container == nil {
		return errNoContainer
	}
	h := w.Header()
	container.stamp(h)
	Lease{}.headers(h, c.now)
	h.Set("x-ms-has-immutability-policy", "false")
	h.Set("x-ms-has-legal-hold", "false")
	for k, v := range container.Metadata {
		h["x-ms-meta-"+k] = []string{v}
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// containerACL: every container is private and has no stored policies.
func (s *server) containerACL(w http.ResponseWriter, c *call) *refusal {
	s.mu.RLock()
	defer s.mu.RUnlock()
	container := s.containers[c.container]
	if container == nil {
		return errNoContainer
	}
	container.stamp(w.Header())
	writeXML(w, `<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers />`)
	return nil
}

func (c *container) stamp(h http.Header) {
	h.Set("ETag", c.ETag)
	h.Set("Last-Modified", httpTime(c.Modified))
}

// containerNames gives the containers in order. The caller holds the lock.
func (s *Store) containerNames() []string {
	names := make([]string, 0, len(s.containers))
	for name := range s.containers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *server) accountInformation(w http.ResponseWriter, _ *call) *refusal {
	w.Header().Set("x-ms-sku-name", "Standard_LRS")
	w.Header().Set("x-ms-account-kind", "StorageV2")
	w.Header().Set("x-ms-is-hns-enabled", "false")
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *server) serviceProperties(w http.ResponseWriter, _ *call) *refusal {
	const off = `<Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>`
	writeXML(w, `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties>`+
		`<Logging><Version>1.0</Version><Read>false</Read><Write>false</Write><Delete>false</Delete><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging>`+
		`<HourMetrics><Version>1.0</Version>`+off+`</HourMetrics><MinuteMetrics><Version>1.0</Version>`+off+`</MinuteMetrics>`+
		`<Cors /><DefaultServiceVersion>`+serviceVersion+`</DefaultServiceVersion>`+
		`<DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy><StaticWebsite><Enabled>false</Enabled></StaticWebsite></StorageServiceProperties>`)
	return nil
}

// Who is signed in to the sandbox, for the keys that are made for him.
const (
	delegateObject = "5a4db00b-0000-4000-8000-000000000001"
	delegateTenant = "5a4db00b-0000-4000-8000-000000000002"
)

// delegationKey makes a key for user delegation signatures. It is computed, not kept.
func (s *server) delegationKey(w http.ResponseWriter, c *call) *refusal {
	raw, err := c.body(64 << 10)
	if err != nil {
		return err
	}
	var info struct{ Start, Expiry string }
	if xml.Unmarshal(raw, &info) != nil {
		return errXML
	}
	expiry, ok := keyTime(info.Expiry)
	start, given := keyTime(info.Start)
	if !given {
		start = c.now
	}
	switch {
	case !ok || !expiry.After(start) || !expiry.After(c.now):
		return errXML
	case expiry.Sub(c.now) > 7*24*time.Hour || start.Sub(c.now) > 7*24*time.Hour:
		return refuse(http.StatusBadRequest, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format: the key may live seven days at most.")
	}
	d := signature.Delegation{
		ObjectID: delegateObject, TenantID: delegateTenant, Service: "b", Version: version(c.Request),
		Start: start.Format(time.RFC3339), Expiry: expiry.Format(time.RFC3339),
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><UserDelegationKey>`)
	for _, e := range [][2]string{
		{"SignedOid", d.ObjectID}, {"SignedTid", d.TenantID}, {"SignedStart", d.Start}, {"SignedExpiry", d.Expiry},
		{"SignedService", d.Service}, {"SignedVersion", d.Version}, {"Value", base64.StdEncoding.EncodeToString(s.account.DelegationKey(d))},
	} {
		fmt.Fprintf(&b, "<%s>", e[0])
		text(&b, e[1])
		fmt.Fprintf(&b, "</%s>", e[0])
	}
	b.WriteString("</UserDelegationKey>")
	writeXML(w, b.String())
	return nil
}

func keyTime(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, text)
	return t.UTC().Truncate(time.Second), err == nil
}
