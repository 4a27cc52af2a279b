package bench

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/tailscale/setec/client/setec"
	"github.com/tailscale/setec/types/api"
	"gocloud.dev/runtimevar"
	"gocloud.dev/runtimevar/awssecretsmanager"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// name is what all read in BenchmarkGet and BenchmarkHandle: a secret of the
// fake AWS, and so a name, since runtimevar takes no ARN.
const name = secretstest.StoryAppSecretName

// login is what a secret in JSON is decoded into.
type login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

const loginJSON = `{"username":"app","password":"correct-horse-battery-staple"}`

// BenchmarkGet is a read by name, of a secret that is held.
func BenchmarkGet(b *testing.B) {
	cfg := fakeConfig(b)
	b.Run("irsa", func(b *testing.B) {
		ctx, store := b.Context(), awsStore(b, cfg)
		b.Run("serial", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := store.Get(ctx, name); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := store.Get(ctx, name); err != nil {
						b.Error(err)
					}
				}
			})
		})
	})
	b.Run("setec", func(b *testing.B) {
		store := setecStore(b, "session-signing-key", name)
		b.Run("serial", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				store.Secret(name).Get()
			}
		})
		b.Run("parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					store.Secret(name).Get()
				}
			})
		})
	})
}

// BenchmarkHandle is a read of text by what an application keeps for it.
func BenchmarkHandle(b *testing.B) {
	cfg := fakeConfig(b)
	b.Run("irsa", func(b *testing.B) {
		h, err := secrets.Open[string](b.Context(), awsStore(b, cfg), name)
		if err != nil {
			b.Fatal(err)
		}
		defer h.Close()
		b.Run("serial", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.Value()
			}
		})
		b.Run("parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					h.Value()
				}
			})
		})
	})
	b.Run("setec", func(b *testing.B) {
		secret := setecStore(b, "session-signing-key", name).Secret(name)
		b.Run("serial", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				secret.Get()
			}
		})
		b.Run("parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					secret.Get()
				}
			})
		})
	})
	b.Run("runtimevar", func(b *testing.B) {
		ctx, v := b.Context(), variable(b, cfg)
		b.Run("serial", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Latest(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := v.Latest(ctx); err != nil {
						b.Error(err)
					}
				}
			})
		})
	})
}

// BenchmarkTyped is a read of a struct that was decoded from JSON.
func BenchmarkTyped(b *testing.B) {
	b.Run("irsa", func(b *testing.B) {
		store := sourceStore(b, secrets.Static(map[string]string{name: loginJSON}), secrets.Config{})
		h, err := secrets.Open[login](b.Context(), store, name)
		if err != nil {
			b.Fatal(err)
		}
		defer h.Close()
		b.Run("serial", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.Value()
			}
		})
		b.Run("parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					h.Value()
				}
			})
		})
	})
	b.Run("setec", func(b *testing.B) {
		store := setecStore(b, loginJSON, name)
		u, err := setec.NewUpdater(b.Context(), store, name, func(data []byte) (l login, err error) {
			err = json.Unmarshal(data, &l)
			return l, err
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Run("serial", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				u.Get()
			}
		})
		b.Run("parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					u.Get()
				}
			})
		})
	})
}

// fakeConfig is the configuration of a pod on a fake AWS in memory. The pod may
// do what runtimevar needs beyond reading a secret: describe it.
func fakeConfig(b *testing.B) aws.Config {
	b.Helper()
	world := secretstest.Story()
	role := world.Account(secretstest.StoryClusterAccount).Role("pod-role")
	role.Policies = append(role.Policies, credentialstest.Policy{Name: "describe-secrets", Document: policy.MustParse(`{
		"Version": "2012-10-17",
		"Statement": [{"Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": "*"}]
	}`)})
	fake, err := secretstest.New(world)
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := fake.LoadConfig(b.Context(), secretstest.Pod{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	return cfg
}

func awsStore(b *testing.B, cfg aws.Config) *secrets.Store {
	b.Helper()
	store, err := secrets.New(b.Context(), cfg, secrets.Config{Preload: []string{name}})
	return closing(b, store, err)
}

func sourceStore(b *testing.B, source secrets.Source, opts secrets.Config) *secrets.Store {
	b.Helper()
	store, err := secrets.NewWithSource(b.Context(), source, opts)
	return closing(b, store, err)
}

func closing(b *testing.B, store *secrets.Store, err error) *secrets.Store {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	return store
}

// variable is runtimevar's way to the same secret.
func variable(b *testing.B, cfg aws.Config) *runtimevar.Variable {
	b.Helper()
	v, err := awssecretsmanager.OpenVariable(secretsmanager.NewFromConfig(cfg), name, runtimevar.StringDecoder, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := v.Close(); err != nil {
			b.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	if _, err := v.Watch(ctx); err != nil {
		b.Fatal(err)
	}
	return v
}

// setecServer answers setec's client in memory: every secret is this one.
type setecServer string

func (s setecServer) Get(context.Context, string) (*api.SecretValue, error) {
	return &api.SecretValue{Value: []byte(s), Version: 1}, nil
}

func (setecServer) GetIfChanged(context.Context, string, api.SecretVersion) (*api.SecretValue, error) {
	return nil, api.ErrValueNotChanged
}

func setecStore(b *testing.B, server setecServer, names ...string) *setec.Store {
	b.Helper()
	store, err := setec.NewStore(b.Context(), setec.StoreConfig{
		Client: server, Secrets: names, PollInterval: -1, Logf: func(string, ...any) {},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	return store
}
