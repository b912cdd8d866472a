package generate

var firstNames = []string{
	"Anna", "Marco", "Sophie", "Lukas", "Petra", "Jan", "Elif", "Thomas", "Nina", "David", "Ines", "Stefan", "Yuki", "Oliver", "Katja",
	"Rafael", "Mei", "Julia", "Tom", "Claire", "Ahmed", "Laura", "Ben", "Heidi", "Peter", "Amara", "Diego", "Fatima", "Georg", "Hana",
	"Ivan", "Jasmin", "Karim", "Lea", "Milan", "Noemi", "Oskar", "Priya", "Quentin", "Rosa", "Samuel", "Tanja", "Uma", "Viktor", "Wanda",
	"Xenia", "Yannick", "Zora", "Arthur", "Bianca",
}

var lastNames = []string{
	"Keller", "Bianchi", "Dubois", "Meier", "Novak", "Kowalski", "Yilmaz", "Brunner", "Fischer", "Okafor", "Carvalho", "Huber", "Tanaka",
	"Grant", "Lindqvist", "Moreno", "Chen", "Steiner", "Hassan", "Rossi", "Murphy", "Amstutz", "Lang", "Mensah", "Silva", "Rahman",
	"Weber", "Sato", "Petrov", "Haddad", "Baumann", "Laurent", "Horvat", "Nair", "Olsen", "Patel", "Ricci", "Schmid", "Takahashi",
	"Ulrich", "Vogel", "Wagner", "Zimmermann", "Aebischer", "Costa", "Duarte", "Eriksen", "Ferrari", "Gerber", "Hofer",
}

// department is a department with the policy of its people.
type department struct{ name, region string }

var departments = []department{
	{"Finance", "switzerlandnorth"}, {"Engineering", "switzerlandnorth"}, {"Sales", "westeurope"}, {"Operations", "westeurope"},
	{"Legal", "switzerlandnorth"}, {"Marketing", "westeurope"}, {"Research", "northeurope"}, {"Support", "northeurope"},
	{"Purchasing", "switzerlandnorth"}, {"Logistics", "westeurope"}, {"Quality", "northeurope"}, {"People", "switzerlandnorth"},
}

// size is a disk size with the license it needs and its share of the disks in percent.
type size struct {
	gib   int
	sku   string
	share int
}

var sizes = []size{
	{64, "CPC_E_2C_4GB_64GB", 15},
	{127, "CPC_E_2C_8GB_128GB", 28},
	{128, "CPC_E_2C_8GB_128GB", 27},
	{256, "CPC_E_4C_16GB_256GB", 22},
	{512, "CPC_E_8C_32GB_512GB", 8},
}
