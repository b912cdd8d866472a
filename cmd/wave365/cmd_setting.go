package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/listing"
)

func newSettingCommand(a *app, g *globals) *cobra.Command {
	return family("setting", "Cloud PC user settings of the tenant", newSettingListCommand(a, g), newSettingShowCommand(a, g), newSettingEnsureCommand(a, g))
}

func newSettingListCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the user settings: what Cloud PCs are built from, and for which groups", Args: cobra.NoArgs,
		RunE: a.onTenant(g, func(ctx context.Context, conn *connection, _ []string) error {
			all, err := conn.graph.UserSettings(ctx)
			if err != nil {
				return err
			}
			return a.settingList(ctx, g, conn, all)
		}),
	}
}

func (a *app) settingList(ctx context.Context, g *globals, conn *connection, all []graph.UserSetting) error {
	if len(all) == 0 {
		return nothing("this tenant has no user setting", "run creates the one that a wave needs; setting ensure creates it beforehand", fault.NewCommand("setting ensure", "--wave", "WAVE.csv"))
	}
	name, err := groupNames(ctx, conn, distinctIDs(all, groupsOfSetting))
	if err != nil {
		return err
	}
	list := []listing.Setting{}
	for _, s := range all {
		list = append(list, listing.ShownSetting(s, name))
	}
	doc := struct {
		Schema   string            `json:"schema"`
		Settings []listing.Setting `json:"settings"`
	}{"wave365/setting-list/v1", list}
	return answerList(a, g, doc, list, "SETTING\tBUILDS FROM\tGROUPS\tLOCAL ADMIN\tRESET\tID", func(s listing.Setting) []string {
		return []string{s.Name, s.Source, strings.Join(s.Groups, ", "), yes(s.LocalAdmin), yes(s.Reset), s.ID}
	})
}

func newSettingShowCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME|ID", Short: "Show one user setting", Args: cobra.ExactArgs(1),
		RunE: a.onTenant(g, func(ctx context.Context, conn *connection, args []string) error {
			return a.settingShow(ctx, g, conn, args[0])
		}),
	}
}

func (a *app) settingShow(ctx context.Context, g *globals, conn *connection, cell string) error {
	all, err := conn.graph.UserSettings(ctx)
	if err != nil {
		return err
	}
	one, err := tenantcare.Pick("user setting", "setting", cell, all, func(s graph.UserSetting) tenantcare.Named { return tenantcare.Named{ID: s.ID, Name: s.DisplayName} })
	if err != nil {
		return err
	}
	name, err := groupNames(ctx, conn, one.GroupIDs)
	if err != nil {
		return err
	}
	s := listing.ShownSetting(one, name)
	if g.json {
		return a.answer(struct {
			Schema  string          `json:"schema"`
			Setting listing.Setting `json:"setting"`
		}{"wave365/setting-show/v1", s})
	}
	console.Details(a.out, "setting", s.Name, "id", s.ID, "builds from", s.Source, "groups", strings.Join(s.Groups, ", "), "local admin", yes(s.LocalAdmin),
		"reset by the user", yes(s.Reset), "restore points", s.Restore, "changed", a.when(s.LastModified))
	return nil
}
