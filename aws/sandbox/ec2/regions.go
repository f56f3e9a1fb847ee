package ec2

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"lifeboat/aws/sandbox/wire"
)

// region is a public Region: its name, the prefix of its zone ids, the letters of its zones, and whether an account must opt in to it.
type region struct {
	name, prefix, zones string
	optIn               bool
}

// regions are the ordinary public Regions ("Regions and Zones", EC2 User Guide). An account of the sandbox has opted in to none of the
// opt-in ones, as a new account.
var regions = []region{
	{"af-south-1", "afs1", "abc", true}, {"ap-east-1", "ape1", "abc", true}, {"ap-northeast-1", "apne1", "acd", false},
	{"ap-northeast-2", "apne2", "abcd", false}, {"ap-northeast-3", "apne3", "abc", false}, {"ap-south-1", "aps1", "abc", false},
	{"ap-south-2", "aps2", "abc", true}, {"ap-southeast-1", "apse1", "abc", false}, {"ap-southeast-2", "apse2", "abc", false},
	{"ap-southeast-3", "apse3", "abc", true}, {"ap-southeast-4", "apse4", "abc", true}, {"ca-central-1", "cac1", "abd", false},
	{"ca-west-1", "caw1", "abc", true}, {"eu-central-1", "euc1", "abc", false}, {"eu-central-2", "euc2", "abc", true},
	{"eu-north-1", "eun1", "abc", false}, {"eu-south-1", "eus1", "abc", true}, {"eu-south-2", "eus2", "abc", true},
	{"eu-west-1", "euw1", "abc", false}, {"eu-west-2", "euw2", "abc", false}, {"eu-west-3", "euw3", "abc", false},
	{"il-central-1", "ilc1", "abc", true}, {"me-central-1", "mec1", "abc", true}, {"me-south-1", "mes1", "abc", true},
	{"sa-east-1", "sae1", "abc", false}, {"us-east-1", "use1", "abcdef", false}, {"us-east-2", "use2", "abc", false},
	{"us-west-1", "usw1", "ac", false}, {"us-west-2", "usw2", "abcd", false},
}

func regionNamed(name string) (region, bool) {
	for _, r := range regions {
		if r.name == name {
			return r, true
		}
	}
	return region{}, false
}

func (r region) status() string {
	if r.optIn {
		return "not-opted-in"
	}
	return "opt-in-not-required"
}

// zone is an Availability Zone of a Region.
type zone struct{ name, id, region string }

func (r region) zoneList() []zone {
	var out []zone
	for i, letter := range r.zones {
		out = append(out, zone{r.name + string(letter), r.prefix + "-az" + string(rune('1'+i)), r.name})
	}
	return out
}

// zoneID gives the id of a zone by its name.
func zoneID(name string) string {
	letter := max(len(name)-1, 0)
	r, _ := regionNamed(name[:letter])
	return r.prefix + "-az" + string(rune('1'+strings.Index(r.zones, name[letter:])))
}

// chosenZone gives the name of the zone a request means by name or by id.
func chosenZone(inRegion, name, id string) (string, error) {
	if name == "" && id == "" {
		return "", missing("AvailabilityZone")
	}
	r, _ := regionNamed(inRegion)
	for _, z := range r.zoneList() {
		if name == "" && z.id == id || z.name == name {
			return z.name, nil
		}
	}
	return "", errorf("InvalidZone.NotFound", "The zone '%s' does not exist.", name+id)
}

// DescribeRegions lists the Regions enabled for the account, or all with AllRegions.
func (s *Service) DescribeRegions(ctx context.Context, in *ec2.DescribeRegionsInput) (*ec2.DescribeRegionsOutput, error) {
	if err := dry(in.DryRun, nil); err != nil {
		return nil, err
	}
	match, err := filter(in.Filters, attributes[region]{
		"endpoint":      func(r region) []string { return []string{"ec2." + r.name + ".amazonaws.com"} },
		"opt-in-status": func(r region) []string { return []string{r.status()} },
		"region-name":   func(r region) []string { return []string{r.name} },
	}, nil)
	if err != nil {
		return nil, err
	}
	for _, name := range in.RegionNames {
		if _, ok := regionNamed(name); !ok {
			return nil, errorf("InvalidParameterValue", "Invalid region: [%s]", name)
		}
	}
	out := &ec2.DescribeRegionsOutput{}
	for _, r := range regions {
		named := slices.Contains(in.RegionNames, r.name)
		if len(in.RegionNames) > 0 && !named || r.optIn && !aws.ToBool(in.AllRegions) && !named || !match(r) {
			continue
		}
		out.Regions = append(out.Regions, types.Region{
			RegionName: aws.String(r.name), Endpoint: aws.String("ec2." + r.name + ".amazonaws.com"), OptInStatus: aws.String(r.status())})
	}
	return out, nil
}

// DescribeAvailabilityZones lists the zones of the Region.
func (s *Service) DescribeAvailabilityZones(ctx context.Context, in *ec2.DescribeAvailabilityZonesInput) (*ec2.DescribeAvailabilityZonesOutput, error) {
	if err := dry(in.DryRun, nil); err != nil {
		return nil, err
	}
	one := func(v string) func(zone) []string { return func(zone) []string { return []string{v} } }
	match, err := filter(in.Filters, attributes[zone]{
		"group-name":       func(z zone) []string { return []string{z.region + "-zg-1"} },
		"message":          func(zone) []string { return nil },
		"opt-in-status":    one("opt-in-not-required"),
		"region-name":      func(z zone) []string { return []string{z.region} },
		"state":            one("available"),
		"zone-id":          func(z zone) []string { return []string{z.id} },
		"zone-name":        func(z zone) []string { return []string{z.name} },
		"zone-type":        one("availability-zone"),
		"parent-zone-id":   func(zone) []string { return nil },
		"parent-zone-name": func(zone) []string { return nil },
	}, nil)
	if err != nil {
		return nil, err
	}
	r, _ := regionNamed(wire.From(ctx).Region)
	all := r.zoneList()
	if err := known(in.ZoneNames, all, func(z zone) string { return z.name }); err != nil {
		return nil, err
	}
	if err := known(in.ZoneIds, all, func(z zone) string { return z.id }); err != nil {
		return nil, err
	}
	out := &ec2.DescribeAvailabilityZonesOutput{}
	for _, z := range all {
		asked := len(in.ZoneNames)+len(in.ZoneIds) == 0 || slices.Contains(in.ZoneNames, z.name) || slices.Contains(in.ZoneIds, z.id)
		if !asked || !match(z) {
			continue
		}
		out.AvailabilityZones = append(out.AvailabilityZones, types.AvailabilityZone{
			ZoneName: aws.String(z.name), ZoneId: aws.String(z.id), RegionName: aws.String(z.region),
			State: types.AvailabilityZoneStateAvailable, OptInStatus: types.AvailabilityZoneOptInStatusOptInNotRequired,
			GroupName: aws.String(z.region + "-zg-1"), NetworkBorderGroup: aws.String(z.region), ZoneType: aws.String("availability-zone"),
		})
	}
	return out, nil
}

func known(asked []string, all []zone, of func(zone) string) error {
	var wrong []string
	for _, a := range asked {
		if !slices.ContainsFunc(all, func(z zone) bool { return of(z) == a }) {
			wrong = append(wrong, a)
		}
	}
	if wrong != nil {
		return errorf("InvalidParameterValue", "Invalid availability zone: [%s]", strings.Join(wrong, ", "))
	}
	return nil
}
