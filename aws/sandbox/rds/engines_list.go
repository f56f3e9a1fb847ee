package rds

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"lifeboat/aws/sandbox/store"
	"lifeboat/aws/sandbox/wire"
)

// DescribeDBEngineVersions lists the versions of the engines, or with DefaultOnly the one that who names none gets.
func (s *Service) DescribeDBEngineVersions(ctx context.Context, in *rds.DescribeDBEngineVersionsInput) (*rds.DescribeDBEngineVersionsOutput, error) {
	match, err := filter(in.Filters, attributes[engine]{
		"db-parameter-group-family": one(func(e engine) string { return e.Family }),
		"engine":                    one(func(e engine) string { return e.Name }),
		"engine-mode":               one(func(engine) string { return "provisioned" }),
		"engine-version":            one(func(e engine) string { return e.Version }),
		"status":                    one(func(engine) string { return available }),
	})
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(engines(), func(e engine) bool {
		return !match(e) || in.Engine != nil && lower(in.Engine) != e.Name ||
			in.EngineVersion != nil && *in.EngineVersion != e.Version && *in.EngineVersion != e.Major ||
			in.DBParameterGroupFamily != nil && lower(in.DBParameterGroupFamily) != e.Family
	})
	if aws.ToBool(in.DefaultOnly) {
		all = defaults(all)
	}
	slices.SortFunc(all, byVersion)
	part, next, err := paged(all, versionKey, in.MaxRecords, in.Marker)
	out := &rds.DescribeDBEngineVersionsOutput{DBEngineVersions: []types.DBEngineVersion{}, Marker: next}
	for _, e := range part {
		out.DBEngineVersions = append(out.DBEngineVersions, e.wire())
	}
	return out, err
}

// versionKey orders versions as paging wants them; the numbers in one are of one length for an engine.
func versionKey(e engine) string { return e.Name + " " + e.Version }

func byVersion(a, b engine) int { return strings.Compare(versionKey(a), versionKey(b)) }

// defaults are those of the versions that somebody gets who names none: of each engine the default where it is among them, else the
// newest that is.
func defaults(all []engine) (chosen []engine) {
	for _, p := range products {
		var best *engine
		for n, e := range all {
			if e.Name == p.Name && (best == nil || best.Version != p.fallback) {
				best = &all[n]
			}
		}
		if best != nil {
			chosen = append(chosen, *best)
		}
	}
	return chosen
}

func (e engine) wire() types.DBEngineVersion {
	out := types.DBEngineVersion{
		Engine: aws.String(e.Name), EngineVersion: aws.String(e.Version), MajorEngineVersion: aws.String(e.Major), DBParameterGroupFamily: aws.String(e.Family),
		DBEngineDescription: aws.String(e.Title), DBEngineVersionDescription: aws.String(e.Title + " " + e.Version), Status: aws.String(available),
		SupportedFeatureNames: e.Features, SupportsReadReplica: aws.Bool(e.MultiAZ && !e.Cluster), SupportsGlobalDatabases: aws.Bool(false),
		SupportsParallelQuery: aws.Bool(false), SupportsBabelfish: aws.Bool(false), SupportsLimitlessDatabase: aws.Bool(false), SupportsIntegrations: aws.Bool(false),
		SupportsLocalWriteForwarding: aws.Bool(false), SupportsLogExportsToCloudwatchLogs: aws.Bool(true),
		ExportableLogTypes: []string{"postgresql", "upgrade"}, SupportsCertificateRotationWithoutRestart: aws.Bool(true),
		SupportedCACertificateIdentifiers: []string{"rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"},
		ValidUpgradeTarget:                e.upgrades(), SupportedEngineModes: []string{"provisioned"},
	}
	if e.Edition != "" {
		out.ExportableLogTypes = []string{"agent", "error"}
		out.SupportsReadReplica = aws.Bool(e.Edition == "Enterprise")
	}
	return out
}

// upgrades are the versions an instance of this one can be brought to: any newer one.
func (e engine) upgrades() []types.UpgradeTarget {
	list := []types.UpgradeTarget{}
	p, _ := findProduct(e.Name)
	newer := false
	for _, target := range p.all() {
		if newer {
			list = append(list, types.UpgradeTarget{
				Engine: aws.String(target.Name), EngineVersion: aws.String(target.Version), Description: aws.String(target.Title + " " + target.Version),
				AutoUpgrade: aws.Bool(false), IsMajorVersionUpgrade: aws.Bool(target.Major != e.Major),
			})
		}
		newer = newer || target.Version == e.Version
	}
	return list
}

// offer is a class and a type of storage that can be had of an engine.
type offer struct {
	engine
	class string
	volume
}

func (o offer) key() string { return versionKey(o.engine) + " " + o.class + " " + o.Type }

// DescribeOrderableDBInstanceOptions lists the classes and types of storage that can be had of an engine, for each of its versions.
func (s *Service) DescribeOrderableDBInstanceOptions(ctx context.Context, in *rds.DescribeOrderableDBInstanceOptionsInput) (*rds.DescribeOrderableDBInstanceOptionsOutput, error) {
	if _, err := filter(in.Filters, attributes[offer]{}); err != nil {
		return nil, err
	}
	p, err := findProduct(aws.ToString(in.Engine))
	if err != nil {
		return nil, err
	}
	var all []offer
	for _, e := range p.all() {
		if in.EngineVersion != nil && *in.EngineVersion != e.Version || in.LicenseModel != nil && *in.LicenseModel != e.License || in.Vpc != nil && !*in.Vpc {
			continue
		}
		for _, class := range e.Classes {
			for _, v := range e.volumes() {
				if in.DBInstanceClass == nil || *in.DBInstanceClass == class {
					all = append(all, offer{e, class, v})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b offer) int { return strings.Compare(a.key(), b.key()) })
	part, next, err := paged(all, offer.key, in.MaxRecords, in.Marker)
	if err != nil {
		return nil, err
	}
	out := &rds.DescribeOrderableDBInstanceOptionsOutput{OrderableDBInstanceOptions: []types.OrderableDBInstanceOption{}, Marker: next}
	return out, s.view(ctx, func(tx *store.Tx, c wire.Caller) error {
		zones := s.zones(tx, c)
		for _, o := range part {
			out.OrderableDBInstanceOptions = append(out.OrderableDBInstanceOptions, o.wire(zones))
		}
		return nil
	})
}

// zones are those of the default VPC of the Region.
func (s *Service) zones(tx *store.Tx, c wire.Caller) (zones []types.AvailabilityZone) {
	for _, id := range s.o.Network.SubnetsOf(tx, c.Account, c.Region, s.o.Network.DefaultVPC(c.Account, c.Region)) {
		if _, zone, ok := s.o.Network.Subnet(tx, c.Account, c.Region, id); ok {
			zones = append(zones, types.AvailabilityZone{Name: aws.String(zone)})
		}
	}
	return zones
}

func (o offer) wire(zones []types.AvailabilityZone) types.OrderableDBInstanceOption {
	out := types.OrderableDBInstanceOption{
		Engine: aws.String(o.Name), EngineVersion: aws.String(o.Version), DBInstanceClass: aws.String(o.class), LicenseModel: aws.String(o.License),
		AvailabilityZones: zones, MultiAZCapable: aws.Bool(o.MultiAZ), ReadReplicaCapable: aws.Bool(o.MultiAZ), Vpc: aws.Bool(true),
		StorageType: aws.String(o.Type), SupportsStorageEncryption: aws.Bool(true), SupportsIops: aws.Bool(o.volume.IOPS),
		SupportsStorageThroughput: aws.Bool(o.LeastThroughput > 0), SupportsEnhancedMonitoring: aws.Bool(true),
		SupportsIAMDatabaseAuthentication: aws.Bool(o.Edition == ""), SupportsPerformanceInsights: aws.Bool(false), SupportsStorageAutoscaling: aws.Bool(!o.engine.Cluster),
		SupportsKerberosAuthentication: aws.Bool(false), OutpostCapable: aws.Bool(false), SupportsGlobalDatabases: aws.Bool(false), SupportsClusters: aws.Bool(false),
		SupportsDedicatedLogVolume: aws.Bool(false), SupportedEngineModes: []string{"provisioned"}, SupportedNetworkTypes: []string{"IPV4"},
		AvailableProcessorFeatures: []types.AvailableProcessorFeature{}, MinStorageSize: optionalInt(o.Least), MaxStorageSize: optionalInt(o.Most),
	}
	if o.volume.IOPS {
		out.MinIopsPerDbInstance, out.MaxIopsPerDbInstance = aws.Int32(o.LeastIOPS), aws.Int32(o.MostIOPS)
	}
	if o.LeastThroughput > 0 {
		out.MinStorageThroughputPerDbInstance, out.MaxStorageThroughputPerDbInstance = aws.Int32(o.LeastThroughput), aws.Int32(o.MostThroughput)
	}
	return out
}
