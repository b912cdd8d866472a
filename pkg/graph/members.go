package graph

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"wave365/pkg/fault"
)

// refSuffix makes a removal hit the membership. Without it the user itself would be deleted.
const refSuffix = "/$ref"

// maxBind is how many members one call may add.
const maxBind = 20

// memberRef is the only place where the address of a membership is built. Both ids must be GUIDs, so that neither can
// bend the path; the suffix is asserted, because the address without it is that of the user.
func memberRef(groupID, userID string) (string, error) {
	if !isGUID(groupID) || !isGUID(userID) {
		return "", fault.New(fault.Invalid, CodeRequest, "a membership is named by the object ids of group and user", "resolve both first")
	}
	path := v1 + "/groups/" + groupID + "/members/" + userID + refSuffix
	if !strings.HasSuffix(path, "/members/"+userID+refSuffix) {
		return "", fault.New(fault.Internal, CodeRequest, "refused to build the address of a membership without "+refSuffix, "")
	}
	return path, nil
}

// RemoveMember removes a user from a group. It is safe to repeat: a user who is not a member is not an error.
func (c *Client) RemoveMember(ctx context.Context, groupID, userID string) error {
	path, err := memberRef(groupID, userID)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, call{doing: "remove user " + userID + " from group " + groupID, method: http.MethodDelete, path: path, ids: []string{groupID, userID}, needs: memberWrite})
	return unlessGone(err)
}

// AddMember adds a user to a group. It is safe to repeat: a user who is a member already is not an error.
func (c *Client) AddMember(ctx context.Context, groupID, userID string) error {
	cl := call{doing: "add user " + userID + " to group " + groupID, method: http.MethodPost, path: v1 + "/groups/" + esc(groupID) + "/members" + refSuffix,
		ids: []string{groupID, userID}, body: map[string]string{"@odata.id": c.directoryObject(userID)}, needs: memberWrite}
	if !isGUID(groupID) || !isGUID(userID) {
		return fault.New(fault.Invalid, CodeRequest, cl.couldNot("group and user must be named by object id"), "resolve both first")
	}
	_, err := c.do(ctx, cl)
	if alreadyMember(err) {
		return nil
	}
	return err
}

// alreadyMember needs the message: the code is the same for every bad request.
func alreadyMember(err error) bool {
	f := fault.As(err)
	return f != nil && f.Remote != nil && f.Remote.Status == http.StatusBadRequest && containsFold(f.Remote.Message, "already exist")
}

// AddMembers puts users into a group, twenty with each call. A call is all or nothing; when one is refused its users are
// added one by one, so that one bad entry does not keep the others out. The fault then has the kind of the first
// refusal, and the others as its causes.
func (c *Client) AddMembers(ctx context.Context, groupID string, userIDs []string) error {
	if i := slices.IndexFunc(append([]string{groupID}, userIDs...), func(id string) bool { return !isGUID(id) }); i >= 0 {
		return fault.New(fault.Invalid, CodeRequest, "could not add users to group "+groupID+": group and users must be named by object id", "resolve them first")
	}
	var errs []error
	for chunk := range slices.Chunk(distinct(userIDs), maxBind) {
		if len(chunk) == 1 {
			errs = append(errs, c.AddMember(ctx, groupID, chunk[0]))
			continue
		}
		_, err := c.do(ctx, call{
			doing: "add " + strconv.Itoa(len(chunk)) + " users to group " + groupID, method: http.MethodPatch, path: v1 + "/groups/" + esc(groupID),
			ids: []string{groupID}, body: map[string][]string{"members@odata.bind": convert(chunk, c.directoryObject)}, needs: memberWrite,
		})
		switch fault.KindOf(err) {
		case "":
			continue
		case fault.Invalid, fault.NotFound:
		default:
			return err
		}
		for _, id := range chunk {
			errs = append(errs, c.AddMember(ctx, groupID, id))
		}
	}
	err := errors.Join(errs...)
	if err == nil {
		return nil
	}
	f := fault.As(err)
	n := 0
	for _, e := range errs {
		if e != nil {
			n++
		}
	}
	return &fault.Fault{Kind: f.Kind, Code: f.Code, Hint: f.Hint, Remote: f.Remote, Err: err,
		Msg: strconv.Itoa(n) + " of " + strconv.Itoa(len(userIDs)) + " users could not be added to group " + groupID + ", the first: " + f.Msg}
}

func (c *Client) directoryObject(id string) string { return c.root + v1 + "/directoryObjects/" + id }
