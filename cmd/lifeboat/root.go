package main

import (
	"fmt"
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
	cobra.AddTemplateFunc("exitcodes", exitTable)
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpTemplate("{{with (or .Long .Short)}}{{.}}\n\n{{end}}{{.UsageString}}")
	return root
}

func exitTable() string {
	var b strings.Builder
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "  %3d  %s\n", e.code, e.says)
	}
	return b.String()
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

const usageTemplate = `Usage
  {{if .HasAvailableSubCommands}}{{.CommandPath}} [command]{{else}}{{.UseLine}}{{end}}
{{if .HasExample}}
Examples
{{.Example}}
{{end}}{{if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{if .Groups}}{{range $group := .Groups}}
{{.Title}}
{{range $cmds}}{{if and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help"))}}  {{rpad .Name .NamePadding}} {{.Short}}
{{end}}{{end}}{{end}}{{else}}
Commands
{{range $cmds}}{{if .IsAvailableCommand}}  {{rpad .Name .NamePadding}} {{.Short}}
{{end}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}
Flags
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}{{if .HasAvailableInheritedFlags}}
Flags of every command
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}
Exit codes
{{exitcodes}}`
