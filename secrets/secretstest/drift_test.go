package secretstest_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// TestWorldIsTheEngines checks that the public types and the engine's describe
// the same JSON: all of either is known to the other and comes back unchanged.
func TestWorldIsTheEngines(t *testing.T) {
	t.Parallel()
	var public secretstest.World
	var engine fakeaws.World
	fill(reflect.ValueOf(&public).Elem())
	fill(reflect.ValueOf(&engine).Elem())
	checkRoundTrip(t, public, new(fakeaws.World))
	checkRoundTrip(t, engine, new(secretstest.World))
	checkRoundTrip(t, secretstest.Story(), new(fakeaws.World))
}

// checkRoundTrip decodes from's JSON strictly into to and compares what to
// encodes to.
func checkRoundTrip(t *testing.T, from, to any) {
	t.Helper()
	want, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(want))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		t.Fatalf("%T into %T: %v", from, to, err)
	}
	got, err := json.Marshal(to)
	if err != nil {
		t.Fatal(err)
	}
	if !sameJSON(t, got, want) {
		t.Errorf("%T through %T:\n%s\nwant\n%s", from, to, got, want)
	}
}

// sameJSON compares without regard to the order of members.
func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	for text, v := range map[*[]byte]*any{&a: &x, &b: &y} {
		if err := json.Unmarshal(*text, v); err != nil {
			t.Fatal(err)
		}
	}
	return reflect.DeepEqual(x, y)
}

// fill sets every field that can be reached from v to something that is not
// zero.
func fill(v reflect.Value) {
	switch v.Interface().(type) {
	case *policy.Document:
		v.Set(reflect.ValueOf(policy.MustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":["*"],"Resource":"*"}}`)))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(7)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("drift_test: fill cannot set " + v.Type().String())
	}
}
