package graph

import (
	"slices"
	"strings"
)

// assignment is one group that a setting or a policy is assigned to. An id is never sent: the service makes it.
type assignment struct {
	Target struct {
		Type    string `json:"@odata.type"`
		GroupID string `json:"groupId"`
	} `json:"target"`
}

type assignments struct {
	Assignments []assignment `json:"assignments"`
}

func assignBody(groupIDs []string) assignments {
	out := assignments{Assignments: []assignment{}}
	for _, id := range distinct(groupIDs) {
		var a assignment
		a.Target.Type = "#microsoft.graph.cloudPcManagementGroupAssignmentTarget"
		a.Target.GroupID = id
		out.Assignments = append(out.Assignments, a)
	}
	return out
}

func groupIDs(as []assignment) []string {
	var out []string
	for _, a := range as {
		if a.Target.GroupID != "" {
			out = append(out, a.Target.GroupID)
		}
	}
	return distinct(out)
}

// distinct keeps the first of what differs in case only.
func distinct(ids []string) []string {
	var out []string
	for _, id := range ids {
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, id) }) {
			out = append(out, id)
		}
	}
	return out
}

// convert maps a slice; nil stays nil.
func convert[A, B any](in []A, f func(A) B) []B {
	if in == nil {
		return nil
	}
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
