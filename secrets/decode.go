package secrets

import (
	"crypto/tls"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
)

// decoder returns the function that makes a T of a secret: of the part that
// ref's Key names, by build. Its errors are [*DecodeError].
func decoder[T any](ref Ref, build func(Value) (T, error)) func(Value) (T, error) {
	return func(v Value) (T, error) {
		if ref.Key != "" {
			var err error
			if v, err = selectKey(ref.String(), v, ref.Key); err != nil {
				return *new(T), err
			}
		}
		built, err := build(v)
		if err != nil {
			return *new(T), refused(err, ref.String(), v.Version())
		}
		return built, nil
	}
}

// refused returns err as a [*DecodeError] of a secret.
func refused(err error, ref, version string) *DecodeError {
	e := &DecodeError{Problem: fmt.Sprintf("is refused by its decoder (%T)", err), cause: func() error { return err }}
	if own, ok := err.(*DecodeError); ok {
		e = new(*own)
	}
	e.Ref, e.Version = ref, version
	return e
}

// decode makes a T of a secret as [Open] describes.
func decode[T any](v Value) (T, error) {
	var t T
	if err := decodeInto(v, &t); err != nil {
		return *new(T), err
	}
	return t, nil
}

// decodeInto decodes v into what dst points to. What it hands to the methods of
// types that are not ours is a copy, so that a Value stays what it is whatever
// they do with it; it is wiped afterwards.
func decodeInto(v Value, dst any) error {
	switch dst := dst.(type) {
	case *Value:
		*dst = v
		return nil
	case *tls.Certificate:
		var err error
		*dst, err = decodeCertificate(v)
		return err
	}
	data := v.RevealBytes()
	switch to := reflect.ValueOf(dst).Elem(); {
	case isText(dst):
		defer clear(data)
		if err := dst.(encoding.TextUnmarshaler).UnmarshalText(data); err != nil {
			return &DecodeError{Problem: fmt.Sprintf("is text that %T refuses (%T)", dst, err), cause: func() error { return err }}
		}
		return nil
	case isJSON(dst):
	case to.Kind() == reflect.Pointer:
		clear(data)
		to.Set(reflect.New(to.Type().Elem()))
		return decodeInto(v, to.Interface())
	case to.Kind() == reflect.String:
		to.SetString(string(data))
		clear(data)
		return nil
	case to.Kind() == reflect.Slice && to.Type().Elem().Kind() == reflect.Uint8:
		to.SetBytes(data)
		return nil
	}
	defer clear(data)
	if problem := decodeJSON(data, dst); problem != "" {
		return &DecodeError{Problem: problem}
	}
	return nil
}

// isText and isJSON report whether dst decodes itself.
func isText(dst any) bool { _, ok := dst.(encoding.TextUnmarshaler); return ok }
func isJSON(dst any) bool { _, ok := dst.(json.Unmarshaler); return ok }
