package credentials_test

import (
	"testing"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// BenchmarkRetrieve measures what every signed request pays.
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
	if _, err := p.Retrieve(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		ctx := b.Context()
		for b.Loop() {
			if _, err := p.Retrieve(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			ctx := b.Context()
			for pb.Next() {
				if _, err := p.Retrieve(ctx); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
