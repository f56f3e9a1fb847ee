package codec

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dlm"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ebs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"pgregory.net/rapid"

	"lifeboat/aws/model"
)

func op(t testing.TB, name string) *model.Op {
	t.Helper()
	o, err := model.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// inputs are SDK types that have, between them, every kind of member.
var inputs = map[string]reflect.Type{
	"ec2.RunInstances":                   reflect.TypeFor[ec2.RunInstancesInput](),
	"ec2.CreateVolume":                   reflect.TypeFor[ec2.CreateVolumeInput](),
	"ec2.DescribeSnapshots":              reflect.TypeFor[ec2.DescribeSnapshotsInput](),
	"backup.CreateBackupPlan":            reflect.TypeFor[backup.CreateBackupPlanInput](),
	"backup.StartBackupJob":              reflect.TypeFor[backup.StartBackupJobInput](),
	"dlm.CreateLifecyclePolicy":          reflect.TypeFor[dlm.CreateLifecyclePolicyInput](),
	"dynamodb.TransactWriteItems":        reflect.TypeFor[dynamodb.TransactWriteItemsInput](),
	"dynamodb.RestoreTableToPointInTime": reflect.TypeFor[dynamodb.RestoreTableToPointInTimeInput](),
	"ebs.StartSnapshot":                  reflect.TypeFor[ebs.StartSnapshotInput](),
	"rds.RestoreDBInstanceToPointInTime": reflect.TypeFor[rds.RestoreDBInstanceToPointInTimeInput](),
	"s3.PutBucketReplication":            reflect.TypeFor[s3.PutBucketReplicationInput](),
	"s3.PutBucketMetricsConfiguration":   reflect.TypeFor[s3.PutBucketMetricsConfigurationInput](),
	"s3.PutBucketLifecycleConfiguration": reflect.TypeFor[s3.PutBucketLifecycleConfigurationInput](),
	"cloudwatch.PutMetricAlarm":          reflect.TypeFor[cloudwatch.PutMetricAlarmInput](),
	"cloudwatch.PutMetricData":           reflect.TypeFor[cloudwatch.PutMetricDataInput](),
}

// Whatever tree fits a type comes back as it went in.
func TestDecodeAndEncodeAreInverse(t *testing.T) {
	for name, typ := range inputs {
		t.Run(name, func(t *testing.T) {
			shape := op(t, name).Input
			rapid.Check(t, func(r *rapid.T) {
				want := draw(r, shape, typ, 0).(map[string]any)
				into := reflect.New(typ)
				if err := Decode(shape, want, into.Interface()); err != nil {
					r.Fatal(err)
				}
				got, err := Encode(shape, into.Interface())
				if err != nil {
					r.Fatal(err)
				}
				if !same(want, got) {
					r.Fatalf("went in %v, came out %v", want, got)
				}
			})
		})
	}
}

// draw makes a tree that the Go type can hold.
func draw(r *rapid.T, s *model.Shape, t reflect.Type, depth int) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch s.Kind {
	case model.Structure:
		tree := map[string]any{}
		if t.Kind() == reflect.Interface {
			alternatives := unions[t]
			a := alternatives[rapid.IntRange(0, len(alternatives)-1).Draw(r, "alternative")]
			f, _ := a.FieldByName("Value")
			tree[tag(a)] = draw(r, s.Member(tag(a)).Shape, f.Type, depth+1)
			return tree
		}
		for _, f := range bind(t, s).fields {
			if f.member.Shape.Kind == model.Structure && depth > 8 || !rapid.Bool().Draw(r, "set") {
				continue
			}
			tree[f.member.Name] = draw(r, f.member.Shape, t.Field(f.index).Type, depth+1)
		}
		return tree
	case model.List:
		list := []any{}
		for range rapid.IntRange(0, max(0, 3-depth/3)).Draw(r, "items") {
			list = append(list, draw(r, s.Elem.Shape, t.Elem(), depth+1))
		}
		return list
	case model.Map:
		tree := map[string]any{}
		for range rapid.IntRange(0, max(0, 3-depth/3)).Draw(r, "entries") {
			tree[rapid.String().Draw(r, "key")] = draw(r, s.Value.Shape, t.Elem(), depth+1)
		}
		return tree
	case model.Blob:
		return rapid.SliceOf(rapid.Byte()).Draw(r, "bytes")
	case model.Boolean:
		return rapid.Bool().Draw(r, "bool")
	case model.Timestamp:
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(r, "seconds"), rapid.Int64Range(0, 999).Draw(r, "ms")*1e6).UTC()
		return at.Format(time.RFC3339Nano)
	case model.String:
		return rapid.StringN(1, 20, -1).Draw(r, "text")
	case model.Integer, model.Long:
		return float64(rapid.Int32().Draw(r, "number"))
	case model.Float:
		return float64(rapid.Float32Range(-1e9, 1e9).Draw(r, "number"))
	}
	return rapid.Float64Range(-1e12, 1e12).Draw(r, "number")
}

// same compares trees; a plain false or 0 in the SDK's type is always there, so it equals nothing.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		for k, v := range b {
			if _, there := a[k]; !there && v != false && v != 0.0 {
				return false
			}
		}
		for k := range a {
			ok = ok && same(a[k], b[k])
		}
		return ok
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			ok = ok && same(a[i], b[i])
		}
		return ok
	case []byte:
		b, _ := b.([]byte)
		return bytes.Equal(a, b)
	}
	return reflect.DeepEqual(a, b)
}

// No tree, however wrong, makes Decode or Validate panic; and what Validate lets pass, Decode takes.
func TestAnyTreeIsAnsweredNotPanickedOver(t *testing.T) {
	shape := op(t, "ec2.CreateVolume").Input
	var any_ *rapid.Generator[any]
	leaf := rapid.OneOf(rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Float64().AsAny(), rapid.Just[any](Later{}).AsAny())
	any_ = rapid.OneOf(leaf, rapid.SliceOfN(leaf, 0, 3).AsAny(), rapid.MapOfN(rapid.String(), leaf, 0, 3).AsAny())
	names := append(Names(map[string]any{"Nonsense": 1}), "Size", "TagSpecifications", "Encrypted", "AvailabilityZone", "VolumeType")
	rapid.Check(t, func(r *rapid.T) {
		tree := rapid.MapOfN(rapid.SampledFrom(names), any_, 0, 5).Draw(r, "tree")
		problems := Validate(shape, tree)
		err := Decode(shape, tree, &ec2.CreateVolumeInput{})
		if err != nil && len(problems) == 0 {
			for _, v := range tree {
				if _, later := v.(Later); later {
					return
				}
				if list, ok := v.([]any); ok && len(list) > 0 {
					return // a Later may be inside
				}
			}
			r.Fatalf("Validate let %v pass, Decode says %v", tree, err)
		}
	})
}

func TestDecodeTakesWhatPeopleWrite(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	var in rds.RestoreDBInstanceToPointInTimeInput
	tree := map[string]any{
		"TargetDBInstanceIdentifier": "x", "RestoreTime": at, "Port": json.Number("5432"), "Iops": 3000, "MultiAZ": "true",
		"VpcSecurityGroupIds": []any{"sg-1"}, "MaxAllocatedStorage": "100",
	}
	if err := Decode(op(t, "rds.RestoreDBInstanceToPointInTime").Input, tree, &in); err != nil {
		t.Fatal(err)
	}
	if !in.RestoreTime.Equal(at) || *in.Port != 5432 || *in.Iops != 3000 || !*in.MultiAZ || *in.MaxAllocatedStorage != 100 {
		t.Errorf("%+v", in)
	}
}

func TestStringsTakeTrees(t *testing.T) {
	var in iam.CreateRoleInput
	tree := map[string]any{"RoleName": "r", "AssumeRolePolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Action": "a<b"}}}}
	if err := Decode(op(t, "iam.CreateRole").Input, tree, &in); err != nil {
		t.Fatal(err)
	}
	if want := `{"Statement":[{"Action":"a<b"}],"Version":"2012-10-17"}`; *in.AssumeRolePolicyDocument != want {
		t.Errorf("%s, want %s", *in.AssumeRolePolicyDocument, want)
	}
	if p := Validate(op(t, "iam.CreateRole").Input, tree); len(p) > 0 {
		t.Error(p)
	}
}

func TestStreams(t *testing.T) {
	shape := op(t, "ebs.PutSnapshotBlock").Input
	for _, data := range []any{[]byte("block"), "block", strings.NewReader("block"), io.MultiReader(strings.NewReader("block"))} {
		var in ebs.PutSnapshotBlockInput
		if err := Decode(shape, map[string]any{"BlockData": data}, &in); err != nil {
			t.Fatal(err)
		}
		tree, err := Encode(shape, &in)
		if err != nil || string(tree["BlockData"].([]byte)) != "block" {
			t.Errorf("%T: %v %v", data, tree, err)
		}
	}
	var out ebs.GetSnapshotBlockOutput
	if err := Decode(op(t, "ebs.GetSnapshotBlock").Output, map[string]any{"BlockData": []byte("b")}, &out); err != nil || out.BlockData == nil {
		t.Errorf("%v %v", out.BlockData, err)
	}
}

func TestDecodeNamesThePath(t *testing.T) {
	for _, test := range []struct {
		tree map[string]any
		want string
	}{
		{map[string]any{"Sizze": 1}, "Sizze: CreateVolumeRequest has no such member"},
		{map[string]any{"Size": "big"}, `Size: wants a whole number, not "big"`},
		{map[string]any{"Size": 1.5}, "Size: wants a whole number, not 1.5"},
		{map[string]any{"Size": math.Pow(2, 40)}, "Size: wants a whole number, not 1.099511627776e+12"},
		{map[string]any{"TagSpecifications": map[string]any{}}, "TagSpecifications: wants a list, not a map"},
		{map[string]any{"TagSpecifications": []any{map[string]any{"Tags": []any{map[string]any{"Kay": "v"}}}}}, "TagSpecifications[0].Tags[0].Kay: Tag has no such member"},
	} {
		err := Decode(op(t, "ec2.CreateVolume").Input, test.tree, &ec2.CreateVolumeInput{})
		if err == nil || err.Error() != test.want {
			t.Errorf("%v: %v, want %s", test.tree, err, test.want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, test := range []struct {
		op   string
		tree map[string]any
		want []string
	}{
		{"backup.CreateBackupVault", map[string]any{}, []string{"BackupVaultName: is required"}},
		{"backup.CreateBackupVault", map[string]any{"BackupVaultName": "x!"}, []string{`BackupVaultName: "x!" does not match ^[a-zA-Z0-9\-\_]{2,50}$`}},
		{"backup.CreateBackupVault", map[string]any{"BackupVaultName": Later{}}, nil},
		{"ec2.CreateVolume", map[string]any{"VolumeType": "gp9"}, []string{`VolumeType: "gp9" is not one of standard, io1, io2, gp2, sc1, st1, gp3`}},
		{"ec2.CreateVolume", map[string]any{"Size": "big", "AvailabilityZone": "a"}, []string{`Size: wants a whole number, not "big"`}},
		{"kms.ScheduleKeyDeletion", map[string]any{"KeyId": "k", "PendingWindowInDays": 0}, []string{"PendingWindowInDays: is 0; it must be at least 1"}},
		{"iam.CreateRole", map[string]any{"RoleName": strings.Repeat("r", 65), "AssumeRolePolicyDocument": "{}"}, []string{"RoleName: has 65 characters; it must be at most 64"}},
		{"dlm.CreateLifecyclePolicy", map[string]any{"ExecutionRoleArn": "arn:aws:iam::111122223333:role/r", "Description": "d", "State": "ENABLED", "PolicyDetails": map[string]any{"Schedules": []any{map[string]any{"RetainRule": map[string]any{"Count": 1001}}}}},
			[]string{"PolicyDetails.Schedules[0].RetainRule.Count: is 1001; it must be at most 1000"}},
		{"dynamodb.PutItem", map[string]any{"TableName": "t", "Item": map[string]any{"k": map[string]any{"S": "v"}}}, nil},
	} {
		var got []string
		for _, p := range Validate(op(t, test.op).Input, test.tree) {
			got = append(got, p.String())
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s %v:\n got %q\nwant %q", test.op, test.tree, got, test.want)
		}
	}
}

func TestEncodeLeavesOutWhatIsNotSet(t *testing.T) {
	tree, err := Encode(op(t, "ec2.CreateVolume").Output, &ec2.CreateVolumeOutput{VolumeId: aws.String("vol-1")})
	if err != nil || len(tree) != 1 {
		t.Errorf("%v %v", tree, err)
	}
	tree, err = Encode(op(t, "ec2.CreateVolume").Output, (*ec2.CreateVolumeOutput)(nil))
	if err != nil || len(tree) != 0 {
		t.Errorf("nil: %v %v", tree, err)
	}
}

func BenchmarkDecodeCreateVolume(b *testing.B) {
	shape := op(b, "ec2.CreateVolume").Input
	tree := map[string]any{"AvailabilityZone": "a", "Size": 1.0, "TagSpecifications": []any{map[string]any{"ResourceType": "volume", "Tags": []any{map[string]any{"Key": "k", "Value": "v"}}}}}
	b.ReportAllocs()
	for b.Loop() {
		if err := Decode(shape, tree, &ec2.CreateVolumeInput{}); err != nil {
			b.Fatal(err)
		}
	}
}
