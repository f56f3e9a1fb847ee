package rds

import (
	"slices"
	"strings"
)

// engine is a version of a database engine.
type engine struct {
	Name, Version string // postgres, 17.5
	Major         string // 17; of SQL Server 16.00
	Family        string // of parameter groups: postgres17, sqlserver-ex-16.0
	Title         string // DBEngineDescription
	Port          int32  // where it is by default
	License       string
	DefaultDB     string   // the database everybody can connect to
	Edition       string   // of SQL Server: Express
	Classes       []string // the smallest first
	Features      []string // SupportedFeatureNames
	Roots         []string // names a master user cannot have
	LongestUser   int
	MultiAZ       bool
	Cluster       bool // Aurora: instances are members of a cluster, which has the data
}

// product is an engine in all its versions.
type product struct {
	engine
	family   func(major string) string
	versions []string // oldest first
	fallback string   // the version of who asks for none
}

var (
	small    = []string{"db.t4g.micro", "db.t3.micro", "db.t4g.small", "db.t3.small", "db.t4g.medium", "db.t3.medium", "db.t4g.large", "db.t3.large"}
	large    = []string{"db.m6g.large", "db.m7g.large", "db.m5.large", "db.m6i.large", "db.m6g.xlarge", "db.m6i.xlarge", "db.r6g.large", "db.r7g.large", "db.r5.large", "db.r6i.large", "db.r6g.xlarge", "db.r6i.xlarge"}
	aurora   = []string{"db.serverless", "db.t4g.medium", "db.t3.medium", "db.t4g.large", "db.t3.large", "db.r6g.large", "db.r7g.large", "db.r5.large", "db.r6i.large", "db.r6g.xlarge", "db.r6i.xlarge"}
	express  = []string{"db.t3.micro", "db.t3.small", "db.t3.medium", "db.t3.large", "db.t3.xlarge"}
	web      = []string{"db.t3.small", "db.t3.medium", "db.t3.large", "db.t3.xlarge", "db.t3.2xlarge", "db.m5.large", "db.m6i.large", "db.r5.large", "db.r6i.large"}
	standard = []string{"db.t3.xlarge", "db.t3.2xlarge", "db.m5.large", "db.m6i.large", "db.m5.xlarge", "db.m6i.xlarge", "db.r5.large", "db.r6i.large", "db.r5.xlarge", "db.r6i.xlarge"}

	postgresRoots  = []string{"admin", "all", "public", "rds_password", "rds_replication", "rds_superuser", "rdsadmin", "user"}
	sqlserverRoots = []string{"sa", "rdsa", "rdsadmin", "public", "dbo", "guest", "sys", "sysadmin"}

	sqlserverVersions = []string{"15.00.4415.2.v1", "15.00.4430.1.v1", "16.00.4175.1.v1", "16.00.4185.3.v1", "16.00.4195.2.v1"}
)

// products are the engines the sandbox has, with some of their versions (RDS User Guide, "Available PostgreSQL database versions",
// "SQL Server versions on Amazon RDS", "Supported DB engines for DB instance classes").
var products = []product{
	{
		engine: engine{Name: "aurora-postgresql", Title: "Aurora (PostgreSQL)", Port: 5432, License: "postgresql-license", DefaultDB: "postgres", Classes: aurora,
			Features: []string{"s3Export", "s3Import", "Lambda"}, Roots: postgresRoots, LongestUser: 63, Cluster: true},
		family:   func(major string) string { return "aurora-postgresql" + major },
		versions: []string{"14.15", "14.17", "15.10", "15.12", "16.4", "16.6", "16.8", "17.4", "17.5"}, fallback: "16.8",
	},
	{
		engine: engine{Name: "postgres", Title: "PostgreSQL", Port: 5432, License: "postgresql-license", DefaultDB: "postgres", Classes: slices.Concat(small, large),
			Features: []string{"s3Export", "s3Import", "Lambda"}, Roots: postgresRoots, LongestUser: 63, MultiAZ: true},
		family:   func(major string) string { return "postgres" + major },
		versions: []string{"14.15", "14.17", "14.18", "15.10", "15.12", "15.13", "16.4", "16.6", "16.8", "16.9", "17.2", "17.4", "17.5"}, fallback: "17.4",
	},
	sqlserver("ee", "Enterprise", standard, true),
	sqlserver("ex", "Express", express, false),
	sqlserver("se", "Standard", standard, true),
	sqlserver("web", "Web", web, false),
}

func sqlserver(short, edition string, classes []string, multiAZ bool) product {
	name := "sqlserver-" + short
	return product{
		engine: engine{Name: name, Title: "Microsoft SQL Server " + edition + " Edition", Port: 1433, License: "license-included", DefaultDB: "master", Edition: edition,
			Classes: classes, Features: []string{"S3_INTEGRATION"}, Roots: sqlserverRoots, LongestUser: 128, MultiAZ: multiAZ},
		family:   func(major string) string { return name + "-" + strings.TrimSuffix(major, "0") },
		versions: sqlserverVersions, fallback: "16.00.4185.3.v1",
	}
}

// all are the versions of an engine.
func (p product) all() (all []engine) {
	for _, version := range p.versions {
		e := p.engine
		e.Version, e.Major = version, majorOf(version)
		e.Family = p.family(e.Major)
		all = append(all, e)
	}
	return all
}

// majorOf is the major version: 17 of 17.5, 16.00 of SQL Server's 16.00.4185.3.v1.
func majorOf(version string) string {
	parts := strings.Split(version, ".")
	if len(parts) > 2 {
		return parts[0] + "." + parts[1]
	}
	return parts[0]
}

// engines are all versions of all engines, by name and oldest first.
func engines() (all []engine) {
	for _, p := range products {
		all = append(all, p.all()...)
	}
	return all
}

func findProduct(name string) (product, error) {
	for _, p := range products {
		if p.Name == strings.ToLower(name) {
			return p, nil
		}
	}
	return product{}, invalid("Invalid DB engine: %s", name)
}

// findEngine is the version of an engine: the one named, the newest of a major version, or where version is empty the default.
func findEngine(name, version string) (engine, error) {
	p, err := findProduct(name)
	if err != nil {
		return engine{}, err
	}
	if version == "" {
		version = p.fallback
	}
	for _, e := range slices.Backward(p.all()) {
		if e.Version == version || e.Major == version {
			return e, nil
		}
	}
	return engine{}, errorf("InvalidParameterCombination", "Cannot find version %s for %s", version, p.Name)
}

// class says whether instances of this class can be had.
func (e engine) class(name string) error {
	if slices.Contains(e.Classes, name) {
		return nil
	}
	for _, other := range engines() {
		if slices.Contains(other.Classes, name) {
			return errorf("InvalidParameterCombination", "RDS does not support creating a DB instance with the following combination: DBInstanceClass=%s, Engine=%s, EngineVersion=%s, LicenseModel=%s. For supported combinations of instance class and database engine version, see the documentation.", name, e.Name, e.Version, e.License)
		}
	}
	return invalid("Invalid DB Instance class: %s", name)
}

// volume is a type of storage as an engine can have it.
type volume struct {
	Type             string
	Least, Most      int32 // GiB
	IOPS             bool  // can be asked for
	LeastIOPS        int32
	MostIOPS         int32
	LeastThroughput  int32 // MiB/s; 0: there is none to ask for
	MostThroughput   int32
	IOPSFrom         int32 // GiB from which IOPS of gp3 can be asked for
	BaseIOPS         int32
	BaseThroughput   int32
	ThroughputPerIOP float64
}

// volumes are the types of storage an engine can have, the default first (RDS User Guide, "Amazon RDS DB instance storage").
func (e engine) volumes() []volume {
	switch {
	case e.Cluster:
		return []volume{{Type: "aurora"}, {Type: "aurora-iopt1"}}
	case e.Edition != "":
		return []volume{
			{Type: "gp2", Least: 20, Most: 16384},
			{Type: "gp3", Least: 20, Most: 16384, IOPS: true, LeastIOPS: 3000, MostIOPS: 16000, LeastThroughput: 125, MostThroughput: 1000, BaseIOPS: 3000, BaseThroughput: 125, ThroughputPerIOP: 0.25},
			{Type: "io1", Least: 100, Most: 16384, IOPS: true, LeastIOPS: 1000, MostIOPS: 64000},
			{Type: "io2", Least: 20, Most: 65536, IOPS: true, LeastIOPS: 1000, MostIOPS: 64000},
			{Type: "standard", Least: 20, Most: 1024},
		}
	}
	return []volume{
		{Type: "gp2", Least: 20, Most: 65536},
		{Type: "gp3", Least: 20, Most: 65536, IOPS: true, LeastIOPS: 3000, MostIOPS: 64000, LeastThroughput: 125, MostThroughput: 4000, IOPSFrom: 400, BaseIOPS: 3000, BaseThroughput: 125, ThroughputPerIOP: 0.25},
		{Type: "io1", Least: 100, Most: 65536, IOPS: true, LeastIOPS: 1000, MostIOPS: 256000},
		{Type: "io2", Least: 100, Most: 65536, IOPS: true, LeastIOPS: 1000, MostIOPS: 256000},
		{Type: "standard", Least: 5, Most: 3072},
	}
}

// volume is the storage of a type, of the default one when kind is empty, and checks its size in GiB.
func (e engine) volume(kind string, size int32) (volume, error) {
	for _, v := range e.volumes() {
		if v.Type != kind && kind != "" {
			continue
		}
		if !e.Cluster && (size < v.Least || size > v.Most) {
			return v, invalid("Invalid storage size for engine name %s and storage type %s: %d", e.Name, v.Type, size)
		}
		return v, nil
	}
	return volume{}, errorf("InvalidParameterCombination", "Invalid storage type for DB engine %s: %s", e.Name, kind)
}

// defaultOptionGroup is the option group of who names none.
func (e engine) defaultOptionGroup() string {
	return "default:" + e.Name + "-" + strings.ReplaceAll(e.Major, ".", "-")
}
