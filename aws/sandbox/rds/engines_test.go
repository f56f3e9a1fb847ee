package rds

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"pgregory.net/rapid"

	"lifeboat/aws/sandbox/try"
)

func TestFindEngine(t *testing.T) {
	for _, test := range []struct {
		name, version   string
		want            string // version, or the code of the refusal
		words           string
		family, options string
	}{
		{name: "postgres", want: "17.4", family: "postgres17", options: "default:postgres-17"},
		{name: "Postgres", version: "16", want: "16.9", family: "postgres16", options: "default:postgres-16"},
		{name: "postgres", version: "16.4", want: "16.4", family: "postgres16", options: "default:postgres-16"},
		{name: "aurora-postgresql", version: "16.4", want: "16.4", family: "aurora-postgresql16", options: "default:aurora-postgresql-16"},
		{name: "sqlserver-ex", want: "16.00.4185.3.v1", family: "sqlserver-ex-16.0", options: "default:sqlserver-ex-16-00"},
		{name: "sqlserver-se", version: "15.00", want: "15.00.4430.1.v1", family: "sqlserver-se-15.0", options: "default:sqlserver-se-15-00"},
		{name: "mysql", want: "InvalidParameterValue", words: "Invalid DB engine: mysql"},
		{name: "", want: "InvalidParameterValue", words: "Invalid DB engine"},
		{name: "postgres", version: "9.6", want: "InvalidParameterCombination", words: "Cannot find version 9.6 for postgres"},
	} {
		e, err := findEngine(test.name, test.version)
		if err != nil {
			refused(t, err, test.want, test.words)
			continue
		}
		if e.Version != test.want || e.Family != test.family || e.defaultOptionGroup() != test.options {
			t.Errorf("%s %q is %s of %s with %s", test.name, test.version, e.Version, e.Family, e.defaultOptionGroup())
		}
	}
}

// Whatever is offered can be had, and its default version is one of its versions.
func TestEnginesFitTogether(t *testing.T) {
	for _, p := range products {
		if !slices.Contains(p.versions, p.fallback) {
			t.Errorf("%s has no version %s", p.Name, p.fallback)
		}
		if !slices.IsSorted(p.versions) {
			t.Errorf("the versions of %s are not in order: %v", p.Name, p.versions)
		}
	}
	for _, e := range engines() {
		for _, class := range e.Classes {
			if err := e.class(class); err != nil {
				t.Error(err)
			}
		}
		for _, v := range e.volumes() {
			if _, err := e.volume(v.Type, v.Least); err != nil {
				t.Error(err)
			}
			if _, err := e.volume(v.Type, v.Least-1); !e.Cluster && err == nil {
				t.Errorf("%s can have %d GiB of %s", e.Name, v.Least-1, v.Type)
			}
		}
	}
	ex, _ := findEngine("sqlserver-ex", "")
	refused(t, ex.class("db.r6i.xlarge"), "InvalidParameterCombination", "DBInstanceClass=db.r6i.xlarge, Engine=sqlserver-ex, EngineVersion=16.00.4185.3.v1")
	refused(t, ex.class("db.t1.micro"), "InvalidParameterValue", "Invalid DB Instance class: db.t1.micro")
}

func TestDescribeEngines(t *testing.T) {
	w := newGround(t, "", Options{})
	out := try.Must(w.DescribeDBEngineVersions(here, &rds.DescribeDBEngineVersionsInput{Engine: aws.String("sqlserver-ex")}))
	majors := map[string]bool{}
	for _, v := range out.DBEngineVersions {
		majors[*v.MajorEngineVersion] = true
	}
	if !majors["15.00"] || !majors["16.00"] || len(majors) != 2 {
		t.Errorf("the major versions are %v", majors)
	}
	newest := try.Must(w.DescribeDBEngineVersions(here, &rds.DescribeDBEngineVersionsInput{Engine: aws.String("postgres"), EngineVersion: aws.String("16"), DefaultOnly: aws.Bool(true)})).DBEngineVersions
	if len(newest) != 1 || *newest[0].EngineVersion != "16.9" {
		t.Errorf("the default of 16 is %v", newest)
	}
	fallback := try.Must(w.DescribeDBEngineVersions(here, &rds.DescribeDBEngineVersionsInput{DefaultOnly: aws.Bool(true)})).DBEngineVersions
	if len(fallback) != len(products) {
		t.Errorf("%d defaults for %d engines", len(fallback), len(products))
	}
	for _, e := range fallback {
		if want := try.Must(findEngine(*e.Engine, "")).Version; *e.EngineVersion != want {
			t.Errorf("the default of %s is %s, who names none gets %s", *e.Engine, *e.EngineVersion, want)
		}
	}
	_, err := w.DescribeDBEngineVersions(here, &rds.DescribeDBEngineVersionsInput{Filters: []types.Filter{{Name: aws.String("colour"), Values: []string{"red"}}}})
	refused(t, err, "InvalidParameterValue", "Unrecognized filter name: colour")
}

func TestOrderable(t *testing.T) {
	w := newGround(t, "", Options{})
	_, err := w.DescribeOrderableDBInstanceOptions(here, &rds.DescribeOrderableDBInstanceOptionsInput{Engine: aws.String("db2-se")})
	refused(t, err, "InvalidParameterValue", "Invalid DB engine")
	in := &rds.DescribeOrderableDBInstanceOptionsInput{Engine: aws.String("sqlserver-ex"), MaxRecords: aws.Int32(20)}
	seen := map[string]bool{}
	for pages := rds.NewDescribeOrderableDBInstanceOptionsPaginator(describer{w}, in); pages.HasMorePages(); {
		for _, o := range try.Must(pages.NextPage(here)).OrderableDBInstanceOptions {
			key := *o.EngineVersion + *o.DBInstanceClass + *o.StorageType
			if seen[key] {
				t.Errorf("%s comes twice", key)
			}
			seen[key] = true
			if len(o.AvailabilityZones) < 2 || *o.LicenseModel != "license-included" || *o.MinStorageSize < 20 {
				t.Errorf("an option is %+v", o)
			}
		}
	}
	if want := len(sqlserverVersions) * len(express) * 5; len(seen) != want {
		t.Errorf("%d options, want %d", len(seen), want)
	}
}

func TestParametersAreSound(t *testing.T) {
	lines := try.Must(csv.NewReader(strings.NewReader(parameterText)).ReadAll())
	for _, l := range lines[1:] {
		if !slices.Contains([]string{"system", "engine-default"}, l[3]) || !slices.Contains([]string{"static", "dynamic"}, l[4]) || l[8] == "" {
			t.Errorf("the line of %s is %v", l[1], l)
		}
	}
	for _, family := range families() {
		names := map[string]bool{}
		for _, p := range parametersOf(family) {
			if names[p.Name] {
				t.Errorf("%s has %s twice", family, p.Name)
			}
			names[p.Name] = true
			if p.Default != "" && !p.accepts(p.Default) && p.Default != "0" {
				t.Errorf("%s does not take its own value %q of %s", p.Name, p.Default, p.Allowed)
			}
		}
		if len(names) < 40 {
			t.Errorf("%s has %d parameters", family, len(names))
		}
	}
}

// A page never loses and never repeats an item, whatever its size.
func TestPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := slices.Compact(slices.Sorted(slices.Values(rapid.SliceOf(rapid.StringN(1, 5, -1)).Draw(t, "items"))))
		limit := rapid.Int32Range(20, 100).Draw(t, "limit")
		var got []string
		var marker *string
		for range len(all) + 1 {
			part, next, err := paged(all, func(s string) string { return s }, &limit, marker)
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, part...); next == nil {
				break
			}
			marker = next
		}
		if !slices.Equal(got, all) {
			t.Fatalf("%q in pages of %d are %q", all, limit, got)
		}
	})
}

func TestIdentifiers(t *testing.T) {
	for text, good := range map[string]bool{"a": true, "Lab-Db-1": true, "": false, "1a": false, "a-": false, "a--b": false, "a.b": false, "a_b": false, strings.Repeat("a", 64): false} {
		name, err := identifier("X", &text, 63)
		if (err == nil) != good || good && name != strings.ToLower(text) {
			t.Errorf("%q is %q, %v", text, name, err)
		}
	}
}
