package resource

import "strings"

// lateMembers are the enum members declared after unknownFutureValue that this service can send, by property.
var lateMembers = map[string]string{
	"status":                 " movingRegion resizePendingLicense updatingSingleSignOn modifyingSingleSignOn refreshPolicyConfiguration preparing failoverInProgress failbackInProgress ",
	"regionGroup":            " norway switzerland southKorea middleEast mexico australasia europe singapore hongKong ireland sweden poland italy spain netherlands brazil israel automatic indonesia taiwan malaysia newZealand austria denmark belgium kenya ",
	"provisioningType":       " sharedByUser sharedByEntraGroup reserve ",
	"geographicLocationType": " mexico australiaNewZealand ",
	"managedBy":              " rpaBox microsoft365Opal microsoft365BizChat ",
	"supportedSolution":      " rpaBox microsoft365Opal microsoft365BizChat ",
}

// Collapse returns an enum member as a client sees it that did not ask for unknown members.
func Collapse(property, text string) string {
	if late, ok := lateMembers[property]; ok && text != "" && strings.Contains(late, " "+text+" ") {
		return "unknownFutureValue"
	}
	return text
}
