package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"wave365/pkg/sandbox/tenant/catalog"
)

func TestProducts(t *testing.T) {
	t.Parallel()
	seen, withoutID := map[string]bool{}, 0
	for _, p := range catalog.Products() {
		if seen[p.SKU] {
			t.Errorf("%s is there twice", p.SKU)
		}
		seen[p.SKU] = true
		if p.SKUID == "" {
			withoutID++
		} else if uuid.Validate(p.SKUID) != nil || uuid.Validate(p.PlanID) != nil || p.Plan == "" {
			t.Errorf("%s: bad ids: %+v", p.SKU, p)
		}
		if p.Edition != catalog.Enterprise && p.Edition != catalog.Business && p.Edition != catalog.Frontline || p.DiskGiB < 64 || p.VCPU < 1 {
			t.Errorf("%s: %+v", p.SKU, p)
		}
	}
	if len(seen) < 40 || withoutID != 3 {
		t.Errorf("%d products, %d without ids", len(seen), withoutID)
	}
}

func TestPlanName(t *testing.T) {
	t.Parallel()
	p := catalog.Product{Edition: catalog.Enterprise, VCPU: 2, RAMGB: 8, DiskGiB: 128}
	if got := p.PlanName(); got != "Cloud PC Enterprise 2vCPU/8GB/128GB" {
		t.Error(got)
	}
	if got := (catalog.Product{Plan: "EXCHANGE"}).PlanName(); got != "EXCHANGE" {
		t.Error(got)
	}
}

func TestImages(t *testing.T) {
	t.Parallel()
	var states []string
	for _, i := range catalog.Images() {
		states = append(states, i.Status)
		if i.ID != strings.Join([]string{i.Publisher, i.Offer, i.SKU}, "_") {
			t.Errorf("%s is not publisher, offer and sku", i.ID)
		}
	}
	if strings.Join(states, " ") != "supported supported notSupported" {
		t.Error(states)
	}
}
