// Package rehearsal makes a sandbox tenant from a wave, so that any wave can be rehearsed without a tenant: its users,
// disks, policies, groups and licenses exist, and as much goes wrong as requested. The same arguments give the same
// scenario. It takes values and reads no wave file.
package rehearsal

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant/catalog"
)

// Weather is how much goes wrong.
type Weather string

// The weathers.
const (
	// Calm: every row succeeds.
	Calm Weather = "calm"
	// Rough is an ordinary run: a few imports and Cloud PCs fail, some answers are throttled or late.
	Rough Weather = "rough"
	// Storm: one row in seven fails, answers are lost, services are down for minutes, and others change the tenant.
	Storm Weather = "storm"
)

// Weathers returns all of them, calmest first.
func Weathers() []Weather { return []Weather{Calm, Rough, Storm} }

// Person is one row of a wave, as far as it is known.
type Person struct {
	// User is a user name or an object id.
	User, Name, Department string
	// Disk and GuestState are paths in the rehearsal's storage account: container/name. GuestState may be empty.
	Disk, GuestState string
	// Policy, Group and License are names or ids; for an empty Group one is made for the policy, for an empty License the
	// user holds one already.
	Policy, Group, License string
	// GiB is the disk's size; 0: not known, and assumed to be that of the license's disk.
	GiB int
}

// Options determine what to play.
type Options struct {
	// Name is the wave's name.
	Name string
	// Seed draws durations and misfortunes; 0 counts as 1.
	Seed    int64
	Weather Weather
	// Knobs are the known variants of the real service; zero: the defaults.
	Knobs scenario.Knobs
}

const domain = "rehearsal.example"

var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// Tenant returns the tenant for these people. A user who is named more than once exists once.
func Tenant(people []Person, o Options) scenario.Scenario {
	b := builder{s: scenario.Scenario{
		Version: 1, Name: "rehearsal-" + o.Name, Seed: max(o.Seed, 1), Knobs: o.Knobs,
		Description: "made from the wave " + o.Name,
		Tenant:      scenario.Tenant{ID: "6e4f1a50-0000-4000-8000-000000000365", Name: "Rehearsal of " + o.Name, Domain: domain},
	}, seen: map[string]bool{}, random: rand.New(rand.NewPCG(uint64(max(o.Seed, 1)), 0x365))}
	for _, p := range people {
		b.add(p)
	}
	b.weather(o.Weather, people)
	return b.s
}

type builder struct {
	s      scenario.Scenario
	seen   map[string]bool
	random *rand.Rand
}

// first reports whether the thing has not been made yet.
func (b *builder) first(kind, name string) bool {
	key := kind + "\x00" + strings.ToLower(name)
	was := b.seen[key]
	b.seen[key] = true
	return !was
}

// person and place match what the tenant can hold. Anything else is not in it, and validation reports that.
var (
	person = regexp.MustCompile(`^[^\s@]+@[^\s@]+$`)
	place  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{2,62}/.`)
)

func (b *builder) add(p Person) {
	if p.Policy == "" || !person.MatchString(p.User) && !guid.MatchString(p.User) {
		return
	}
	sku := b.license(p)
	group := cmp.Or(p.Group, "grp "+p.Policy)
	if b.first("group", group) {
		b.s.Groups = append(b.s.Groups, scenario.Group{Name: named(group, "group"), ID: idOf(group)})
	}
	if b.first("policy", p.Policy) {
		b.s.Policies = append(b.s.Policies, scenario.Policy{Name: named(p.Policy, "policy"), ID: idOf(p.Policy)})
	}
	k := slices.IndexFunc(b.s.Policies, func(q scenario.Policy) bool { return q.Name == named(p.Policy, "policy") })
	if g := named(group, "group"); !slices.Contains(b.s.Policies[k].Groups, g) {
		b.s.Policies[k].Groups = append(b.s.Policies[k].Groups, g)
	}
	if b.first("user", p.User) {
		u := scenario.User{UPN: p.User, DisplayName: p.Name, Department: p.Department}
		if guid.MatchString(p.User) {
			u.UPN, u.ID = userName(p.User), p.User
		}
		if p.License == "" {
			u.Licenses = []string{sku}
		}
		b.s.Users = append(b.s.Users, u)
	}
	size := p.GiB
	if size == 0 {
		size = diskOf(sku)
	}
	if place.MatchString(p.Disk) && b.first("blob", p.Disk) {
		b.s.Blobs = append(b.s.Blobs, scenario.Blob{Path: p.Disk, GiB: size})
	}
	if place.MatchString(p.GuestState) && b.first("blob", p.GuestState) {
		b.s.Blobs = append(b.s.Blobs, scenario.Blob{Path: p.GuestState, Kind: "guest-state"})
	}
}

// license makes sure that there is a seat, and returns its product.
func (b *builder) license(p Person) string {
	l := scenario.License{SKU: p.License}
	switch known, ok := product(p.License); {
	case p.License == "":
		l.SKU = fitting(cmp.Or(p.GiB, 128))
	case guid.MatchString(p.License):
		l.SKU, l.ID = fitting(cmp.Or(p.GiB, 256)), p.License
	case ok:
		l.SKU = known.SKU
	default: // one that the table does not know has a disk that fits
		l.Plan, l.DiskGiB = "CPC_E_4C_16GB_256GB", max(p.GiB, 256)
	}
	key := cmp.Or(l.ID, l.SKU)
	if b.first("license", key) {
		b.s.Licenses = append(b.s.Licenses, l)
	}
	k := slices.IndexFunc(b.s.Licenses, func(m scenario.License) bool { return cmp.Or(m.ID, m.SKU) == key })
	b.s.Licenses[k].Seats++
	return l.SKU
}

// fitting returns a product whose disk is at least that large.
func fitting(gib int) string {
	for _, sku := range []string{"CPC_E_2C_4GB_64GB", "CPC_E_2C_8GB_128GB", "CPC_E_4C_16GB_256GB", "CPC_E_8C_32GB_512GB"} {
		if diskOf(sku) >= gib {
			return sku
		}
	}
	return "CPC_E_8C_32GB_512GB"
}

func diskOf(sku string) int {
	if p, ok := product(sku); ok && p.DiskGiB > 0 {
		return p.DiskGiB
	}
	return 128
}

// product returns the published product of that part number, without regard to case.
func product(sku string) (catalog.Product, bool) {
	for _, p := range products() {
		if strings.EqualFold(p.SKU, sku) {
			return p, true
		}
	}
	return catalog.Product{}, false
}

var products = sync.OnceValue(catalog.Products)

// named returns the name of an object that may be given by its id.
func named(name, kind string) string {
	if guid.MatchString(name) {
		return kind + " " + name[:8]
	}
	return name
}

func idOf(name string) string {
	if guid.MatchString(name) {
		return name
	}
	return ""
}

func userName(id string) string { return fmt.Sprintf("user-%s@%s", strings.ToLower(id[:8]), domain) }

// DiskPath returns the path of a disk of a wave in the rehearsal's storage account: the path of a URL, without host and
// signature, or the text itself.
func DiskPath(text string) string {
	text, _, _ = strings.Cut(text, "?")
	if _, rest, ok := strings.Cut(text, "://"); ok {
		_, text, _ = strings.Cut(rest, "/")
	}
	text = strings.Trim(path.Clean("/"+strings.ReplaceAll(text, `\`, "/")), "/")
	if !strings.Contains(text, "/") {
		text = "vhds/" + text
	}
	return text
}
