package credentialstest_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

// fill sets every field of a value to something other than zero, so that a new
// field takes part in the test of itself.
func fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[*policy.Document]() {
		v.Set(reflect.ValueOf(policy.MustParse(`{"Version":"2012-10-17","Statement":[]}`)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(1)
	case reflect.Uint64:
		v.SetUint(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field)
		}
	default:
		panic("fill: " + v.Kind().String())
	}
}

// TestSchema holds the public World and the engine's together: what the one
// writes the other reads to the last field and writes again unchanged.
func TestSchema(t *testing.T) {
	t.Parallel()
	var world credentialstest.World
	fill(reflect.ValueOf(&world).Elem())
	written, err := json.Marshal(world)
	if err != nil {
		t.Fatal(err)
	}
	var engine fakeaws.World
	strict := json.NewDecoder(bytes.NewReader(written))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&engine); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(engine)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), string(again)); diff != "" {
		t.Errorf("the engine drops or renames something (-ours +engine's):\n%s", diff)
	}
}

// TestNoFieldMissing looks for fields of the engine that the public types do
// not have.
func TestNoFieldMissing(t *testing.T) {
	t.Parallel()
	for _, pair := range []struct{ public, engine reflect.Type }{
		{reflect.TypeFor[credentialstest.World](), reflect.TypeFor[fakeaws.World]()},
		{reflect.TypeFor[credentialstest.Cluster](), reflect.TypeFor[fakeaws.Cluster]()},
		{reflect.TypeFor[credentialstest.Association](), reflect.TypeFor[fakeaws.Association]()},
		{reflect.TypeFor[credentialstest.Account](), reflect.TypeFor[fakeaws.Account]()},
		{reflect.TypeFor[credentialstest.Provider](), reflect.TypeFor[fakeaws.OIDCProvider]()},
		{reflect.TypeFor[credentialstest.Policy](), reflect.TypeFor[fakeaws.NamedPolicy]()},
		{reflect.TypeFor[credentialstest.User](), reflect.TypeFor[fakeaws.User]()},
		{reflect.TypeFor[credentialstest.Role](), reflect.TypeFor[fakeaws.Role]()},
	} {
		for want := range pair.engine.Fields() {
			switch want.Name {
			case "Secrets", "Parameters", "Keys": // secretstest has them
				continue
			}
			got, ok := pair.public.FieldByName(want.Name)
			if !ok || got.Tag.Get("json") != want.Tag.Get("json") {
				t.Errorf("%v lacks %s with the tag %q", pair.public, want.Name, want.Tag.Get("json"))
			}
		}
	}
}

func TestBadWorld(t *testing.T) {
	t.Parallel()
	world := credentialstest.PodWorld()
	world.Accounts[0].ID = "1234"
	_, err := credentialstest.New(world)
	if err == nil || !strings.Contains(err.Error(), "1234") && !strings.Contains(err.Error(), "id") {
		t.Errorf("error %v, want one that names the account's id", err)
	}
	if _, err := credentialstest.NewPod(t.TempDir(), &credentialstest.PodOptions{World: &world}); err == nil {
		t.Error("a pod in a bad world")
	}
}

// The fake has a copy of the world.
func TestWorldIsCopied(t *testing.T) {
	t.Parallel()
	world := credentialstest.PodWorld()
	aws, err := credentialstest.New(world)
	if err != nil {
		t.Fatal(err)
	}
	world.Clusters[0].Name = "changed"
	if _, err := aws.Token(credentialstest.TokenRequest{Cluster: "cluster", Namespace: "ns", ServiceAccount: "app"}); err != nil {
		t.Error(err)
	}
}
