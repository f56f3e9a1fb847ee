package codec

import (
	"reflect"

	cloudwatch "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	dynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	s3 "github.com/aws/aws-sdk-go-v2/service/s3/types"
	s3control "github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// unions lists the alternatives of every interface among the SDK's types: reflection cannot find them.
var unions = map[reflect.Type][]reflect.Type{
	union[dynamodb.AttributeValue](): {
		of[dynamodb.AttributeValueMemberB](), of[dynamodb.AttributeValueMemberBOOL](), of[dynamodb.AttributeValueMemberBS](),
		of[dynamodb.AttributeValueMemberL](), of[dynamodb.AttributeValueMemberM](), of[dynamodb.AttributeValueMemberN](),
		of[dynamodb.AttributeValueMemberNS](), of[dynamodb.AttributeValueMemberNULL](), of[dynamodb.AttributeValueMemberS](),
		of[dynamodb.AttributeValueMemberSS](),
	},
	union[cloudwatch.EvaluationCriteria](): {of[cloudwatch.EvaluationCriteriaMemberPromQLCriteria]()},
	union[s3.MetricsFilter](): {
		of[s3.MetricsFilterMemberAccessPointArn](), of[s3.MetricsFilterMemberAnd](), of[s3.MetricsFilterMemberPrefix](),
		of[s3.MetricsFilterMemberTag](),
	},
	union[s3control.JobManifestGenerator](): {of[s3control.JobManifestGeneratorMemberS3JobManifestGenerator]()},
	union[s3control.ObjectEncryptionFilter](): {
		of[s3control.ObjectEncryptionFilterMemberDSSEKMS](), of[s3control.ObjectEncryptionFilterMemberNOTSSE](),
		of[s3control.ObjectEncryptionFilterMemberSSEC](), of[s3control.ObjectEncryptionFilterMemberSSEKMS](),
		of[s3control.ObjectEncryptionFilterMemberSSES3](),
	},
}

func union[T any]() reflect.Type { return reflect.TypeFor[T]() }
func of[T any]() reflect.Type    { return reflect.TypeFor[T]() }
