package bench

import (
	"bytes"
	"testing"

	"github.com/liamg/iamgo"
	minio "github.com/minio/pkg/v3/policy"

	"github.com/irsakit/irsa/policy"
)

// The peers' common ground is S3: an identity policy whose second statement
// lets a person read objects from one network, and the third demands TLS.
const document = `{
	"Version": "2012-10-17",
	"Statement": [
		{
			"Effect": "Allow",
			"Action": ["s3:ListBucket", "s3:GetBucketLocation"],
			"Resource": ["arn:aws:s3:::backups"]
		},
		{
			"Effect": "Allow",
			"Action": ["s3:GetObject"],
			"Resource": ["arn:aws:s3:::backups/home/*"],
			"Condition": {
				"StringLike": {"aws:UserAgent": ["backup-agent/*"]},
				"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}
			}
		},
		{
			"Effect": "Deny",
			"Action": ["s3:*"],
			"Resource": ["arn:aws:s3:::backups/*"],
			"Condition": {"Bool": {"aws:SecureTransport": ["false"]}}
		}
	]
}`

func BenchmarkParse(b *testing.B) {
	text := []byte(document)
	b.Run("irsa", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := policy.Parse(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("minio", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := minio.ParseConfig(bytes.NewReader(text)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("iamgo", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := iamgo.Parse(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func ours() (policy.Request, policy.Set) {
	request := policy.Request{
		Principal: "arn:aws:iam::111122223333:user/ann", Action: "s3:GetObject",
		Resource: "arn:aws:s3:::backups/home/ann.tar", ResourceAccount: "111122223333", Closed: true,
		Context: policy.Context{"aws:UserAgent": {"backup-agent/2.1"}, "aws:SourceIp": {"203.0.113.7"}, "aws:SecureTransport": {"true"}},
	}
	set := policy.Set{
		Identity: []policy.Policy{{Name: "backups", Document: policy.MustParse(document)}},
	}
	return request, set
}

func BenchmarkEvaluate(b *testing.B) {
	req, set := ours()
	b.Run("irsa-decide", func(b *testing.B) {
		compiled := policy.Compile(set)
		b.ReportAllocs()
		for b.Loop() {
			if d := compiled.Decide(&req); d != policy.Allowed {
				b.Fatal(d)
			}
		}
	})
	b.Run("irsa-trace", func(b *testing.B) {
		compiled := policy.Compile(set)
		b.ReportAllocs()
		for b.Loop() {
			if d := compiled.Evaluate(req).Decision; d != policy.Allowed {
				b.Fatal(d)
			}
		}
	})
	b.Run("irsa-whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if d := policy.Evaluate(req, set).Decision; d != policy.Allowed {
				b.Fatal(d)
			}
		}
	})
	b.Run("minio", func(b *testing.B) {
		p, err := minio.ParseConfig(bytes.NewReader([]byte(document)))
		if err != nil {
			b.Fatal(err)
		}
		// Its condition keys have no service prefix.
		args := minio.Args{
			AccountName: "ann", Action: minio.GetObjectAction, BucketName: "backups", ObjectName: "home/ann.tar",
			ConditionValues: map[string][]string{"UserAgent": {"backup-agent/2.1"}, "SourceIp": {"203.0.113.7"}, "SecureTransport": {"true"}},
		}
		b.ReportAllocs()
		for b.Loop() {
			if !p.IsAllowed(args) {
				b.Fatal("denied")
			}
		}
	})
}
