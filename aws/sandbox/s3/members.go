package s3

import (
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Many of S3's inputs and outputs have the same members in types of their own. They are read and set here by their names.

// member is a member of one of the SDK's structures, as an interface of its pointer type; nil when there is none of that name.
func member(in any, name string) any {
	f := reflect.ValueOf(in).Elem().FieldByName(name)
	if !f.IsValid() {
		return nil
	}
	return f.Interface()
}

// set sets a member of that name, if there is one.
func set(out any, name string, value any) {
	if f := reflect.ValueOf(out).Elem().FieldByName(name); f.IsValid() {
		f.Set(reflect.ValueOf(value))
	}
}

// headersOf are those of a request that brings an object.
func headersOf(in any) headers {
	text := func(name string) string {
		p, _ := member(in, name).(*string)
		return aws.ToString(p)
	}
	expires, _ := member(in, "Expires").(*time.Time)
	metadata, _ := member(in, "Metadata").(map[string]string)
	return headers{
		Type: text("ContentType"), Encoding: text("ContentEncoding"), Language: text("ContentLanguage"), Disposition: text("ContentDisposition"),
		Cache: text("CacheControl"), Redirect: text("WebsiteRedirectLocation"), Expires: expires, Metadata: metadata,
	}
}

// given is the one checksum that a request brought, in the member that S3 has for its algorithm; none is the zero Checksum.
func given(in any) (found Checksum, err error) {
	for _, a := range types.ChecksumAlgorithm("").Values() {
		value, _ := member(in, "Checksum"+string(a)).(*string)
		switch {
		case value == nil:
		case found.Value != "":
			return found, fault("InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		case hashes[a] == nil:
			return found, fault("InvalidRequest", "The sandbox has no "+string(a)+" checksums: use CRC32, CRC32C, CRC64NVME, SHA1, SHA256 or SHA512.")
		default:
			found = Checksum{Algorithm: a, Value: *value, Type: types.ChecksumTypeFullObject}
		}
	}
	return found, nil
}

// tell sets the member of an answer that S3 has for the checksum's algorithm, and the checksum's type where there is a member for it.
func (c Checksum) tell(out any) {
	if c.Value == "" {
		return
	}
	to := reflect.ValueOf(out).Elem()
	to.FieldByName("Checksum" + string(c.Algorithm)).Set(reflect.ValueOf(&c.Value))
	if kind := to.FieldByName("ChecksumType"); kind.IsValid() {
		kind.Set(reflect.ValueOf(c.Type))
	}
}

// same sets the members of to that from has too: all that HeadObject says, GetObject says.
func same(to, from any) {
	out, in := reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem()
	for n := range in.NumField() {
		f := in.Type().Field(n)
		if into := out.FieldByName(f.Name); f.IsExported() && into.IsValid() && into.Type() == f.Type {
			into.Set(in.Field(n))
		}
	}
}
