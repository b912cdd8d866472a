package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/tenantcare/listing"
)

func newImageCommand(a *app, g *globals) *cobra.Command {
	return family("image", "Images that provisioning policies may name", newImageListCommand(a, g), newImageCreateCommand(a, g), newImageDeleteCommand(a, g))
}

func newImageListCommand(a *app, g *globals) *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use: "list", Short: "List the tenant's own images and the gallery's, with their status and support", Args: cobra.NoArgs,
		RunE: a.onTenant(g, func(ctx context.Context, conn *connection, _ []string) error { return a.imageList(ctx, g, conn, kind) }),
	}
	cmd.Flags().StringVar(&kind, "type", "", "only custom, or only gallery")
	return cmd
}

func (a *app) imageList(ctx context.Context, g *globals, conn *connection, kind string) error {
	own, err := conn.graph.DeviceImages(ctx)
	if err != nil {
		return err
	}
	gallery, err := conn.graph.GalleryImages(ctx)
	if err != nil {
		return err
	}
	list := []listing.Image{}
	for _, i := range listing.Images(own, gallery) {
		if kind == "" || strings.EqualFold(kind, i.Type) {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return nothing("there is no such image", "image list shows them all", fault.NewCommand("image list"))
	}
	doc := struct {
		Schema string          `json:"schema"`
		Images []listing.Image `json:"images"`
	}{"wave365/image-list/v1", list}
	return answerList(a, g, doc, list, "IMAGE\tTYPE\tVERSION\tSTATUS\tWINDOWS\tSUPPORT\tDISK\tEXPIRES\tID", func(i listing.Image) []string {
		state := i.Status
		if i.Error != "" {
			state += ": " + i.Error
		}
		return []string{i.Name, i.Type, i.Version, state, i.OS, i.OSStatus, gib(i.SizeGiB), day(i.Expires), i.ID}
	})
}
