package blobapi

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"wave365/pkg/sandbox/blobapi/signature"
)

// The identity that is signed in to the sandbox, for which delegation keys are made.
const (
	delegateObject = "5a4db00b-0000-4000-8000-000000000001"
	delegateTenant = "5a4db00b-0000-4000-8000-000000000002"
)

// delegationKey returns a key for user delegation signatures. It is computed, not stored.
func (s *server) delegationKey(w http.ResponseWriter, c *call) *refusal {
	raw, err := io.ReadAll(io.LimitReader(c.Body, 64<<10))
	var info struct{ Start, Expiry string }
	if err != nil || xml.Unmarshal(raw, &info) != nil {
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
