package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/images"
	"wave365/pkg/tenantcare/listing"
)

// imaging holds the flags of image create.
type imaging struct {
	file string
	spec images.Spec
	wait bool
}

func newImageCreateCommand(a *app, g *globals) *cobra.Command {
	var o imaging
	cmd := &cobra.Command{
		Use: "create {-f FILE | --name NAME --version V --source ARM-ID}", Short: "Create a custom image from a managed image in Azure", Args: cobra.NoArgs,
		Long: `Create a custom Cloud PC image from a managed image, or a gallery image version, in Azure. The service copies it in the
background, which takes some minutes to an hour; --wait waits until it is ready, or says why it failed. An image of this
name and version that already exists is reused, not created twice.

Exit codes: 0 created (with --wait: ready), 2 the file or the source is wrong, 3 it failed, 6 it already exists.`,
		Example: "  wave365 image create -f waves/evening.image.json --wait",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.file != "" && o.spec != (images.Spec{}) {
				return usageError{fault.New(fault.Invalid, "usage", "an image is described by -f FILE or by --name, --version and --source, not by both", "the help says which", fault.NewCommand("image create", "--help"))}
			}
			return a.withTenant(cmd.Context(), g, func(ctx context.Context, conn *connection) error { return a.imageCreate(ctx, g, conn, o) })
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "a YAML or JSON file with displayName, version and sourceImageResourceId")
	f.StringVar(&o.spec.Name, "name", "", "the image's display name; policies name it so")
	f.StringVar(&o.spec.Version, "version", "", "the image's version, such as 1.0.0")
	f.StringVar(&o.spec.Source, "source", "", "the ARM id of the managed image or gallery image version")
	f.BoolVar(&o.wait, "wait", false, "wait until it is ready, or has failed")
	return cmd
}

// maxDescription is the largest file in which people describe a policy or an image, or list users, in bytes.
const maxDescription = 1 << 20

// read reads the image from its file, if one was named, and checks it.
func (o *imaging) read() error {
	if o.file != "" {
		data, err := run.ReadFile(o.file, maxDescription)
		if err != nil {
			return fault.Wrap(fault.Invalid, "image.file", "the image file "+o.file+" cannot be read: "+err.Error(), "check the path", err)
		}
		if o.spec, err = images.Parse(o.file, data); err != nil {
			return err
		}
	}
	return o.spec.Check()
}

func (a *app) imageCreate(ctx context.Context, g *globals, conn *connection, o imaging) error {
	if err := o.read(); err != nil {
		return err
	}
	if err := a.settleEarlier(ctx, g, conn, "image create", func(_ context.Context, w migration.Write) (bool, error) {
		return w.Target == o.spec.Target(), nil
	}); err != nil {
		return err
	}
	all, err := conn.graph.DeviceImages(ctx)
	if err != nil {
		return err
	}
	now, err := o.spec.Find(all)
	switch {
	case err != nil:
		return err
	case strings.EqualFold(now.Status, "failed"):
		return images.Failed(now)
	case now.ID != "" && (!o.wait || !strings.EqualFold(now.Status, "pending")):
		return nothing("image "+now.DisplayName+" "+now.Version+" already exists and is "+now.Status+": nothing to do", "")
	}
	if now.ID == "" {
		if err := a.ask(ctx, g, "Create image "+o.spec.Name+" "+o.spec.Version+" from "+o.spec.Source+"? "+consequence(g.sandbox)); err != nil {
			return err
		}
		err := a.withWriter(ctx, g, conn, "image create", func(w tenantcare.Writer) error {
			now = graph.DeviceImage{DisplayName: o.spec.Name, Version: o.spec.Version, SourceImageResourceID: o.spec.Source, Status: "pending"}
			now.ID, err = images.Create(ctx, w, conn.graph, o.spec)
			return err
		})
		if err != nil {
			return err
		}
	}
	if o.wait {
		if now, err = a.awaitImage(ctx, g, conn, now.ID); err != nil {
			return err
		}
	}
	if g.json {
		return a.answer(struct {
			Schema string        `json:"schema"`
			Image  listing.Image `json:"image"`
		}{"wave365/image-create/v1", listing.Images([]graph.DeviceImage{now}, nil)[0]})
	}
	fmt.Fprintf(a.out, "Image %s %s is %s: %s\n", now.DisplayName, now.Version, now.Status, now.ID)
	return nil
}

// awaitImage waits until an image is ready, or has failed, and reports each new status.
func (a *app) awaitImage(ctx context.Context, g *globals, conn *connection, id string) (graph.DeviceImage, error) {
	last := ""
	return images.Wait(ctx, conn.clock, conn.graph, id, func(i graph.DeviceImage) {
		if i.Status != last && !g.quiet && !g.json {
			fmt.Fprintf(a.err, "image %s %s: %s\n", i.DisplayName, i.Version, i.Status)
		}
		last = i.Status
	})
}

func newImageDeleteCommand(a *app, g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME|ID", Short: "Delete a custom image that no policy names", Args: cobra.ExactArgs(1),
		Long: "Delete a custom image that no policy names. This cannot be undone.\n\nExit codes: 0 deleted, 2 refused, 5 permission missing, 6 there is no such image.",
		RunE: a.onTenant(g, func(ctx context.Context, conn *connection, args []string) error {
			return a.imageDelete(ctx, g, conn, args[0])
		}),
	}
}

func (a *app) imageDelete(ctx context.Context, g *globals, conn *connection, cell string) error {
	if err := a.settleEarlier(ctx, g, conn, "image delete", func(_ context.Context, w migration.Write) (bool, error) {
		return images.Deletes(w, cell), nil
	}); err != nil {
		return err
	}
	all, err := conn.graph.DeviceImages(ctx)
	if err != nil {
		return err
	}
	one, err := tenantcare.Pick("custom image", "image", cell, all, func(i graph.DeviceImage) tenantcare.Named { return tenantcare.Named{ID: i.ID, Name: i.DisplayName} })
	if fault.Is(err, fault.NotFound) {
		return nothing(err.Error()+": nothing to delete", fault.HintOf(err))
	}
	if err != nil {
		return err
	}
	policies, err := conn.graph.ProvisioningPolicies(ctx)
	if err != nil {
		return err
	}
	if users := images.Users(one.ID, policies); len(users) > 0 {
		return fault.New(fault.Conflict, "image.in-use", "image "+one.DisplayName+" is named by "+strings.Join(users, ", "), "give those policies another image first", fault.NewCommand("policy apply", "--file=FILE"))
	}
	if err := a.ask(ctx, g, "Delete image "+one.DisplayName+" "+one.Version+"? This cannot be undone."); err != nil {
		return err
	}
	return a.withWriter(ctx, g, conn, "image delete", func(w tenantcare.Writer) error {
		if err := images.Delete(ctx, w, conn.graph, one); err != nil {
			return err
		}
		if g.json {
			return a.answer(map[string]string{"schema": "wave365/image-delete/v1", "id": one.ID, "name": one.DisplayName})
		}
		fmt.Fprintf(a.out, "Image %s %s is gone: %s\n", one.DisplayName, one.Version, one.ID)
		return nil
	})
}
