package rds

import (
	"context"
	_ "embed"
	"encoding/csv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// parameter is what can be set of an engine.
type parameter struct {
	Name, Default string
	Source        string // engine-default, or system where RDS sets it
	Apply         string // static, dynamic
	Data          string // integer, boolean, string, float, list
	Allowed       string
	Modifiable    bool
	Description   string
}

//go:embed parameters.csv
var parameterText string

// parameters are those of each engine's kind (postgres, sqlserver), in the order of their names. They are read once.
var parameters = sync.OnceValue(func() map[string][]parameter {
	all := map[string][]parameter{}
	lines, err := csv.NewReader(strings.NewReader(parameterText)).ReadAll()
	if err != nil {
		panic("rds: parameters.csv: " + err.Error()) // it is part of the program
	}
	for _, l := range lines[1:] {
		all[l[0]] = append(all[l[0]], parameter{
			Name: l[1], Default: l[2], Source: l[3], Apply: l[4], Data: l[5], Allowed: l[6], Modifiable: l[7] == "yes", Description: l[8],
		})
	}
	for _, of := range all {
		slices.SortFunc(of, func(a, b parameter) int { return strings.Compare(a.Name, b.Name) })
	}
	return all
})

// parametersOf are those of a family.
func parametersOf(family string) []parameter {
	if strings.HasPrefix(family, "sqlserver") {
		return parameters()["sqlserver"]
	}
	return parameters()["postgres"]
}

func findParameter(family, name string) (parameter, error) {
	for _, p := range parametersOf(family) {
		if p.Name == name {
			return p, nil
		}
	}
	return parameter{}, invalid("Could not find parameter with name: %s", name)
}

// accepts says whether the parameter can have a value. A formula such as {DBInstanceClassMemory/32768} is worked out later.
func (p parameter) accepts(value string) bool {
	if p.Allowed == "" || strings.HasPrefix(value, "{") {
		return true
	}
	each := []string{value}
	if p.Data == "list" {
		each = strings.Split(value, ",")
	}
	return !slices.ContainsFunc(each, func(v string) bool { return !within(v, p.Allowed) })
}

// within says whether a value is one of those listed, or a number in one of the ranges: "0-100,on,off".
func within(value, allowed string) bool {
	for _, a := range strings.Split(allowed, ",") {
		if a == value {
			return true
		}
		cut := 1 + strings.IndexByte(a[min(1, len(a)):], '-') // a first minus is a sign
		if cut == 0 {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		least, errLeast := strconv.ParseFloat(a[:cut], 64)
		most, errMost := strconv.ParseFloat(a[cut+1:], 64)
		if err == nil && errLeast == nil && errMost == nil && n >= least && n <= most {
			return true
		}
	}
	return false
}

// maxChanges is how many parameters a request can change (API reference, "ModifyDBParameterGroup").
const maxChanges = 20

// ModifyDBParameterGroup sets parameters: those that can change while the engine runs at once or after a reboot, the others after one.
func (s *Service) ModifyDBParameterGroup(ctx context.Context, in *rds.ModifyDBParameterGroupInput) (*rds.ModifyDBParameterGroupOutput, error) {
	out := &rds.ModifyDBParameterGroupOutput{}
	return out, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		g, err := s.changeParameters(tx, c, in.DBParameterGroupName, in.Parameters, func(values map[string]Value, p parameter, v types.Parameter) error {
			switch {
			case v.ParameterValue == nil:
				return invalid("The parameter ParameterValue must be provided for %s.", p.Name)
			case !p.accepts(*v.ParameterValue):
				return invalid("Invalid parameter value: %s for: %s allowed values are: %s", *v.ParameterValue, p.Name, p.Allowed)
			}
			values[p.Name] = Value{Text: *v.ParameterValue, Method: v.ApplyMethod}
			return nil
		})
		out.DBParameterGroupName = aws.String(g.Name)
		return err
	})
}

// ResetDBParameterGroup gives parameters, or all of them, the engine's own values again.
func (s *Service) ResetDBParameterGroup(ctx context.Context, in *rds.ResetDBParameterGroupInput) (*rds.ResetDBParameterGroupOutput, error) {
	out := &rds.ResetDBParameterGroupOutput{}
	return out, s.update(ctx, func(tx *store.Tx, c wire.Caller) error {
		which := in.Parameters
		if aws.ToBool(in.ResetAllParameters) {
			if len(which) > 0 {
				return errorf("InvalidParameterCombination", "Parameters cannot be specified when ResetAllParameters is true.")
			}
			g, err := s.ownParameterGroup(tx, c, in.DBParameterGroupName)
			if err != nil {
				return err
			}
			for _, name := range slices.Sorted(maps.Keys(g.Values)) {
				which = append(which, types.Parameter{ParameterName: aws.String(name), ApplyMethod: types.ApplyMethodPendingReboot})
			}
			if len(which) == 0 {
				out.DBParameterGroupName = aws.String(g.Name)
				return nil
			}
		}
		g, err := s.changeParameters(tx, c, in.DBParameterGroupName, which, func(values map[string]Value, p parameter, _ types.Parameter) error {
			delete(values, p.Name)
			return nil
		})
		out.DBParameterGroupName = aws.String(g.Name)
		return err
	})
}

// changeParameters lets change make something of each parameter that a request names, and tells the instances.
func (s *Service) changeParameters(tx *store.Tx, c wire.Caller, name *string, which []types.Parameter, change func(map[string]Value, parameter, types.Parameter) error) (ParameterGroup, error) {
	g, err := s.ownParameterGroup(tx, c, name)
	switch {
	case err != nil:
		return g, err
	case len(which) == 0:
		return g, invalid("At least one parameter must be specified.")
	case len(which) > maxChanges:
		return g, invalid("Cannot modify more than %d parameters in a single request.", maxChanges)
	}
	values := map[string]Value{}
	maps.Copy(values, g.Values)
	atOnce, reboot := false, false
	for _, v := range which {
		p, err := findParameter(g.Family, aws.ToString(v.ParameterName))
		switch {
		case err != nil:
			return g, err
		case !p.Modifiable:
			return g, invalid("The parameter %s cannot be modified.", p.Name)
		case v.ApplyMethod == "":
			return g, invalid("The parameter ApplyMethod must be provided and must not be blank.")
		case v.ApplyMethod == types.ApplyMethodImmediate && p.Apply == "static":
			return g, errorf("InvalidParameterCombination", "cannot use immediate apply method for static parameter")
		}
		before := values[p.Name]
		if err := change(values, p, v); err != nil {
			return g, err
		}
		if values[p.Name].Text != before.Text {
			atOnce = atOnce || v.ApplyMethod == types.ApplyMethodImmediate
			reboot = reboot || v.ApplyMethod == types.ApplyMethodPendingReboot
		}
	}
	g.Values = values
	s.parameterGroups.Put(tx, g.key(), g)
	if atOnce || reboot {
		s.parametersChanged(tx, g, atOnce, reboot)
	}
	return g, nil
}

// DescribeDBParameters lists the parameters of a group: all, or those that the user, RDS (system) or the engine (engine-default) set.
func (s *Service) DescribeDBParameters(ctx context.Context, in *rds.DescribeDBParametersInput) (*rds.DescribeDBParametersOutput, error) {
	match, err := filter(in.Filters, attributes[types.Parameter]{"parameter-name": one(func(p types.Parameter) string { return *p.ParameterName })})
	if err != nil {
		return nil, err
	}
	if from := aws.ToString(in.Source); !slices.Contains([]string{"", "user", "system", "engine-default"}, from) {
		return nil, invalid("Invalid source type: %s", from)
	}
	out := &rds.DescribeDBParametersOutput{}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		g, there := s.ofParameters().find(tx, c.Account, c.Region, aws.ToString(in.DBParameterGroupName))
		if !there {
			return noParameterGroup(aws.ToString(in.DBParameterGroupName))
		}
		all := []types.Parameter{}
		for _, p := range parametersOf(g.Family) {
			w := p.wire(g.Values)
			if match(w) && (in.Source == nil || *in.Source == "" || *in.Source == *w.Source) {
				all = append(all, w)
			}
		}
		var err error
		out.Parameters, out.Marker, err = paged(all, func(p types.Parameter) string { return *p.ParameterName }, in.MaxRecords, in.Marker)
		return err
	})
}

func (p parameter) wire(values map[string]Value) types.Parameter {
	out := types.Parameter{
		ParameterName: aws.String(p.Name), ParameterValue: optional(p.Default), Source: aws.String(p.Source), ApplyType: aws.String(p.Apply),
		DataType: aws.String(p.Data), AllowedValues: optional(p.Allowed), IsModifiable: aws.Bool(p.Modifiable), Description: aws.String(p.Description),
		ApplyMethod: types.ApplyMethodPendingReboot,
	}
	if v, set := values[p.Name]; set {
		out.ParameterValue, out.Source, out.ApplyMethod = aws.String(v.Text), aws.String("user"), v.Method
	}
	return out
}
