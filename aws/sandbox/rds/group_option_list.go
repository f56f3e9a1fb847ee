package rds

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// feature is an option that an engine offers.
type feature struct {
	Name, Description string
	Engines           []string
	Persistent        bool // cannot be taken from a group that has instances
	Permanent         bool // cannot be taken from a group at all
	Port              int32
	Settings          []setting
}

// setting is one of an option's.
type setting struct {
	Name, Description, Default, Allowed string
	Required                            bool
}

const (
	backupRestore = "SQLSERVER_BACKUP_RESTORE"
	roleSetting   = "IAM_ROLE_ARN"
)

// features are the options there are; PostgreSQL has extensions instead (RDS User Guide, "Options for the Microsoft SQL Server
// database engine").
var features = []feature{
	{
		Name: "MSDTC", Description: "Microsoft Distributed Transaction Coordinator", Engines: []string{"sqlserver-ee", "sqlserver-ex", "sqlserver-se", "sqlserver-web"}, Port: 5000,
		Settings: []setting{
			{Name: "AUTHENTICATION", Description: "Specifies the authentication type", Allowed: "NONE,MUTUAL", Required: true},
			{Name: "TRANSACTION_LOG_SIZE", Description: "Transaction log size", Default: "4", Allowed: "4-1024"},
		},
	},
	{
		Name: "SQLSERVER_AUDIT", Description: "SQL Server Audit offload to customer's S3 bucket", Engines: []string{"sqlserver-ee", "sqlserver-ex", "sqlserver-se", "sqlserver-web"},
		Settings: []setting{
			{Name: "ENABLE_COMPRESSION", Description: "Enable ZIP compression for audit logs.", Default: "true", Allowed: "true,false"},
			{Name: roleSetting, Description: "Specifies the IAM role ARN used by RDS to upload SQL Server Audit logs to customer's S3 bucket.", Required: true},
			{Name: "RETENTION_TIME", Description: "Number of hours to retain audit logs on DB instance after they are uploaded to S3.", Default: "0", Allowed: "0-840"},
			{Name: "S3_BUCKET_ARN", Description: "Specifies the S3 bucket ARN used to store SQL Server Audit logs.", Required: true},
		},
	},
	{
		Name: backupRestore, Description: "SQLServer Database Level Customer Backups and Restores", Engines: []string{"sqlserver-ee", "sqlserver-ex", "sqlserver-se", "sqlserver-web"},
		Settings: []setting{
			{Name: roleSetting, Description: "Specifies the IAM role ARN used by RDS to backup and restore to and from customer's S3 bucket(s)"},
		},
	},
	{Name: "TDE", Description: "SQL Server - Transparent Data Encryption", Engines: []string{"sqlserver-ee", "sqlserver-se"}, Persistent: true},
}

// featureOf is an option that an engine offers.
func featureOf(engine, name string) (feature, bool) {
	for _, f := range features {
		if f.Name == name && slices.Contains(f.Engines, engine) {
			return f, true
		}
	}
	return feature{}, false
}

func (f feature) setting(name string) (setting, bool) {
	for _, s := range f.Settings {
		if s.Name == name {
			return s, true
		}
	}
	return setting{}, false
}

// persistent says whether an option of the group ties it to a VPC.
func (g OptionGroup) persistent() bool {
	return slices.ContainsFunc(g.Options, func(o Option) bool {
		f, _ := featureOf(g.Engine, o.Name)
		return f.Persistent || f.Permanent
	})
}

// DescribeOptionGroupOptions lists the options that an engine offers, in all its major versions or in one.
func (s *Service) DescribeOptionGroupOptions(ctx context.Context, in *rds.DescribeOptionGroupOptionsInput) (*rds.DescribeOptionGroupOptionsOutput, error) {
	if _, err := filter(in.Filters, attributes[feature]{}); err != nil {
		return nil, err
	}
	p, err := findProduct(aws.ToString(in.EngineName))
	if err != nil {
		return nil, err
	}
	all := []types.OptionGroupOption{}
	first := map[string]bool{}
	for _, e := range p.all() {
		if first[e.Major] || in.MajorEngineVersion != nil && *in.MajorEngineVersion != e.Major {
			continue
		}
		first[e.Major] = true
		for _, f := range features {
			if slices.Contains(f.Engines, e.Name) {
				all = append(all, f.wire(e))
			}
		}
	}
	key := func(o types.OptionGroupOption) string { return *o.Name + " " + *o.MajorEngineVersion }
	slices.SortFunc(all, func(a, b types.OptionGroupOption) int { return strings.Compare(key(a), key(b)) })
	part, next, err := paged(all, key, in.MaxRecords, in.Marker)
	return &rds.DescribeOptionGroupOptionsOutput{OptionGroupOptions: part, Marker: next}, err
}

// wire is the option as e, the oldest version that has it, offers it.
func (f feature) wire(e engine) types.OptionGroupOption {
	out := types.OptionGroupOption{
		Name: aws.String(f.Name), Description: aws.String(f.Description), EngineName: aws.String(e.Name), MajorEngineVersion: aws.String(e.Major),
		MinimumRequiredMinorEngineVersion: aws.String(strings.TrimPrefix(e.Version, e.Major+".")),
		Persistent:                        aws.Bool(f.Persistent), Permanent: aws.Bool(f.Permanent), PortRequired: aws.Bool(f.Port != 0), DefaultPort: optionalInt(f.Port),
		RequiresAutoMinorEngineVersionUpgrade: aws.Bool(false), VpcOnly: aws.Bool(false), CopyableCrossAccount: aws.Bool(false),
		OptionsDependedOn: []string{}, OptionsConflictsWith: []string{}, OptionGroupOptionSettings: []types.OptionGroupOptionSetting{},
	}
	for _, s := range f.Settings {
		out.OptionGroupOptionSettings = append(out.OptionGroupOptionSettings, types.OptionGroupOptionSetting{
			SettingName: aws.String(s.Name), SettingDescription: aws.String(s.Description), DefaultValue: optional(s.Default), AllowedValues: optional(s.Allowed),
			ApplyType: aws.String("DYNAMIC"), IsModifiable: aws.Bool(true), IsRequired: aws.Bool(s.Required),
			MinimumEngineVersionPerAllowedValue: []types.MinimumEngineVersionPerAllowedValue{},
		})
	}
	return out
}

// wire is an option as it stands in a group.
func (o Option) wire(g OptionGroup) types.Option {
	f, _ := featureOf(g.Engine, o.Name)
	out := types.Option{
		OptionName: aws.String(o.Name), OptionDescription: aws.String(f.Description), Persistent: aws.Bool(f.Persistent), Permanent: aws.Bool(f.Permanent),
		Port: optionalInt(o.Port), OptionVersion: optional(o.Version), OptionSettings: []types.OptionSetting{},
		DBSecurityGroupMemberships: []types.DBSecurityGroupMembership{}, VpcSecurityGroupMemberships: []types.VpcSecurityGroupMembership{},
	}
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		s, _ := f.setting(name)
		out.OptionSettings = append(out.OptionSettings, types.OptionSetting{
			Name: aws.String(name), Value: aws.String(o.Settings[name]), DefaultValue: optional(s.Default), Description: aws.String(s.Description),
			ApplyType: aws.String("DYNAMIC"), DataType: aws.String("STRING"), AllowedValues: optional(s.Allowed), IsModifiable: aws.Bool(true), IsCollection: aws.Bool(false),
		})
	}
	for _, id := range o.SecurityGroups {
		out.VpcSecurityGroupMemberships = append(out.VpcSecurityGroupMemberships, types.VpcSecurityGroupMembership{VpcSecurityGroupId: aws.String(id), Status: aws.String("active")})
	}
	return out
}
