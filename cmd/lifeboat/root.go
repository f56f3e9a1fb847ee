package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

const (
	groupDo    = "do"
	groupAbout = "about"
)

func newRoot(p *process) *cobra.Command {
	root := &cobra.Command{
		Use:   "lifeboat",
		Short: "Back up and restore AWS, before it is needed and when it is",
		Long: "Lifeboat asks what an outage and a data loss may cost, makes a plan that says why each rule is there, and runs\n" +
			"the plan's labs step by step: in a sandbox inside this program, or on an AWS account.",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runHome(cmd.Context(), p)
		},
	}
	root.PersistentFlags().StringVar(&p.stateDir, "state", "", "folder for runs, sandbox and log (default $XDG_STATE_HOME/lifeboat)")
	root.AddGroup(&cobra.Group{ID: groupDo, Title: "Commands"}, &cobra.Group{ID: groupAbout, Title: "About this program and machine"})
	for _, c := range []*cobra.Command{newPlan(p), newLab(p), newRunbook(p), newSandbox(p)} {
		c.GroupID = groupDo
		root.AddCommand(c)
	}
	for _, c := range []*cobra.Command{newDoctor(p), newVersion(p)} {
		c.GroupID = groupAbout
		root.AddCommand(c)
	}
	root.SetHelpCommandGroupID(groupAbout)
	root.SetCompletionCommandGroupID(groupAbout)
	root.SetUsageFunc(func(c *cobra.Command) error { return usage(c.OutOrStderr(), c) })
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		if text := cmp.Or(c.Long, c.Short); text != "" {
			fmt.Fprintf(c.OutOrStdout(), "%s\n\n", text)
		}
		_ = usage(c.OutOrStdout(), c)
	})
	return root
}

// noun is a command that only holds others: without one of them it is wrong usage, not silence.
func noun(use, short string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: func(cmd *cobra.Command, args []string) error {
		var names []string
		for _, child := range cmd.Commands() {
			names = append(names, child.Name())
		}
		if len(args) > 0 {
			return usagef("there is no command %q under lifeboat %s; write one of %s", args[0], use, strings.Join(names, ", "))
		}
		return usagef("lifeboat %s needs one of %s", use, strings.Join(names, ", "))
	}}
	c.AddCommand(children...)
	return c
}

// usage writes a command's help. It is code and no template: a template looks methods up by name, and then the linker must
// keep every method of every AWS client in the binary.
func usage(w io.Writer, c *cobra.Command) error {
	line := c.UseLine()
	if c.HasAvailableSubCommands() {
		line = c.CommandPath() + " [command]"
	}
	section(w, "Usage", "  "+line)
	section(w, "Examples", c.Example)
	if len(c.Groups()) == 0 {
		section(w, "Commands", children(c, ""))
	}
	for _, g := range c.Groups() {
		section(w, g.Title, children(c, g.ID))
	}
	section(w, "Flags", c.LocalFlags().FlagUsages())
	section(w, "Flags of every command", c.InheritedFlags().FlagUsages())
	var codes strings.Builder
	for _, e := range exitCodes {
		fmt.Fprintf(&codes, "  %3d  %s\n", e.code, e.says)
	}
	_, err := fmt.Fprintf(w, "Exit codes\n%s", codes.String())
	return err
}

func section(w io.Writer, title, text string) {
	if text = strings.TrimRight(text, " \n"); text != "" {
		fmt.Fprintf(w, "%s\n%s\n\n", title, text)
	}
}

// children lists the commands of a group under a command, one line each.
func children(c *cobra.Command, group string) string {
	var b strings.Builder
	for _, child := range c.Commands() {
		if child.GroupID == group && (child.IsAvailableCommand() || child.Name() == "help") {
			fmt.Fprintf(&b, "  %-*s %s\n", child.NamePadding(), child.Name(), child.Short)
		}
	}
	return b.String()
}
