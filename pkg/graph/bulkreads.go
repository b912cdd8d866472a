package graph

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"wave365/pkg/fault"
)

// maxNamed is how many things one filter names: the address must stay short enough for proxies.
const maxNamed = 15

// CloudPCsOf reads the Cloud PCs of these users (by UPN) with their last remote action, many with each call, and may return those
// of others as well: a service that does not understand the filter is called for one user at a time, and one that ignores it
// returns all.
func (c *Client) CloudPCsOf(ctx context.Context, upns []string) ([]CloudPC, error) {
	read := func(upns ...string) ([]CloudPC, error) {
		return c.listCloudPCs(ctx, filterParam(anyOf("userPrincipalName", upns))+"&"+param("$select", withAction))
	}
	var all []CloudPC
	for chunk := range slices.Chunk(distinct(upns), maxNamed) {
		pcs, err := read(chunk...)
		if fault.Is(err, fault.Invalid) && len(chunk) > 1 {
			pcs = nil
			for _, upn := range chunk {
				one, err := read(upn)
				if err != nil {
					return nil, err
				}
				pcs = append(pcs, one...)
			}
			err = nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, pcs...)
	}
	return all, nil
}

// MembersAmong returns which of these users are direct members, in their order, many with each call; where the service
// does not understand the filter, each is read by itself. What was written may take a while to show.
func (c *Client) MembersAmong(ctx context.Context, groupID string, userIDs []string) ([]bool, error) {
	seen := map[string]bool{}
	for chunk := range slices.Chunk(distinct(userIDs), maxNamed) {
		cl := call{
			doing: "look for users in group " + groupID, method: http.MethodGet, path: v1 + "/groups/" + esc(groupID) + "/members",
			ids: append([]string{groupID}, chunk...), eventual: true, needs: memberRead,
			query: param("$filter", anyOf("id", chunk)) + "&" + param("$count", "true") + "&" + param("$select", "id"),
		}
		ws, err := list[wireMember](ctx, c, cl)
		if fault.Is(err, fault.Invalid) {
			for _, id := range chunk {
				if seen[strings.ToLower(id)], err = c.IsMember(ctx, groupID, id); err != nil {
					return nil, err
				}
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, w := range ws {
			seen[strings.ToLower(w.ID)] = true
		}
	}
	return convert(userIDs, func(id string) bool { return seen[strings.ToLower(id)] }), nil
}

// UsersTogether is [Client.Users] at fewer requests for users that are named by object id: they are listed together, and
// only those that the list does not bring are read one by one, in batches.
func (c *Client) UsersTogether(ctx context.Context, ids []string) ([]UserAnswer, error) {
	found, err := c.usersByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]UserAnswer, len(ids))
	var rest []string
	var at []int
	for i, id := range ids {
		if u, ok := found[strings.ToLower(id)]; ok {
			out[i] = UserAnswer{User: u}
			continue
		}
		rest, at = append(rest, id), append(at, i)
	}
	if len(rest) == 0 {
		return out, nil
	}
	answers, err := c.Users(ctx, rest)
	if err != nil {
		return nil, err
	}
	for k, a := range answers {
		out[at[k]] = a
	}
	return out, nil
}

// usersByID lists the users that are named by object id, many with each call, by lower-case id. A service that does not
// understand the filter returns none.
func (c *Client) usersByID(ctx context.Context, names []string) (map[string]User, error) {
	ids := slices.DeleteFunc(distinct(names), func(n string) bool { return !isGUID(n) })
	found := make(map[string]User, len(ids))
	if len(ids) < 2 {
		return found, nil
	}
	for chunk := range slices.Chunk(ids, maxNamed) {
		in := "id in (" + strings.Join(convert(chunk, func(id string) string { return "'" + id + "'" }), ",") + ")"
		ws, err := list[wireUser](ctx, c, call{doing: "read the users", method: http.MethodGet, path: v1 + "/users",
			query: param("$filter", in) + "&" + userFields, ids: chunk, needs: userRead})
		if fault.Is(err, fault.Invalid) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		for _, w := range ws {
			found[strings.ToLower(w.ID)] = w.user()
		}
	}
	return found, nil
}

// anyOf is a filter for things whose field has one of these values.
func anyOf(field string, values []string) string {
	return strings.Join(convert(values, func(v string) string { return field + " eq '" + strings.ReplaceAll(v, "'", "''") + "'" }), " or ")
}
