package credentials_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// BenchmarkRetrieve measures what every signed request pays for credentials
// that are in hand, beside the SDK's own cache. Run it with -cpu 1,4,16.
func BenchmarkRetrieve(b *testing.B) {
	pod, err := credentialstest.NewPod(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	p, err := credentials.New(b.Context(), pod.Config())
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	for name, provider := range map[string]aws.CredentialsProvider{
		"irsa": p,
		"SDK":  aws.NewCredentialsCache(p),
	} {
		if _, err := provider.Retrieve(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/serial", func(b *testing.B) {
			b.ReportAllocs()
			ctx := b.Context()
			for b.Loop() {
				if _, err := provider.Retrieve(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				ctx := b.Context()
				for pb.Next() {
					if _, err := provider.Retrieve(ctx); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
