package graph_test

import (
	"strings"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

func TestTrapT24RemoveMember(t *testing.T) {
	t.Parallel()
	const want = "DELETE /v1.0/groups/" + groupID + "/members/" + userID + "/$ref"
	c, _ := play(t,
		exchange{want: want, status: 204},
		exchange{want: want, status: 404, reply: errorBody("Request_ResourceNotFound", "Resource does not exist or one of its queried reference-property objects are not present.")},
		exchange{want: want, status: 403, reply: errorBody("Authorization_RequestDenied", "no")})
	for range 2 {
		if err := c.RemoveMember(t.Context(), groupID, userID); err != nil {
			t.Error(err)
		}
	}
	if err := c.RemoveMember(t.Context(), groupID, userID); !fault.Is(err, fault.Denied) || !strings.Contains(fault.HintOf(err), "GroupMember.ReadWrite.All") {
		t.Errorf("%v %q", err, fault.HintOf(err))
	}
	for _, bad := range [][2]string{
		{"", userID}, {groupID, ""}, {groupID, "ada@contoso.example"}, {groupID, userID + "/"}, {groupID, userID + "?"}, {groupID, userID + "#"},
		{groupID, "../../users/" + userID}, {"..", userID}, {groupID, strings.Repeat("x", 36)}, {groupID, "{" + userID + "}"},
	} {
		c, _ := play(t)
		if err := c.RemoveMember(t.Context(), bad[0], bad[1]); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzTrapT24 has one law: whatever the ids, a DELETE below /groups ends with /$ref or is never sent.
func FuzzTrapT24(f *testing.F) {
	f.Add(groupID, userID)
	f.Add(groupID, userID+"?x=")
	f.Fuzz(func(t *testing.T, group, user string) {
		tp := &anything{reply: "{}"}
		c := newClient(t, tp, graph.Options{})
		_ = c.RemoveMember(t.Context(), group, user)
		for _, r := range tp.came {
			if !strings.HasSuffix(r.uri, "/$ref") || strings.ContainsAny(r.uri, "?#") || !strings.HasPrefix(r.uri, "/v1.0/groups/") {
				t.Errorf("%q, %q: %s %s", group, user, r.method, r.uri)
			}
		}
	})
}

func TestAddMember(t *testing.T) {
	t.Parallel()
	const post = "POST /v1.0/groups/" + groupID + "/members/$ref"
	const body = `{"@odata.id":"` + root + `/v1.0/directoryObjects/` + userID + `"}`
	c, _ := play(t,
		exchange{want: post, body: body, status: 204},
		exchange{want: post, status: 400, reply: errorBody("Request_BadRequest", "One or more added object references already exist for the following modified properties: 'members'.")},
		exchange{want: post, status: 400, reply: errorBody("Request_BadRequest", "Invalid object identifier")},
		exchange{want: post, status: 404, reply: errorBody("Request_ResourceNotFound", "no such object")})
	for n, kind := range []fault.Kind{"", "", fault.Invalid, fault.NotFound} {
		if err := c.AddMember(t.Context(), groupID, userID); fault.KindOf(err) != kind {
			t.Errorf("%d: %v, want %q", n, err, kind)
		}
	}
	if err := c.AddMember(t.Context(), groupID, "ada@contoso.example"); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func TestAddMembers(t *testing.T) {
	t.Parallel()
	const patch, post = "PATCH /v1.0/groups/" + groupID, "POST /v1.0/groups/" + groupID + "/members/$ref"
	object := func(id string) string { return root + "/v1.0/directoryObjects/" + id }
	exists := errorBody("Request_BadRequest", "One or more added object references already exist")
	two := []string{userID, otherID}
	t.Run("AtOnce", func(t *testing.T) {
		t.Parallel()
		c, _ := play(t, exchange{want: patch, status: 204, body: `{"members@odata.bind":["` + object(userID) + `","` + object(otherID) + `"]}`})
		if err := c.AddMembers(t.Context(), groupID, append(two, strings.ToUpper(userID))); err != nil {
			t.Error(err)
		}
	})
	t.Run("OneByOne", func(t *testing.T) {
		t.Parallel()
		c, _ := play(t, exchange{want: patch, status: 400, reply: exists}, exchange{want: post, status: 400, reply: exists}, exchange{want: post, status: 204})
		if err := c.AddMembers(t.Context(), groupID, two); err != nil {
			t.Error(err)
		}
	})
	t.Run("SomeFail", func(t *testing.T) {
		t.Parallel()
		c, _ := play(t, exchange{want: patch, status: 404, reply: errorBody("Request_ResourceNotFound", "x")}, exchange{want: post, status: 404, reply: errorBody("Request_ResourceNotFound", "x")}, exchange{want: post, status: 204})
		err := c.AddMembers(t.Context(), groupID, two)
		if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "1 of 2 users") || !strings.Contains(err.Error(), userID) {
			t.Error(err)
		}
	})
	t.Run("Denied", func(t *testing.T) {
		t.Parallel()
		c, _ := play(t, exchange{want: patch, status: 403, reply: errorBody("Authorization_RequestDenied", "x")})
		if err := c.AddMembers(t.Context(), groupID, two); !fault.Is(err, fault.Denied) {
			t.Error(err)
		}
	})
	t.Run("Twenty", func(t *testing.T) {
		t.Parallel()
		c, tp := play(t, exchange{want: patch, status: 204}, exchange{want: patch, status: 204}, exchange{want: post, status: 204})
		var ids []string
		for i := range 41 {
			ids = append(ids, guid(i))
		}
		if err := c.AddMembers(t.Context(), groupID, ids); err != nil {
			t.Error(err)
		}
		if n := strings.Count(string(tp.came[0].body), "directoryObjects"); n != 20 {
			t.Errorf("%d in one call", n)
		}
	})
	t.Run("None", func(t *testing.T) {
		t.Parallel()
		c, _ := play(t)
		if err := c.AddMembers(t.Context(), groupID, nil); err != nil {
			t.Error(err)
		}
		if err := c.AddMembers(t.Context(), groupID, []string{"x"}); !fault.Is(err, fault.Invalid) {
			t.Error(err)
		}
	})
}

func TestIsMember(t *testing.T) {
	t.Parallel()
	const ask = "GET /v1.0/groups/" + groupID + "/members?$filter=id%20eq%20%27" + userID + "%27&$count=true&$select=id"
	const all = "GET /v1.0/groups/" + groupID + "/members?$select=id%2CuserPrincipalName&$top=999"
	eventual := map[string]string{"ConsistencyLevel": "eventual"}
	c, _ := play(t,
		exchange{want: ask, headers: eventual, reply: `{"@odata.count":1,"value":[{"id":"` + strings.ToUpper(userID) + `"}]}`},
		exchange{want: ask, reply: `{"value":[]}`},
		exchange{want: ask, status: 400, reply: errorBody("Request_UnsupportedQuery", "x")},
		exchange{want: all, headers: map[string]string{"ConsistencyLevel": ""}, reply: `{"value":[{"id":"` + userID + `"}]}`},
		exchange{want: ask, status: 404, reply: errorBody("Request_ResourceNotFound", "x")},
		exchange{want: all, reply: `{"value":[{"@odata.type":"#microsoft.graph.user","id":"1","userPrincipalName":"a@b"},{"@odata.type":"#microsoft.graph.group","id":"2"}]}`})
	for n, want := range []bool{true, false, true} {
		if got, err := c.IsMember(t.Context(), groupID, userID); got != want || err != nil {
			t.Errorf("%d: %v, %v", n, got, err)
		}
	}
	if _, err := c.IsMember(t.Context(), groupID, userID); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	ms, err := c.GroupMembers(t.Context(), groupID)
	if err != nil || len(ms) != 2 || ms[0] != (graph.Member{ID: "1", UPN: "a@b", Type: "user"}) || ms[1].Type != "group" {
		t.Errorf("%+v, %v", ms, err)
	}
}
