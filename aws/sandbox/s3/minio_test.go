package s3

import _ "github.com/minio/minio-go/v7"
