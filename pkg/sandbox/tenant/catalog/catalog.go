// Package catalog is what Microsoft publishes rather than what a tenant owns: the Windows 365 products with their
// service plans, the gallery images and the groups of regions. Nothing in it changes.
package catalog

import (
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

//go:embed products.csv
var productsCSV string

// Editions of Windows 365. Other products have the empty edition.
const (
	Enterprise = "enterprise"
	Business   = "business"
	Frontline  = "frontline"
)

// Product is one product with the one service plan that carries its Cloud PC.
type Product struct {
	SKU, SKUID, Plan, PlanID, Edition string
	VCPU, RAMGB, DiskGiB              int
}

// PlanName is the service plan's display name, such as "Cloud PC Enterprise 2vCPU/8GB/128GB".
func (p Product) PlanName() string {
	if p.Edition == "" {
		return p.Plan
	}
	return fmt.Sprintf("Cloud PC %s%s %dvCPU/%dGB/%dGB", strings.ToUpper(p.Edition[:1]), p.Edition[1:], p.VCPU, p.RAMGB, p.DiskGiB)
}

// Products returns the published products, in the published order. Three have no published ids; they stay empty.
func Products() []Product {
	rows, err := csv.NewReader(strings.NewReader(productsCSV)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("embedded product table: %v", err))
	}
	var out []Product
	for _, r := range rows[1:] {
		out = append(out, Product{SKU: r[0], SKUID: r[1], Plan: r[2], PlanID: r[3], Edition: r[4],
			VCPU: number(r[5]), RAMGB: number(r[6]), DiskGiB: number(r[7])})
	}
	return out
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("embedded product table: %v", err))
	}
	return n
}

// Image is a gallery image. Status is supported, supportedWithWarning or notSupported.
type Image struct {
	ID, Name, Publisher, Offer, SKU, Status string
	SizeGB                                  int
}

// Images returns the gallery images of a tenant whose scenario names none: the first two supported, the last not.
func Images() []Image {
	const pub, offer = "microsoftwindowsdesktop", "windows-ent-cpc"
	mk := func(sku, name, status string) Image {
		return Image{ID: pub + "_" + offer + "_" + sku, Name: name, Publisher: pub, Offer: offer, SKU: sku, Status: status, SizeGB: 64}
	}
	return []Image{
		mk("win11-25h2-ent-cpc-m365", "Windows 11 Enterprise + Microsoft 365 Apps 25H2", "supported"),
		mk("win11-24h2-ent-cpc", "Windows 11 Enterprise 24H2", "supported"),
		mk("win10-22h2-ent-cpc", "Windows 10 Enterprise 22H2", "notSupported"),
	}
}

// RegionGroup returns the group of a region, for some of the regions in which Cloud PCs can be created; default for the
// others.
func RegionGroup(region string) string {
	return cmp.Or(map[string]string{
		"switzerlandnorth": "switzerland", "westeurope": "europeUnion", "northeurope": "europeUnion", "germanywestcentral": "germany",
		"francecentral": "france", "uksouth": "unitedKingdom", "eastus2": "usEast", "westus3": "usWest", "australiaeast": "australia",
	}[region], "default")
}
