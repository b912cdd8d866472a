package signature

import (
	"bytes"
	"net"
	"net/url"
	"strings"
	"time"
)

// Problem is why a signature is not valid. The zero value: it is valid.
type Problem string

// The problems.
const (
	// Forged: the signature does not match what it signs, or a part of it is not understood.
	Forged Problem = "forged"
	// Early and Late: it is not valid now.
	Early Problem = "not yet valid"
	Late  Problem = "expired"
	// Protocol and Address: it is not valid for this protocol, or from this address.
	Protocol Problem = "protocol"
	Address  Problem = "address"
)

// Visit is the request that carries a signature.
type Visit struct {
	// Container and Blob are decoded; Blob is empty for a request to the container, both for one to the account.
	Container, Blob string
	Now             time.Time
	// Scheme is http or https; Address the caller's, nil: unknown, and not checked.
	Scheme  string
	Address net.IP
}

// Grant is what a valid signature allows.
type Grant struct {
	// Permissions are the letters of sp; Resource is b or c.
	Permissions, Resource string
}

// SAS verifies the signature in the query of a request, for one blob or for a container; account signatures are not supported here.
// The parts are verified in the form in which they were sent.
func (a Account) SAS(q url.Values, v Visit) (Grant, Problem) {
	p := part(q.Get)
	g := Grant{Permissions: p("sp"), Resource: p("sr")}
	key := a.Key
	var text string
	switch version := p("sv"); {
	case version < "2015-04-05" || len(version) != len("2015-04-05"):
		return Grant{}, Forged
	case p("skoid") != "":
		key = a.DelegationKey(Delegation{ObjectID: p("skoid"), TenantID: p("sktid"), Start: p("skt"), Expiry: p("ske"), Service: p("sks"), Version: p("skv")})
		text = a.delegationText(p, v)
	default:
		text = a.serviceText(p, v)
	}
	if g.Resource != "b" && g.Resource != "c" || !a.matches(key, text, p("sig")) {
		return Grant{}, Forged
	}
	return g, limits(p, v)
}

// part returns a part of a signature by its name; empty: there is none.
type part func(name string) string

// limits checks the times, the protocol and the address of a genuine signature.
func limits(p part, v Visit) Problem {
	expiry, ok := timeOf(p("se"))
	if !ok || p("sp") == "" {
		return Forged // stored policies would allow that; there are none
	}
	for _, name := range []string{"st", "skt"} {
		if text := p(name); text != "" {
			start, ok := timeOf(text)
			if !ok {
				return Forged
			}
			if v.Now.Before(start) {
				return Early
			}
		}
	}
	if text := p("ske"); text != "" {
		keyExpiry, ok := timeOf(text)
		if !ok {
			return Forged
		}
		if keyExpiry.Before(expiry) {
			expiry = keyExpiry
		}
	}
	switch {
	case !v.Now.Before(expiry):
		return Late
	case p("spr") == "https" && v.Scheme != "https":
		return Protocol
	case v.Address != nil && !inRange(v.Address, p("sip")):
		return Address
	}
	return ""
}

// resource returns the canonical name of what the signature is for, given its sr and the request.
func (a Account) resource(p part, v Visit) string {
	name := "/blob/" + a.Name + "/" + v.Container
	if p("sr") == "b" {
		name += "/" + v.Blob
	}
	return name
}

func (a Account) serviceText(p part, v Visit) string {
	lines := []string{p("sp"), p("st"), p("se"), a.resource(p, v), p("si"), p("sip"), p("spr"), p("sv")}
	return strings.Join(append(lines, tail(p)...), "\n")
}

func (a Account) delegationText(p part, v Visit) string {
	version := p("sv")
	lines := []string{p("sp"), p("st"), p("se"), a.resource(p, v), p("skoid"), p("sktid"), p("skt"), p("ske"), p("sks"), p("skv")}
	if version >= "2020-02-10" {
		lines = append(lines, p("saoid"), p("suoid"), p("scid"))
	}
	if version >= "2025-07-05" {
		lines = append(lines, p("skdutid"), p("sduoid"))
	}
	lines = append(lines, p("sip"), p("spr"), version)
	return strings.Join(append(lines, tail(p)...), "\n")
}

// tail returns the lines that both kinds of signatures end with.
func tail(p part) (lines []string) {
	version := p("sv")
	if version >= "2018-11-09" {
		lines = append(lines, p("sr"), "") // no snapshots here
	}
	if version >= "2020-12-06" {
		lines = append(lines, p("ses"))
	}
	return append(lines, p("rscc"), p("rscd"), p("rsce"), p("rscl"), p("rsct"))
}

// Delegation identifies a user delegation key by the parameters of the request for it, with times as they were written.
type Delegation struct {
	ObjectID, TenantID, Start, Expiry, Service, Version string
}

// DelegationKey derives the key from its identity, so that none has to be stored.
func (a Account) DelegationKey(d Delegation) []byte {
	return mac(a.Key, strings.Join([]string{"user delegation", strings.ToLower(d.ObjectID), strings.ToLower(d.TenantID),
		d.Start, d.Expiry, d.Service, d.Version}, "\n"))
}

func timeOf(text string) (t time.Time, ok bool) {
	for _, layout := range []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.9999999Z", "2006-01-02T15:04Z", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func inRange(ip net.IP, allowed string) bool {
	if allowed == "" {
		return true
	}
	from, to, isRange := strings.Cut(allowed, "-")
	if !isRange {
		to = from
	}
	low, high, at := net.ParseIP(from).To16(), net.ParseIP(to).To16(), ip.To16()
	return low != nil && high != nil && bytes.Compare(low, at) <= 0 && bytes.Compare(at, high) <= 0
}
