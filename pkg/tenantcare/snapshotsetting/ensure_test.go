package snapshotsetting_test

import (
	"strings"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/tenantcare/snapshotsetting"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	mine := []snapshotsetting.Group{{ID: "g1", Name: "one", Members: []string{"anna"}}, {ID: "g2", Name: "two", Members: []string{"bob"}}}
	set := func(id, name, source string, groups ...string) graph.UserSetting {
		return graph.UserSetting{ID: id, DisplayName: name, ProvisioningSourceType: source, GroupIDs: groups}
	}
	for name, tc := range map[string]struct {
		settings []graph.UserSetting
		others   map[string]snapshotsetting.Group
		add      string
		besides  string
		change   bool
		code     string
	}{
		"New":               {add: "one two"},
		"Half":              {settings: []graph.UserSetting{set("s", "W", "snapshot", "g1", "x")}, add: "two"},
		"Done":              {settings: []graph.UserSetting{set("s", "W", "snapshot", "G1", "g2")}},
		"SwitchBack":        {settings: []graph.UserSetting{set("s", "W", "image", "g1", "g2")}, change: true},
		"SwitchThree":       {settings: []graph.UserSetting{set("s", "W", "image", "G1", "g2", "x", "y")}, others: map[string]snapshotsetting.Group{"x": {ID: "x", Name: "ex"}}, change: true, besides: "ex y"},
		"SwitchAndAdd":      {settings: []graph.UserSetting{set("s", "W", "image")}, add: "one two", change: true},
		"ReachedByAnother":  {settings: []graph.UserSetting{set("o", "Other", "snapshot", "g1")}, add: "two"},
		"ImageInTheWay":     {settings: []graph.UserSetting{set("o", "Other", "image", "g1")}, code: "setting.not-snapshot"},
		"Two":               {settings: []graph.UserSetting{set("o", "Other", "snapshot", "g1"), set("s", "W", "snapshot", "g1")}, code: "setting.conflict"},
		"SameName":          {settings: []graph.UserSetting{set("a", "W", "image"), set("b", "W", "image")}, code: "setting.ambiguous"},
		"SamePeople":        {settings: []graph.UserSetting{set("o", "Other", "image", "x")}, others: map[string]snapshotsetting.Group{"x": {ID: "x", Name: "x", Members: []string{"ANNA"}}}, code: "setting.conflict"},
		"OtherPeople":       {settings: []graph.UserSetting{set("o", "Other", "image", "x")}, others: map[string]snapshotsetting.Group{"x": {ID: "x", Name: "x", Members: []string{"carl"}}}, add: "one two"},
		"OwnOtherGroupToo":  {settings: []graph.UserSetting{set("s", "W", "snapshot", "x")}, others: map[string]snapshotsetting.Group{"x": {ID: "x", Members: []string{"anna"}}}, add: "one two"},
		"NameIsExact":       {settings: []graph.UserSetting{set("s", "w", "snapshot")}, add: "one two"},
		"OtherGroupIsGone":  {settings: []graph.UserSetting{set("o", "Other", "image", "gone")}, add: "one two"},
		"EmptySettingCount": {settings: []graph.UserSetting{set("o", "Other", "image")}, add: "one two"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := snapshotsetting.Decide("W", mine, tc.settings, tc.others)
			if fault.CodeOf(err) != tc.code {
				t.Fatalf("%v, want code %q", err, tc.code)
			}
			if tc.code != "" {
				return
			}
			var add []string
			for _, g := range p.Add {
				add = append(add, g.Name)
			}
			var besides []string
			for _, g := range p.Besides {
				besides = append(besides, g.Name)
			}
			if strings.Join(besides, " ") != tc.besides {
				t.Errorf("besides %q, want %q", besides, tc.besides)
			}
			if strings.Join(add, " ") != tc.add || p.Switch != tc.change || p.Nothing() != (tc.add == "" && !tc.change) {
				t.Errorf("%+v", p)
			}
		})
	}
}
