package tenant_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
	"wave365/pkg/sandbox/tenant/props"
	"wave365/pkg/sandbox/tenant/source"
)

// world is a tenant under random hands.
type world struct {
	*rapid.T
	tn       *tenant.Tenant
	now      time.Time
	users    []string
	skus     []string
	groups   []string
	policies []string
	setting  string
}

func lawful(s *scenario.Scenario) {
	s.Users = []scenario.User{{UPN: "ada"}, {UPN: "bob"}, {UPN: "cleo", Licenses: []string{"CPC_E_2C_4GB_64GB"}}, {UPN: "dan"}}
	s.Licenses = []scenario.License{{SKU: "CPC_E_2C_8GB_128GB", Seats: 2, Used: 0}, {SKU: "CPC_E_2C_4GB_64GB", Seats: 2}}
	s.Groups = append(s.Groups, scenario.Group{Name: "Other", Licenses: []string{"CPC_E_2C_8GB_128GB"}})
	s.Policies = append(s.Policies, scenario.Policy{Name: "Sales", Groups: []string{"Other"}})
}

func newWorld(t *rapid.T) *world {
	tn, err := tenant.New(evening(lawful), 7, start, allDisks)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, tn: tn, now: start}
	us, _ := tn.Users(start, 0, 100)
	for _, u := range us {
		w.users = append(w.users, u.ID)
	}
	for _, p := range tn.SKUs(start) {
		w.skus = append(w.skus, p.SKUID)
	}
	gs, _ := tn.Groups(start, 0, 100)
	for _, g := range gs {
		w.groups = append(w.groups, g.ID)
	}
	ps, _ := tn.Policies(start, 0, 100)
	for _, p := range ps {
		w.policies = append(w.policies, p.ID)
	}
	ss, _ := tn.Settings(start, 0, 100)
	w.setting = ss[0].ID
	return w
}

func (w *world) one(what string, from []string) string {
	return rapid.SampledFrom(from).Draw(w.T, what)
}

// act does one thing that somebody might do; refusals are part of life.
func (w *world) act(*rapid.T) {
	user := w.one("user", w.users)
	sku := w.one("sku", w.skus)
	switch w.one("deed", []string{"license", "license", "unlicense", "join", "join", "leave", "import", "import", "purge", "policy", "setting", "source", "end grace", "delete"}) {
	case "license":
		_, _ = w.tn.AssignLicense(w.now, user, []tenant.Grant{{SKUID: sku}}, nil)
	case "unlicense":
		_, _ = w.tn.AssignLicense(w.now, user, nil, []string{sku})
	case "join":
		_ = w.tn.AddMembers(w.now, w.one("group", w.groups), []string{user})
	case "leave":
		_ = w.tn.RemoveMember(w.now, w.one("group", w.groups), user)
	case "import":
		_, _ = w.tn.ImportSnapshot(w.now, user, []source.Ref{{URL: "https://x/c/" + w.one("disk", []string{"good", "big", "vhdx"}) + "?sig=x"}})
	case "purge":
		if all := w.tn.Imports(w.now); len(all) > 0 {
			_, _ = w.tn.Purge(w.now, []string{all[0].ID})
		}
	case "policy":
		_ = w.tn.AssignPolicy(w.now, w.one("policy", w.policies), rapid.SliceOfDistinct(rapid.SampledFrom(w.groups), func(s string) string { return s }).Draw(w.T, "to"))
	case "setting":
		_ = w.tn.AssignSetting(w.now, w.setting, rapid.SliceOfDistinct(rapid.SampledFrom(w.groups), func(s string) string { return s }).Draw(w.T, "to"))
	case "source":
		_, _ = w.tn.PatchSetting(w.now, w.setting, props.Props{"displayName": "mig", "localAdminEnabled": false, "resetEnabled": false, "provisioningSourceType": w.one("source", []string{"image", "snapshot"})})
	case "end grace":
		if pcs, _ := w.tn.CloudPCs(w.now, 0, 100); len(pcs) > 0 {
			_, _ = w.tn.EndGrace(w.now, pcs[len(pcs)-1].ID)
		}
	case "delete":
		if rapid.IntRange(0, 9).Draw(w.T, "really") == 0 {
			_, _ = w.tn.DeleteUser(w.now, user)
		}
	}
}

func (w *world) wait(*rapid.T) {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 4000).Draw(w.T, "minutes")) * time.Minute / 10)
}

// laws hold at any time, whatever was done.
func (w *world) laws(*rapid.T) {
	us, _ := w.tn.Users(w.now, 0, 100)
	pcs, _ := w.tn.CloudPCs(w.now, 0, 100)
	holders := map[string]int{}
	reached := map[string][]string{} // policies by user
	byID := map[string]tenant.User{}
	for _, u := range us {
		byID[u.ID] = u
		seen := map[string]bool{}
		for _, h := range u.Licenses {
			if h.Error == "" && !seen[h.SKUID] {
				seen[h.SKUID] = true
				holders[h.SKUID]++
			}
		}
	}
	for _, s := range w.tn.SKUs(w.now) {
		if s.Consumed != holders[s.SKUID] || s.Consumed > s.Units.Enabled {
			w.Fatalf("%s: %d of %d seats consumed, %d people hold it", s.Product.SKU, s.Consumed, s.Units.Enabled, holders[s.SKUID])
		}
	}
	ps, _ := w.tn.Policies(w.now, 0, 100)
	for _, p := range ps {
		for _, a := range p.Assignments {
			ms, _, _ := w.tn.Members(w.now, a.GroupID, 0, 100)
			for _, m := range ms {
				reached[m.ID] = append(reached[m.ID], p.ID)
			}
		}
	}
	has := func(user, plan string) bool {
		return slices.ContainsFunc(byID[user].Licenses, func(h tenant.Held) bool { return h.PlanID == plan && h.PlanStatus == "Success" })
	}
	ids, own, source := map[string]bool{}, map[string]bool{}, map[string]string{}
	for _, pc := range pcs {
		key := pc.UserID + pc.Plan.PlanID
		if ids[pc.ID] || own[key] {
			w.Fatalf("twice: %+v", pcs)
		}
		ids[pc.ID], own[key] = true, true
		if pc.Source == "snapshot" {
			source[pc.UserID] = pc.Status
		}
		linked := has(pc.UserID, pc.Plan.PlanID) && slices.Contains(reached[pc.UserID], pc.PolicyID)
		if pc.Status == "provisioned" && !linked {
			w.Fatalf("linked %v, but %+v", linked, pc)
		}
		if (pc.Status == "provisioned") && pc.Provisioned.IsZero() {
			w.Fatalf("provisioned at no time: %+v", pc)
		}
	}
	for _, u := range us {
		for _, h := range u.Licenses {
			if h.PlanStatus == "Success" && len(reached[u.ID]) > 0 && !own[u.ID+h.PlanID] {
				w.Fatalf("%s has license and policy and no Cloud PC: %+v", u.UPN, pcs)
			}
		}
	}
	imports := map[string]bool{}
	for _, im := range w.tn.Imports(w.now) {
		if imports[im.UserID] {
			w.Fatalf("two imports of one user: %+v", w.tn.Imports(w.now))
		}
		imports[im.UserID] = true
		if im.Usage == tenant.InUse && source[im.UserID] == "" {
			w.Fatalf("in use, but by whom? %+v\n%+v", im, pcs)
		}
		if (im.Status == tenant.ImportFailed) != (im.Detail != "") || im.Ended.IsZero() == (im.Status == tenant.ImportSucceeded || im.Status == tenant.ImportFailed) {
			w.Fatalf("%+v", im)
		}
	}
}

// TestLaws lets random people do random things in random order.
func TestLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(map[string]func(*rapid.T){"act": w.act, "wait": w.wait, "": w.laws})
	})
}
