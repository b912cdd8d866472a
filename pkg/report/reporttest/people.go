package reporttest

// person is one line of the sample wave.
type person struct {
	name, upn, department, policy string
	license                       string // empty: membership trigger
	disk                          int    // GiB
}

const (
	policyFinance = "Finance – Enterprise 4vCPU"
	policyEng     = "Engineering – Enterprise 8vCPU"
	policySales   = "Sales – Enterprise 2vCPU"
	sku128        = "CPC_E_4C_16GB_128GB"
	sku256        = "CPC_E_8C_32GB_256GB"
)

func people() []person {
	return []person{
		{"Adele Vance", "adele.vance@contoso.example", "Finance", policyFinance, sku128, 128},
		{"Alex Wilber", "alex.wilber@contoso.example", "Sales", policySales, "", 64},
		{"Bianca Pisani", "bianca.pisani@contoso.example", "Engineering", policyEng, sku256, 256},
		{"Björn Åkesson", "bjorn.akesson@contoso.example", "Engineering", policyEng, sku256, 128},
		{"Cameron White", "cameron.white@contoso.example", "Finance", policyFinance, sku128, 128},
		{"Christie Cline", "christie.cline@contoso.example", "Sales", policySales, "", 64},
		{"Debra Berger", "debra.berger@contoso.example", "Finance", policyFinance, sku128, 128},
		{"Diego Siciliani", "diego.siciliani@contoso.example", "Engineering", policyEng, "", 256},
		{"Emily Braun", "emily.braun@contoso.example", "Finance", policyFinance, sku128, 128},
		{"Enrico Cattaneo", "enrico.cattaneo@contoso.example", "Sales", policySales, "", 64},
		{"Fatima al-Zahra", "fatima.alzahra@contoso.example", "Engineering", policyEng, sku256, 256},
		{"Grady Archie", "grady.archie@contoso.example", "Finance", policyFinance, sku128, 200},
		{"Henrietta Mueller", "henrietta.mueller@contoso.example", "Sales", policySales, "", 64},
		{"Irvin Sayers", "irvin.sayers@contoso.example", "Engineering", policyEng, sku256, 256},
		{"Isaiah Langer", "isaiah.langer@contoso.example", "Sales", policySales, "", 64},
		{"Johanna Lorenz", "johanna.lorenz@contoso.example", "Finance", policyFinance, sku128, 128},
		{"Joni Sherman", "joni.sherman@contoso.example", "Sales", policySales, "", 64},
		{"Jordan Miller", "jordan.miller@contoso.example", "Engineering", policyEng, sku256, 256},
		{"Jordan Miller", "Jordan.Miller@contoso.example", "Engineering", policyEng, sku256, 128},
		{"Lee Gu", "lee.gu@contoso.example", "Finance", policyFinance, sku128, 128},
		{"Lidia Holloway", "lidia.holloway@contoso.example", "Sales", policySales, "", 64},
		{"Lynne Robbins", "lynne.robbins@contoso.example", "Engineering", policyEng, sku256, 256},
		{"Megan Bowen", "megan.bowen@contoso.example", "Sales", policySales, "", 64},
		{"Zoë Pärt", "zoe.part@contoso.example", "Finance", policyFinance, sku128, 128},
	}
}
